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


class World:
    """Everything that the log of one run says."""

    def __init__(self, path):
        self.header = None
        self.done = None
        self.plans, self.profiles, self.evse, self.meters = [], [], [], []
        self.published, self.http, self.frames, self.cars, self.daemon = [], [], [], [], []
        self.touched = []
        lists = {"profile": self.profiles, "evse": self.evse, "meter": self.meters,
                 "published": self.published, "http": self.http, "frame": self.frames,
                 "daemon": self.daemon, "touched": self.touched}
        last = None
        with open(path, encoding="utf-8") as lines:
            for number, text in enumerate(lines, 1):
                try:
                    line = json.loads(text)
                except ValueError as error:
                    raise SystemExit(f"judge: {path}:{number}: {error}") from error
                if last is not None and line["site_us"] < last:
                    raise SystemExit(f"judge: {path}:{number}: time runs backwards")
                last = line["site_us"]
                what = line["what"]
                if what == "header":
                    self.header = line
                elif what == "done":
                    self.done = line
                elif what == "car":
                    self.take_car(line)
                elif what in lists:
                    lists[what].append(line)
        if self.header is None or self.header.get("format") != "cariflex-world-log":
            raise SystemExit(f"judge: {path} is no world log")
        if self.header["version"] != 1:
            raise SystemExit(f"judge: {path} has version {self.header['version']}, wanted 1")
        self.start, self.end = self.header["start_us"], self.header["end_us"]
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
