# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon's database, read with SQL by somebody who did not write it."""

import json
import re
import sqlite3

from .composite import instant

DATA_PATH = re.compile(r"^/api/v3_0/sensors/(\d+)/data$")
DURATION = re.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$")


def duration_us(text):
    match = DURATION.match(text)
    if not match:
        raise ValueError(f"{text} is no duration")
    days, hours, minutes, seconds = (float(g or 0) for g in match.groups())
    return round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1e6)


class Store:
    def __init__(self, path):
        self.db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def newest(self, sensor, start, end):
        """Value of the newest belief of each event: {start_us: value}."""
        rows = self.db.execute(
            "SELECT start, value FROM beliefs WHERE sensor = ? AND start >= ? AND start < ?"
            " ORDER BY start, belief", (sensor, start, end))
        return dict(rows)

    def rows(self, sensor, start):
        """(source type, value) of all beliefs of an event, oldest first."""
        return self.db.execute(
            "SELECT s.type, b.value FROM beliefs b LEFT JOIN sources s ON s.id = b.source"
            " WHERE b.sensor = ? AND b.start = ? ORDER BY b.belief", (sensor, start)).fetchall()

    def record(self, collection, key_end):
        row = self.db.execute("SELECT doc FROM records WHERE collection = ? AND key LIKE ?",
                              (collection, "%/" + key_end)).fetchone()
        return json.loads(row[0]) if row else None

    def acknowledged(self, world):
        """(ok, text): each value that the world was told is stored, is stored exactly once."""
        posts = self.check_posts(world)
        if isinstance(posts, str):
            return False, posts
        events = self.check_transactions(world)
        if isinstance(events, str):
            return False, events
        doubled = self.db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM notices GROUP BY topic, asset, at_us, doc"
            " HAVING count(*) > 1 AND topic LIKE 'ocpp.transaction%')").fetchone()[0]
        if doubled:
            return False, f"{doubled} notices of transactions are stored more than once"
        return True, f"{posts} posted values, {events} transaction events"

    def check_posts(self, world):
        asked, wanted, unsure = {}, {}, set()
        for line in world.http:
            if line["dir"] == "out":
                asked[line["id"]] = line
                continue
            out = asked.pop(line["id"], None)
            match = out and out["method"] == "POST" and DATA_PATH.match(out["path"])
            if not match:
                continue
            for at, value in values_of(out["body"]):
                key = (int(match.group(1)), at)
                if line["status"] == 200:
                    wanted.setdefault(key, []).append(value)
                else:
                    unsure.add(key)
        count = 0
        for (sensor, at), values in wanted.items():
            rows = [v for kind, v in self.rows(sensor, at) if kind != 2]
            expected = [v for i, v in enumerate(values) if i == 0 or v != values[i - 1]]
            if (sensor, at) in unsure:
                found = all(any(same(v, r) for r in rows) for v in expected)
            else:
                found = len(rows) == len(expected) and all(map(same, rows, expected))
            if not found:
                return f"sensor {sensor} at {at}: acknowledged {expected[:5]}, stored {rows[:5]}"
            count += len(values)
        return count

    def check_transactions(self, world):
        sensors = {s["name"]: 110 + i for i, s in
                   enumerate(sorted(world.header["stations"], key=lambda s: s["name"]), 1)}
        waiting, acknowledged = {}, []
        for line in world.frames:
            frame = line.get("frame")
            if not isinstance(frame, list):
                continue
            if line["dir"] == "out" and frame[0] == 2 and frame[2] == "TransactionEvent":
                waiting[(line["who"], frame[1])] = frame[3]
            elif line["dir"] == "in" and frame[0] == 3:
                event = waiting.pop((line["who"], frame[1]), None)
                if event is not None:
                    acknowledged.append((line["who"], event))
        powers = {}
        for who, event in acknowledged:
            identity = event["transactionInfo"]["transactionId"]
            record = self.record("ocpp.transaction", f"{who}/{identity}") or \
                self.record("ocpp.transaction", identity)
            if record is None:
                return f"{who}: no record of transaction {identity}"
            for at, watts in powers_of(event):
                values = powers.setdefault((who, at), [])
                if not values or not same(values[-1], watts):
                    values.append(watts)
        # what has one instant but was told twice, with another value, is two beliefs
        for (who, at), values in powers.items():
            rows = [v for _, v in self.rows(sensors[who], at)]
            if len(rows) != len(values) or not all(map(same, rows, values)):
                return f"{who} at {at}: power acknowledged {values} kW, stored {rows}"
        return len(acknowledged)


def powers_of(event):
    """(instant, kW) of the power samples of a TransactionEvent."""
    for value in event.get("meterValue", []):
        for sample in value["sampledValue"]:
            if sample.get("measurand") == "Power.Active.Import" and not sample.get("phase"):
                scale = {"W": 1e-3, "kW": 1.0}[sample.get("unitOfMeasure", {}).get("unit", "W")]
                yield instant(value["timestamp"]), sample["value"] * scale


def values_of(body):
    """(instant, value) of a post in FlexMeasures' shape."""
    values = body["values"] if isinstance(body["values"], list) else [body["values"]]
    start, length = instant(body["start"]), duration_us(body["duration"])
    step = length // len(values)
    return [(start + i * step, v) for i, v in enumerate(values)]


def same(a, b):
    if a is None or b is None:
        return a is b
    return abs(a - b) <= 1e-9 * max(1.0, abs(a), abs(b))
