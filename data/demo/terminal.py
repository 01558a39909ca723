# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the demo's terminal shows: the state of the site, the story, and the report."""

import datetime
import json
import re
import shutil
import sys
import time
from zoneinfo import ZoneInfo

# "2025-… [2025-10-01T22:02:11Z] host: site Martinique: CP003 plugged in, asks 22 kWh by 07:00"
STORY = re.compile(r"\[([^\]]*)\] host: site [^:]*: (.*)$")


class Lines:
    """Whole lines of a file that grows, in bytes: its end may cut a character in two."""

    def __init__(self, path):
        self.path, self.file, self.rest = path, None, b""

    def read(self):
        if self.file is None:
            if not self.path.exists():
                return []
            self.file = open(self.path, "rb")
        *lines, self.rest = (self.rest + self.file.read()).split(b"\n")
        return [line.decode("utf-8", "replace") for line in lines]


class Follower:
    """Reads the world's log as it grows, for the clock and the stations' state."""

    def __init__(self, path):
        self.lines = Lines(path)
        self.done, self.share, self.header = None, None, None

    def poll(self, view):
        for text in self.lines.read():
            self.take(json.loads(text), view)

    def take(self, line, view):
        what = line["what"]
        if what == "header":
            self.header = line
            view.open(line)
        elif what == "evse":
            view.stations[line["who"]] = line
        elif what == "meter":
            view.power_w = line["power_w"]
        elif what == "published":
            view.published(line)
        elif what == "pause":
            view.paused = line["paused"]
        elif what == "rate":
            view.rate = line["rate"]
        elif what == "done":
            self.done = line
        view.now = line["site_us"]
        if self.header:
            length = self.header["end_us"] - self.header["start_us"]
            self.share = (line["site_us"] - self.header["start_us"]) / length


class Story:
    """The daemon's own words on what happens, from its log."""

    def __init__(self, path):
        self.lines = Lines(path)

    def poll(self):
        found = map(STORY.search, self.lines.read())
        return [(m.group(1), m.group(2)) for m in found if m]


class View:
    """A panel that is drawn anew below a story that scrolls; plain lines where there is no terminal."""

    def __init__(self, tty, levels):
        """levels: per cent of the contract that demand-response level 0, 1, 2, 3 leaves."""
        self.tty, self.header, self.now, self.power_w = tty, None, None, None
        self.paused, self.rate = False, None
        self.levels = levels
        self.stations, self.prices, self.events = {}, [], []
        self.drawn, self.drawn_at, self.hour = 0, 0.0, None

    def open(self, header):
        self.header, self.rate = header, header["rate"]

    def published(self, line):
        target = self.prices if line["kind"] == "prices" else self.events
        target.extend((i["start_us"], i["end_us"], self.share(i), line) for i in line["intervals"])

    def share(self, interval):
        """A price as it is; of a load-control interval what it leaves of the contract."""
        value = interval["value"]
        return self.levels[value] / 100 if interval["type"] == "SIMPLE" else float(value)

    def clock(self):
        if not self.header or self.now is None:
            return "--:--"
        minutes = int((self.now - self.header["start_us"]) // 60_000_000) + 12 * 60
        return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"

    def value(self, table, default):
        found = default
        for start, end, value, _ in table:
            if start <= self.now < end:
                found = value
        return found

    def headline(self):
        price = self.value(self.prices, None)
        signal = self.value(self.events, 1.0)
        limit = self.header["contract_w"] * signal / 1000
        power = "-" if self.power_w is None else f"{self.power_w / 1000:5.1f}"
        unit = f"{self.header['prices']['currency']}/kWh"
        shown = "no price" if price is None else f"{price:.3f} {unit}"
        return (f"{self.clock()}  {shown}  load control {signal * 100:3.0f} %  "
                f"site {power} of {limit:.0f} kW  "
                + ("paused" if self.paused else f"{self.rate:g} ×"))

    def rows(self):
        for name in sorted(self.header["stations"], key=lambda s: s["name"]):
            line = self.stations.get(name["name"])
            if line is None:
                yield f"  {name['name']}  not seen yet"
                continue
            watts = line["power_w"] / 1000
            bar = "█" * round(watts) if self.tty else ""
            limit = "" if line["limit_a"] is None else f"limit {line['limit_a']:4.1f} A"
            online = "" if line["online"] else "offline"
            yield (f"  {name['name']}  {line['state']:<13} {watts:5.1f} kW "
                   f"{line['session_wh'] / 1000:5.1f} kWh  {limit:<13}{online:<8}{bar}")

    def tell(self, instant, text):
        """A line of the daemon's story at its own time."""
        at = datetime.datetime.fromisoformat(instant.replace("Z", "+00:00"))
        self.story(f"{at.astimezone(ZoneInfo(self.header['zone'])):%H:%M} {text}"
                   if self.header else text)

    def erase(self):
        if self.tty and self.drawn:
            sys.stdout.write(f"\x1b[{self.drawn}F\x1b[J")
        self.drawn = 0

    def story(self, text):
        self.erase()
        print(text, flush=True)
        self.drawn_at = 0.0

    def draw(self, run):
        if not self.header or self.now is None:
            return
        if not self.tty:
            hour = self.clock()[:2]
            if hour != self.hour:
                self.hour = hour
                print(self.headline(), flush=True)
            return
        if time.monotonic() - self.drawn_at < 0.15:
            return
        self.drawn_at = time.monotonic()
        width = shutil.get_terminal_size().columns - 1
        lines = ["", self.headline(), *self.rows(),
                 "  Ctrl-C ends the run and prints the report"]
        self.erase()
        sys.stdout.write("".join(line[:width] + "\n" for line in lines))
        sys.stdout.flush()
        self.drawn = len(lines)

    def end(self):
        self.erase()


def number(value, digits=2):
    return "-" if value is None else f"{value:.{digits}f}"


def print_report(report):
    """The report as a person reads it."""
    site = report["site"]
    print("\nThe day")
    print(f"  scheduler {report['scheduler']}, seed {report['seed']}, "
          f"{report['day']['start']} to {report['day']['end']}")
    print(f"  energy taken {number(site['import_kwh'])} kWh, cost {number(site['cost'])} "
          f"{site['currency']} at the site's meter")
    print(f"  highest power {number(site['highest_kw'])} kW, {site['minutes_over_limit']} minutes "
          f"above the effective limit (tolerance {site['tolerance']})")
    print("Sessions                asked  promised  delivered  shortfall  kWh")
    for s in report["sessions"]:
        cause = s["cause"] or ""
        print(f"  {s['station']:<8} {s['need']:<9} {number(s['asked_kwh']):>9} "
              f"{number(s['promised_kwh']):>9} {number(s['delivered_kwh']):>10} "
              f"{number(s['shortfall_kwh']):>10}  {cause}")
    plans = report["plans"]
    gap = plans["worst_gap"]
    print(f"Plans: {plans['count']}, worst certified gap "
          f"{'none (this scheduler certifies nothing)' if gap is None else f'{gap:.1e}'}")
    print("Time of each link, ms      p50      p99")
    for name, link in report["latency_ms"].items():
        print(f"  {name.replace('_', ' '):<22} {number(link['p50'], 1):>7}  {number(link['p99'], 1):>7}")
    if "checks" in report:
        print("The judge")
        for check in report["checks"]:
            print(f"  {'ok    ' if check['ok'] else 'FAILED'} {check['name']:<10} {check['text']}")
        print("All checks hold." if report["ok"] else "The day is NOT in order.")
