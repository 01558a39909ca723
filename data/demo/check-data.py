#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Asks whether the demo's data fit together at all: ids, limits, fail-safe powers, events and needs, for several seeds."""

import argparse
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
MINUTE = 60_000_000
SLOT = 5 * MINUTE
SPARE = 1.10
# a published event is known after one poll of the VEN; the plan gets five minutes more
POLL = 1 * MINUTE
LEAD = POLL + 5 * MINUTE

problems = []
asked = 0


def check(holds, text):
    global asked
    asked += 1
    if not holds:
        problems.append(text)


def watts(text):
    value, unit = text.split()
    return float(value) * {"W": 1, "kW": 1000}[unit]


def current(text):
    value, unit = text.split()
    assert unit == "A", text
    return float(value)


def kwh(text):
    value, unit = text.split()
    assert unit == "kWh", text
    return float(value)


# --- the import file ---------------------------------------------------------------------------

def unique(items, key, what):
    seen = set()
    for item in items:
        value = key(item)
        check(value not in seen, f"{what} {value} stands twice")
        seen.add(value)
    return seen


def check_site(site):
    accounts = unique(site["accounts"], lambda x: x["id"], "account")
    assets = unique(site["assets"], lambda x: x["id"], "asset")
    sensors = unique(site["sensors"], lambda x: x["id"], "sensor")
    unique(site["sources"], lambda x: x["id"], "source")
    unique(site["bindings"], lambda x: (x["instance"], x["identity"], x["unit"]), "binding")
    principals = unique(site["principals"], lambda x: x["name"], "principal")
    unique(site["tokens"], lambda x: (x["token"].lower(), x["type"]), "token")
    unique(site["assets"], lambda x: (x.get("parent"), x["name"]), "asset name")
    unique(site["sensors"], lambda x: (x["asset"], x["name"]), "sensor name")
    for kind in ("accounts", "assets", "sensors", "sources", "bindings"):
        for item in site[kind]:
            check(0 < item["id"] < 1000, f"{kind} {item['id']}: ids of a file are below 1000")
    for asset in site["assets"]:
        check(asset["account"] in accounts, f"asset {asset['id']}: no such account")
        check(asset.get("parent", 1) in assets, f"asset {asset['id']}: no such parent")
        for role, ids in asset.get("attributes", {}).get("sensors", {}).items():
            for number in ids if isinstance(ids, list) else [ids]:
                check(number in sensors, f"asset {asset['id']}: {role} names sensor {number}")
    for sensor in site["sensors"]:
        check(sensor["asset"] in assets, f"sensor {sensor['id']}: no such asset")
    for source in site["sources"]:
        check(source.get("principal") in principals, f"source {source['name']}: no such principal")
    for binding in site["bindings"]:
        check(binding["asset"] in assets, f"binding {binding['identity']}: no such asset")
        check(binding["power_sensor"] in sensors, f"binding {binding['identity']}: no such sensor")
        check(binding["identity"] in principals, f"{binding['identity']} cannot log in")
    for principal in site["principals"]:
        for grant in principal.get("grants", []):
            check(grant.get("asset", 1) in assets and grant.get("account", 1) in accounts,
                  f"principal {principal['name']}: a grant on nothing")
        for credential in principal["credentials"]:
            check(("secret" in credential) != credential.get("generate", False),
                  f"principal {principal['name']}: a credential without a place for its secret")


def check_world(site, world):
    units = {s["id"]: s["unit"] for s in site["sensors"]}
    resolution = {s["id"]: s["resolution"] for s in site["sensors"]}
    wanted = {"irradiance": ("W/m²", "PT15M"), "temperature": ("°C", "PT15M"),
              "live_power": ("kW", "PT0S"), "import_register": ("kWh", "PT0S"),
              "export_register": ("kWh", "PT0S"), "base_forecast": ("kW", "PT15M"),
              "pv_forecast": ("kW", "PT15M")}
    for role, (unit, length) in wanted.items():
        number = world["sensors"][role]
        check(units.get(number) == unit, f"world: {role} goes to sensor {number}, in {unit}")
        check(resolution.get(number) == length, f"world: {role} goes to sensor {number}, each {length}")
    for module in world["pv"]:
        check(units.get(module["sensor"]) == "kW", f"world: PV goes to sensor {module['sensor']}")
    bound = {b["identity"]: b["asset"] for b in site["bindings"]}
    assets = {a["id"]: a for a in site["assets"]}
    for station in world["stations"]:
        evse = assets.get(bound.get(station["name"]))
        check(evse is not None, f"world: {station['name']} is not bound")
        if evse is None:
            continue
        attributes = evse["attributes"]
        check(attributes["sensors"]["power"] == station["sensor"],
              f"{station['name']}: sensor {station['sensor']} in the world, another one in the register")
        check(watts(evse["flex_model"]["power-capacity"]) == station["rated_kw"] * 1000,
              f"{station['name']}: another rated power in the world")
        check(current(attributes["max-current"]) == station["max_current_a"],
              f"{station['name']}: another highest current in the world")
    preferences = {t["token"]: t.get("preferences") for t in site["tokens"]}
    for car in world["cars"]:
        wish = preferences.get(car["token"])
        check((wish is not None) == (car["tells"] == "token"),
              f"{car['name']}: tells {car['tells']}, its token has {'a' if wish else 'no'} preference")
        if wish:
            check(car["need_kwh"] == [kwh(wish["need"])] * 2 and car["by"] == wish["departure"],
                  f"{car['name']}: the token's preference is another one")


# --- limits and fail-safe powers ---------------------------------------------------------------

class Limits:
    def __init__(self, site):
        root = next(a for a in site["assets"] if a["type"] == "site")
        context, self.attributes = root["flex_context"], root["attributes"]
        self.physical = watts(context["site-power-capacity"])
        self.contract = watts(context["site-consumption-capacity"])
        self.export = watts(context["site-production-capacity"])
        self.base = watts(self.attributes["base-load-max"])
        self.table = self.attributes["demand-response-table"]
        self.evses = {}
        assets = {a["id"]: a for a in site["assets"]}
        for binding in site["bindings"]:
            attributes = assets[binding["asset"]]["attributes"]
            floor = (current(attributes["min-current"]) * float(attributes["voltage"].split()[0])
                     * attributes["phases"])
            self.evses[binding["identity"]] = watts(attributes["fail-safe-power"])
            check(abs(self.evses[binding["identity"]] - floor) < 1,
                  f"{binding['identity']}: fail-safe power is not its least current on its phases")

    def share(self, control):
        """What an event leaves of the contract, W."""
        if control["type"] == "SIMPLE":
            return self.contract * self.table[int(control["value"])] / 100
        return self.contract * control["value"]


def check_limits(limits, world):
    total = sum(limits.evses.values())
    check(limits.contract < limits.physical, "the contract is not below the physical limit")
    check(total + limits.base <= limits.contract,
          f"fail-safe powers {total / 1000:.1f} kW and base load do not fit under the contract")
    check(limits.contract < sum(s["rated_kw"] for s in world["stations"]) * 1000,
          "the chargers fit under the contract: there is nothing to plan")
    check(limits.base == world["base_max_kw"] * 1000, "another highest base load in the world")
    check(limits.contract == world["contract_kw"] * 1000, "another contract in the world")
    check(sum(m["peak_kw"] for m in world["pv"]) * 1000 <= limits.export + min(world["base_kw"]) * 1000,
          "PV can exceed what may be exported")


def check_day(limits, day, seed):
    where = f"seed {seed}: "
    check(day["base_highest_w"] <= limits.base, where + "the base load is higher than it may be")
    for control in day["controls"]:
        left = limits.share(control) - limits.base
        check(left >= min(limits.evses.values()),
              where + f"{control['name']} leaves not even one EVSE its least current")
        check(control["start_us"] - control["publish_us"] >= LEAD,
              where + f"{control['name']} is published too late")
        check(day["start_us"] <= control["publish_us"] and control["end_us"] <= day["end_us"],
              where + f"{control['name']} is not inside the day")
    stated = [c for c in day["cars"] if c["tells"]]
    check(len(stated) == 8, where + f"{len(stated)} cars state a need")
    missing = shortfall(limits, day, stated)
    check(not missing, where + "needs that do not fit even with foresight: "
          + ", ".join(f"{name} {wh / 1000:.2f} kWh" for name, wh in missing.items()))
    return len(stated)


def shortfall(limits, day, cars):
    """Earliest deadline first in what is left beside the base load and the fail-safe powers of the
    others. Pessimistic: an event leaves nothing for any car, and silent cars draw all they can."""
    left = {c["car"]: c["need_wh"] * SPARE for c in cars}
    for start in range(day["start_us"], day["end_us"], SLOT):
        end = start + SLOT
        if any(start < c["end_us"] and c["start_us"] < end for c in day["controls"]):
            continue
        inside = [c for c in day["cars"] if c["arrive_us"] <= start and end <= c["depart_us"]]
        busy = {c["station"] for c in inside}
        room = (limits.contract - limits.base
                - sum(w for name, w in limits.evses.items() if name not in busy))
        room -= sum(limits.evses[c["station"]] for c in inside if not left.get(c["car"]))
        for car in sorted(inside, key=lambda c: c["by_us"]):
            if left.get(car["car"], 0) <= 0 or end > car["by_us"]:
                continue
            power = max(0.0, min(room, car["max_w"], left[car["car"]] * 3600e6 / SLOT))
            room -= power
            left[car["car"]] -= power * SLOT / 3600e6
    return {name: wh for name, wh in left.items() if wh > 1}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print-world", type=pathlib.Path,
                        default=HERE.parent.parent / "build/plugins/simulator/tests/print-world",
                        help="the program that draws a day (built with the tests)")
    parser.add_argument("--seeds", type=int, default=30, help="how many seeds (default 30)")
    options = parser.parse_args()
    site = json.loads((HERE / "martinique/site.json").read_text())
    world_file = HERE / "martinique/world.json"
    world = json.loads(world_file.read_text())
    check_site(site)
    check_world(site, world)
    limits = Limits(site)
    check_limits(limits, world)
    for seed in range(1, options.seeds + 1):
        drawn = subprocess.run([options.print_world, world_file, "2025-10-01", str(seed)],
                               capture_output=True, text=True)
        if drawn.returncode != 0:
            sys.exit(f"check-data: {drawn.stderr.strip()}")
        check_day(limits, json.loads(drawn.stdout), seed)
    for problem in problems:
        print(problem)
    print(f"{asked} questions, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
