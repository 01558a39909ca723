# SPDX-License-Identifier: LGPL-2.1-or-later
"""The world's log (data/doc/world-log.md), read into lists by kind and into step functions."""

import bisect
import json


class Steps:
    """A step function of time: each value holds from its instant to the next."""

    def __init__(self, points=(), before=0.0):
        self.times, self.values, self.before = [], [], before
        for at, value in sorted(points, key=lambda p: p[0]):
            self.add(at, value)

    def add(self, at, value):
        if self.times and self.times[-1] == at:
            self.values[-1] = value
        else:
            self.times.append(at)
            self.values.append(value)

    def at(self, instant):
        i = bisect.bisect_right(self.times, instant) - 1
        return self.values[i] if i >= 0 else self.before

    def integral(self, start, end):
        """Value times hours over [start, end)."""
        total, cursor = 0.0, start
        i = bisect.bisect_right(self.times, start)
        value = self.at(start)
        while cursor < end:
            stop = min(end, self.times[i]) if i < len(self.times) else end
            total += value * (stop - cursor)
            if i < len(self.times):
                value = self.values[i]
            cursor = stop
            i += 1
        return total / 3.6e9

    def mean(self, start, end):
        return self.integral(start, end) * 3.6e9 / (end - start)


def read(path, so_far):
    """The lines; with so_far the last one may not be whole yet."""
    lines = []
    with open(path, encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            if so_far and not text.endswith("\n"):
                break
            try:
                lines.append(json.loads(text))
            except ValueError as error:
                raise SystemExit(f"judge: {path}:{number}: {error}") from error
            if len(lines) > 1 and lines[-1]["site_us"] < lines[-2]["site_us"]:
                raise SystemExit(f"judge: {path}:{number}: time runs backwards")
    return lines


class World:
    """Everything that the log of one run says; with so_far, of a day that still goes on."""

    def __init__(self, path, so_far=False):
        self.so_far = so_far
        self.header = None
        self.done = None
        self.plans, self.profiles, self.evse, self.meters = [], [], [], []
        self.published, self.http, self.frames, self.cars, self.daemon = [], [], [], [], []
        self.gave_up, self.touched = [], []
        lists = {"profile": self.profiles, "evse": self.evse, "meter": self.meters,
                 "published": self.published, "http": self.http, "frame": self.frames,
                 "daemon": self.daemon, "touched": self.touched, "gave-up": self.gave_up}
        lines = read(path, so_far)
        if lines and lines[0]["what"] == "header":
            self.header = lines[0]
        if self.header is None or self.header.get("format") != "cariflex-world-log":
            raise SystemExit(f"judge: {path} is no world log")
        if self.header["version"] != 1:
            raise SystemExit(f"judge: {path} has version {self.header['version']}, wanted 1")
        self.start, self.end = self.header["start_us"], self.header["end_us"]
        if so_far:
            last = min(self.end, lines[-1]["site_us"])
            self.end = last - (last - self.start) % 3_600_000_000
            if self.end <= self.start:
                raise SystemExit("judge: not an hour has passed")
            lines = [line for line in lines if line["site_us"] <= self.end]
        for line in lines:
            what = line["what"]
            if what == "done":
                self.done = line
            elif what == "car":
                self.take_car(line)
            elif what in lists:
                lists[what].append(line)
        self.stations = {s["name"]: s for s in self.header["stations"]}

    def take_car(self, line):
        """A plan, a change of its need, or what became of the car."""
        if line["event"] == "plan":
            line["said_us"] = line["arrive_us"]
            self.plans.append(line)
        elif line["event"] == "need":
            for plan in self.plans:
                if (plan["who"], plan["car"]) == (line["who"], line["car"]):
                    plan["need_wh"], plan["by_us"] = line["need_wh"], line["by_us"]
                    plan["said_us"] = line["site_us"]
                    plan["taper_wh"] = max(plan["taper_wh"], line["need_wh"])
        else:
            self.cars.append(line)

    def was_touched(self, station, begin, end):
        """Whether a person unplugged or silenced the station in a stay."""
        return any(line["who"] == station and begin <= line["site_us"] <= end
                   for line in self.touched)

    def evse_steps(self, station, member, before=0.0):
        return Steps(((line["site_us"], line[member]) for line in self.evse
                      if line["who"] == station), before)

    def meter_steps(self, member):
        return Steps((line["site_us"], line[member]) for line in self.meters)

    def site_power(self):
        """Net power of the site, from its parts, as a step function."""
        changes = {}
        for line in self.meters:
            changes.setdefault(line["site_us"], {})["rest"] = line["base_w"] - line["pv_w"]
        for line in self.evse:
            changes.setdefault(line["site_us"], {})[line["who"]] = line["power_w"]
        parts, steps = {}, Steps()
        for at in sorted(changes):
            parts.update(changes[at])
            steps.add(at, sum(parts.values()))
        return steps
