# SPDX-License-Identifier: LGPL-2.1-or-later
"""The checks. Each returns (ok, text)."""

from .composite import Station
from .flow import Flow
from .limits import QUARTER, effective_limit, prices
from .worldlog import Steps

MINUTE = 60_000_000
HOUR = 3_600_000_000
TOLERANCE_W = 5.0
# waits that the world may give up: a few, and one of a thousand (a busy machine)
GAVE_UP_MOST = 20
GAVE_UP_SHARE = 0.001


def clock(world, at):
    """Clock time of an instant, as far as the log's header tells the zone's offset."""
    minutes = (at - world.start) // MINUTE + 12 * 60
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


class Case:
    """What all checks look at."""

    def __init__(self, world, site, report, reader, store):
        self.world, self.site, self.report = world, site, report
        self.reader, self.store = reader, store
        self.limit = effective_limit(world, site)
        self.prices = prices(world, site)
        self.composites = {name: Station(world, name).steps() for name in world.stations}


def check_world(case):
    """The day ran to its end, and the world rarely had to go on without an answer."""
    world, done = case.world, case.world.done
    frames, posts, gave_up = len(world.frames), len(world.http) // 2, len(world.gave_up)
    if done is None and not world.so_far:
        return False, "the world's log has no last line: the day was cut short"
    if done is not None and not done["ok"]:
        return False, f"the world says: {done['reason']}"
    # a kill -9 costs one for each station and gateway that was waiting
    if gave_up > GAVE_UP_MOST + GAVE_UP_SHARE * (frames + posts):
        return False, (f"{gave_up} answers did not come, of {frames} frames and {posts} posts: "
                       f"the last for {world.gave_up[-1]['for']}")
    return True, f"{frames} frames, {posts} posts, {gave_up} waits given up"


def check_prices(case):
    """Prices at sensor 84 equal what was published."""
    world = case.world
    wanted = {at: v for at, v in case.prices.items() if world.start <= at < world.end}
    if len(wanted) != (world.end - world.start) // QUARTER:
        return False, f"only {len(wanted)} quarter hours of prices were published"
    got = case.reader.series(84, world.start, world.end, "EUR/MWh")
    kept = case.store.newest(84, world.start, world.end)
    for at, value in sorted(wanted.items()):
        index = (at - world.start) // QUARTER
        for where, found in (("API", got[index]), ("database", kept.get(at))):
            if found is None or abs(found - value) > 1e-6 * max(1, abs(value)):
                return False, (f"{clock(world, at)}: published {value:.4f} EUR/MWh, "
                               f"{where} says {found}")
    return True, f"{len(wanted)} quarter hours"


def check_composite(case):
    """What stations may draw, with the highest base load, lies under the limit at every instant."""
    world, base = case.world, case.world.header["base_max_w"]
    times = sorted({t for s in case.composites.values() for t in s.times} | set(case.limit.times) |
                   {world.start})
    worst, worst_at, bad = -1e99, None, 0
    for i, at in enumerate(times):
        if not world.start <= at < world.end:
            continue
        allowed = sum(s.at(at) for s in case.composites.values()) + base
        over = allowed - case.limit.at(at)
        if over > worst:
            worst, worst_at = over, at
        if over > TOLERANCE_W:
            bad += (times[i + 1] if i + 1 < len(times) else world.end) - at
    if worst > TOLERANCE_W:
        parts = ", ".join(f"{n} {s.at(worst_at) / 1000:.2f}" for n, s in case.composites.items())
        return False, (f"{clock(world, worst_at)}: {worst / 1000:.2f} kW above the limit of "
                       f"{case.limit.at(worst_at) / 1000:.1f} kW ({parts}, base {base / 1000:.1f}); "
                       f"{bad / 1e6:.0f} s in all")
    return True, f"never nearer than {-worst / 1000:.2f} kW"


def check_drawn(case):
    """What was drawn lies under the composite."""
    world = case.world
    for name, composite in case.composites.items():
        power = world.evse_steps(name, "power_w")
        for at in sorted(set(power.times) | set(composite.times)):
            if not world.start <= at < world.end:
                continue
            if power.at(at) > composite.at(at) + TOLERANCE_W:
                return False, (f"{clock(world, at)} {name} drew {power.at(at):.0f} W, "
                               f"allowed {composite.at(at):.0f} W")
    return True, f"{len(case.composites)} stations"


def check_means(case):
    """Slot means under the time-mean of the limit, minute means under 105 % of it."""
    world, power = case.world, case.world.site_power()
    over, highest = 0, 0.0
    for length, share, what in ((QUARTER, 1.0, "slot"), (MINUTE, 1.05, "minute")):
        at = world.start
        while at < world.end:
            mean, limit = power.mean(at, at + length), case.limit.mean(at, at + length)
            highest = max(highest, mean)
            if mean > share * limit + TOLERANCE_W:
                return False, (f"{what} {clock(world, at)}: mean {mean / 1000:.2f} kW, "
                               f"limit {share * limit / 1000:.2f} kW")
            at += length
    registers = Steps()
    for line in world.meters:
        registers.add(line["site_us"], line["import_wh"] - line["export_wh"])
    measured = registers.at(world.end) - registers.at(world.start)
    own = power.integral(world.start, world.end)
    if abs(measured - own) > 0.002 * abs(own) + 50:
        return False, f"registers say {measured:.0f} Wh, powers say {own:.0f} Wh"
    return True, f"highest minute {highest / 1000:.2f} kW, {over} over"


def stated(world):
    return [p for p in world.plans if p["need_wh"] is not None and
            (not world.so_far or p["by_us"] <= world.end)]


def plugged_times(world, plan):
    """(from, to, delivered) of the car's stay, from the world's log."""
    begin = end = delivered = None
    for line in world.cars:
        if line["who"] == plan["who"] and line.get("car") == plan["car"]:
            if line["event"] == "plugged":
                begin = line["site_us"]
            elif line["event"] == "unplugged":
                end, delivered = line["site_us"], line["delivered_wh"]
    if begin is not None and end is None:
        end, delivered = world.end, world.evse_steps(plan["who"], "session_wh").at(world.end)
    return begin, end, delivered


def delivered_by(world, plan, begin, at):
    """Energy drawn in a stay up to an instant."""
    return world.evse_steps(plan["who"], "power_w").integral(begin, max(begin, at))


def feasible(case, plan, at, stays):
    """Whether at its arrival the needs of all cars that are there fit, with 10 % to spare."""
    world, base = case.world, case.world.header["base_max_w"]
    there = [(p, s) for p, s in stays if s[0] is not None and s[0] <= at < min(s[1], p["by_us"])]
    horizon = max(p["by_us"] for p, _ in there)
    first = at - at % QUARTER
    slots = list(range(first, horizon, QUARTER))
    flow = Flow(2 + len(there) + len(slots))
    wanted = 0.0
    for i, (p, s) in enumerate(there):
        rest = max(0.0, p["need_wh"] - delivered_by(world, p, s[0], at)) * 1.1
        wanted += rest
        flow.add(0, 2 + i, rest)
        # near the end of what the battery takes, power falls: count half of it for that part
        slow = max(0.0, p["need_wh"] - p["taper_wh"])
        until = p["by_us"] - (slow / max(1.0, p["max_w"])) * HOUR
        for j, slot in enumerate(slots):
            hours = (min(slot + QUARTER, until) - max(slot, at)) / HOUR
            if hours > 0:
                flow.add(2 + i, 2 + len(there) + j, p["max_w"] * hours)
    busy = {p["who"] for p, _ in there}
    idle = [s for n, s in world.stations.items() if n not in busy]
    reserve = sum(s["fail_safe_a"] * s["voltage_v"] * s["phases"] for s in idle)
    for j, slot in enumerate(slots):
        begin = max(slot, at)
        room = case.limit.mean(begin, slot + QUARTER) - base
        room -= min(reserve, room) if room < reserve else reserve
        flow.add(2 + len(there) + j, 1, max(0.0, room) * (slot + QUARTER - begin) / HOUR)
    return flow.maximum(0, 1) >= wanted - 1.0


def check_needs(case):
    """Every stated need that is feasible was delivered to 0.1 kWh."""
    world = case.world
    stays = [(p, plugged_times(world, p)) for p in stated(world)]
    met = skipped = touched = 0
    for plan, (begin, end, delivered) in stays:
        name = f"{plan['who']} ({plan['car']})"
        if begin is None:
            return False, f"{name} never plugged in"
        if world.was_touched(plan["who"], begin, end):
            touched += 1
            continue
        if not feasible(case, plan, max(begin, plan["said_us"]), stays):
            skipped += 1
            continue
        got = delivered_by(world, plan, begin, min(end, plan["by_us"]))
        if got < plan["need_wh"] - 100:
            return False, (f"{name} asked {plan['need_wh'] / 1000:.2f} kWh by "
                           f"{clock(world, plan['by_us'])} and got {got / 1000:.2f} kWh")
        met += 1
    if met == 0 and not touched and not world.so_far:
        return False, f"none of {len(stays)} stated needs was feasible: the world is too tight"
    by_hand = f", {touched} unplugged or silenced by hand" if touched else ""
    return True, f"{met} met, {skipped} were not feasible{by_hand}"


def check_cost(case):
    """The cost recomputed from the registers equals the report's to 0.1 %."""
    world, cost, energy = case.world, 0.0, 0.0
    export = case.site["flex_context"].get("production-price")
    sell = float(str(export).split()[0]) if isinstance(export, str) else 0.0
    taken, given = world.meter_steps("import_wh"), world.meter_steps("export_wh")
    at = world.start
    while at < world.end:
        bought = taken.at(at + QUARTER) - taken.at(at)
        energy += bought
        cost += bought / 1e6 * case.prices[at] - (given.at(at + QUARTER) - given.at(at)) / 1e6 * sell
        at += QUARTER
    said = case.report["site"]["cost"]
    if said is None or abs(said - cost) > 0.001 * abs(cost) + 0.005:
        return False, f"registers give {cost:.3f} EUR, the report says {said}"
    kwh = case.report["site"]["import_kwh"]
    if kwh is None or abs(kwh - energy / 1000) > 0.001 * energy / 1000 + 0.01:
        return False, f"registers give {energy / 1000:.2f} kWh, the report says {kwh}"
    return True, f"{cost:.2f} EUR"


def check_stored(case):
    """What the daemon acknowledged is stored, exactly once."""
    return case.store.acknowledged(case.world)


CHECKS = (
    ("world", check_world),
    ("prices", check_prices),
    ("composite", check_composite),
    ("drawn", check_drawn),
    ("means", check_means),
    ("needs", check_needs),
    ("cost", check_cost),
    ("stored", check_stored),
)
