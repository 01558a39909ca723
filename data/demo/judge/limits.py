# SPDX-License-Identifier: LGPL-2.1-or-later
"""The effective import limit and the price of each instant, from what the operator published."""

from .worldlog import Steps

QUARTER = 900_000_000


def effective_limit(world, site):
    """Contract times the strictest load-control event, W, as a step function."""
    contract = world.header["contract_w"]
    table = site["attributes"]["demand-response-table"]
    intervals = []
    for line in world.published:
        if line["kind"] == "load-control":
            for i in line["intervals"]:
                intervals.append((i["start_us"], i["end_us"], remaining(i, table)))
    edges = sorted({world.header["start_us"] - 86_400_000_000} | {i[0] for i in intervals} |
                   {i[1] for i in intervals})
    steps = Steps(before=contract)
    for at in edges:
        steps.add(at, contract * min([r for s, e, r in intervals if s <= at < e] + [1.0]))
    return steps


def remaining(interval, table):
    """Share of the contract that remains, by payload type; levels by the site's table of per cents."""
    kind, value = interval["type"], float(interval["value"])
    if kind in ("x-loadControlCapacity", "X-LOADCONTROL-CAPACITY"):
        return min(1.0, max(0.0, value))
    if kind == "CONTROL_LEVEL_OFFSET_PERCENT":
        return min(1.0, max(0.0, 1 + value))
    if kind == "SIMPLE":
        return table[int(value)] / 100
    raise SystemExit(f"judge: load-control payload {kind} is not known here")


def prices(world, site):
    """Site currency per MWh for each quarter hour: {start_us: value}."""
    attributes = site["attributes"]
    rates = {r["currency"]: r["rate"] for r in attributes.get("currency-rates", [])}
    rates[attributes["currency"]] = 1.0
    result = {}
    for line in world.published:
        if line["kind"] != "prices":
            continue
        factor = rates[line["currency"]] * {"KWH": 1000.0, "MWH": 1.0}[line["units"].upper()]
        for i in line["intervals"]:
            at = i["start_us"]
            while at < i["end_us"]:
                result[at] = float(i["value"]) * factor
                at += QUARTER
    return result
