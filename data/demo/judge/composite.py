# SPDX-License-Identifier: LGPL-2.1-or-later
"""What each station may draw at any instant, from the charging profiles that it accepted."""

import datetime

from .worldlog import Steps

MICRO = 1_000_000


def instant(text):
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * MICRO)


def schedule_periods(profile, transaction_start):
    """(from_us, until_us or None, limit, unit, phases or None) of a profile's first schedule."""
    schedule = profile["chargingSchedule"][0]
    kind = profile["chargingProfileKind"]
    if kind == "Absolute":
        start = instant(schedule["startSchedule"])
    elif kind == "Relative":
        start = transaction_start
    else:
        raise SystemExit(f"judge: profile kind {kind} is not known here")
    if start is None:
        return []
    end = start + schedule["duration"] * MICRO if "duration" in schedule else None
    periods = schedule["chargingSchedulePeriod"]
    result = []
    for i, period in enumerate(periods):
        begin = start + round(period["startPeriod"] * MICRO)
        until = start + round(periods[i + 1]["startPeriod"] * MICRO) if i + 1 < len(periods) else end
        result.append((begin, until, period["limit"], schedule["chargingRateUnit"],
                       period.get("numberPhases")))
    return result


class Station:
    """Profiles and transaction of one EVSE as time goes on."""

    def __init__(self, world, name):
        self.info = world.stations[name]
        self.events = []
        for line in world.profiles:
            if line["who"] == name and line["action"] != "rejected":
                self.events.append((line["site_us"], 0, line))
        for line in world.evse:
            if line["who"] == name:
                self.events.append((line["site_us"], 1, line))
        self.events.sort(key=lambda e: e[0])
        self.end = world.end
        self.phases_of = {}
        plans = {(p["who"], p["car"]): p for p in world.plans}
        for line in world.cars:
            if line["who"] == name and line["event"] == "plugged":
                plan = plans.get((name, line["car"]))
                if plan:
                    self.phases_of[line["transaction"]] = min(plan["phases"], self.info["phases"])

    def power(self, profiles, transaction, started, at):
        """W allowed at an instant, and the instant until which this stays so."""
        volts = self.info["voltage_v"]
        wired = self.info["phases"]
        phases = self.phases_of.get(transaction, wired) if transaction else wired
        until = self.end

        def limit(candidates):
            nonlocal until
            best = None
            for profile in candidates:
                for begin, stop, value, unit, number in schedule_periods(profile, started):
                    if begin > at:
                        until = min(until, begin)
                        break
                    if stop is not None and stop <= at:
                        continue
                    if stop is not None:
                        until = min(until, stop)
                    used = min(number, phases) if number else phases
                    watts = value * volts * used if unit == "A" else value
                    if best is None or profile["stackLevel"] > best[0]:
                        best = (profile["stackLevel"], watts)
                    break
            return best[1] if best else None

        def of(purpose):
            return [p for p in profiles.values() if p["chargingProfilePurpose"] == purpose]

        watts = None
        if transaction:
            watts = limit([p for p in of("TxProfile")
                           if p.get("transactionId") in (None, transaction)])
        if watts is None:
            watts = limit(of("TxDefaultProfile"))
        top = limit(of("ChargingStationMaxProfile"))
        rated = self.info["rated_w"]
        for bound in (watts, top):
            if bound is not None:
                rated = min(rated, bound)
        return rated, until

    def steps(self):
        """The composite as a step function over the whole log."""
        result, profiles = Steps(), {}
        transaction, started = None, None
        times = sorted({e[0] for e in self.events})
        index = 0
        for position, at in enumerate(times):
            while index < len(self.events) and self.events[index][0] == at:
                _, kind, line = self.events[index]
                index += 1
                if kind == 1:
                    if line["transaction"] != transaction:
                        transaction = line["transaction"]
                        started = at if transaction else None
                elif line["action"] == "accepted":
                    profiles[line["id"]] = line["profile"]
                else:
                    profiles.pop(line["id"], None)
            stop = times[position + 1] if position + 1 < len(times) else self.end
            cursor = at
            while cursor < stop:
                watts, until = self.power(profiles, transaction, started, cursor)
                result.add(cursor, watts)
                cursor = max(until, cursor + 1) if until < stop else stop
        return result
