#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the FlexMeasures API answers to beliefs, right and wrong."""

import datetime
import json
import math
import sqlite3

import rig


class FlexMeasures(rig.Site):
    def send(self, sensor=108, name="gateway-site", body=None, method="POST", token=None, **more):
        message = {"start": "2025-10-01T12:00:00Z", "duration": "PT1M", "values": [4.5], "unit": "kW"}
        message.update(more)
        token = token or f"Bearer {self.secrets[name]}"
        return rig.ask(self.daemon.public, method, f"/api/v3_0/sensors/{sensor}/data",
                        json.dumps(message) if body is None else body,
                        {"Authorization": token, "Content-Type": "application/json"})

    def test_tokens(self):
        answer = rig.ask(self.daemon.public, "POST", "/api/v3_0/sensors/108/data", "{}",
                          {"Content-Type": "application/json"})
        self.assertEqual(answer.status, 401)
        self.assertEqual(self.send(token="Bearer nonsense").status, 401)
        self.assertEqual(self.send(token=self.secrets["gateway-site"],
                                   start="2025-10-01T12:10:00Z").status, 200)

    def test_sensor_and_right(self):
        self.assertEqual(self.send(sensor=999999).status, 404)
        self.assertEqual(self.send(name="judge").status, 403)

    def test_wrong_bodies(self):
        self.assertEqual(self.send(body="{nonsense").status, 400)
        self.assertEqual(self.send(unit="EUR/MWh").status, 422)
        self.assertEqual(self.send(start="2025-10-01T12:00:00").status, 422)
        self.assertEqual(self.send(body=" " * (5 << 20)).status, 413)

    def test_path_and_method(self):
        token = {"Authorization": f"Bearer {self.secrets['gateway-site']}"}
        self.assertEqual(rig.ask(self.daemon.public, "GET", "/api/v3_0/nothing", None, token).status, 404)
        self.assertEqual(self.send(method="PUT").status, 405)

    def test_repeated_and_replaced(self):
        more = {"start": "2025-10-01T13:00:00Z", "prior": "2025-10-01T13:01:00Z"}
        self.assertEqual(self.send(**more).status, 200)
        self.assertIn("ALREADY_RECEIVED", self.send(**more).text)
        answer = self.send(values=[5.5], **more)
        self.assertEqual(answer.status, 403)
        self.assertIn("INVALID_REPLACEMENT", answer.text)

    def test_stored_when_answered(self):
        answer = self.send(start="2025-10-01T14:00:00Z", duration="PT15M", values=[7.25])
        self.daemon.kill()
        self.assertEqual(answer.status, 200)
        with sqlite3.connect(self.daemon.database) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        self.daemon.start()
        answer = rig.ask(
            self.daemon.public, "GET", "/api/v3_0/sensors/108/data?start=2025-10-01T14:00:00Z"
            "&duration=PT15M&resolution=PT15M&unit=kW", None, {"Authorization": f"Bearer {self.secrets['judge']}"})
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(answer.json["values"], [7.25])


    def test_younger_than_a_step(self):
        """What was seen just now is shown at once by "cariflexctl sensors", not after a step of 5 minutes."""
        now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
        self.assertEqual(self.send(start=now.isoformat(), duration="PT0S",
                                   values=[3.25]).status, 200)
        self.assertEqual(json.loads(self.daemon.ctl("sensors", "108", "--json").stdout)["values"][-1], 3.25)
        self.assertIn("last 3.25 kW", self.daemon.ctl("sensors", "108").stdout)

    def test_end_of_prices(self):
        """"cariflexctl doctor" says to where prices are known, once that is before the end of the plan."""
        hour = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)

        def doctor(hours):
            self.assertEqual(self.send(sensor=84, unit="EUR/MWh", start=hour.isoformat(), duration=f"PT{hours}H",
                                       values=[100.0] * hours).status, 200)
            return next(line for line in self.daemon.ctl("doctor").stdout.splitlines() if " prices " in line)
        self.assertIn(f"prices are known to {hour + datetime.timedelta(hours=3):%Y-%m-%d %H:%M}, and planned is to",
                      doctor(3))
        self.assertRegex(doctor(40), "ok +prices")

    # --- posts ---------------------------------------------------------------------------------

    def read(self, sensor, start, duration, unit="kW", resolution="PT15M"):
        return self.daemon.series(sensor, start, duration, unit, resolution)

    def test_gaps(self):
        """A null is a gap: it neither is stored nor takes away what stands there."""
        day = "2025-10-02T"
        self.assertEqual(self.send(start=day + "00:00:00Z", duration="PT1H", sensor=41,
                                   values=[1, None, 3, None]).status, 200)
        self.assertEqual(self.read(41, day + "00:00:00Z", "PT1H"), [1, None, 3, None])
        self.assertEqual(self.send(start=day + "00:00:00Z", duration="PT1H", sensor=41,
                                   values=[None, 2, None, None]).status, 200)
        self.assertEqual(self.read(41, day + "00:00:00Z", "PT1H"), [1, 2, 3, None])
        self.assertEqual(self.send(start=day + "02:00:00Z", duration="PT30M", sensor=41,
                                   values=[None, None]).status, 200)
        self.assertEqual(self.read(41, day + "02:00:00Z", "PT30M"), [None, None])

    def test_resampling(self):
        day = "2025-10-03T"
        # coarser than the sensor: each event gets the value; finer: the mean
        self.assertEqual(self.send(start=day + "00:00:00Z", duration="PT1H", sensor=41,
                                   values=[6]).status, 200)
        self.assertEqual(self.read(41, day + "00:00:00Z", "PT1H"), [6, 6, 6, 6])
        self.assertEqual(self.send(start=day + "01:00:00Z", duration="PT15M", sensor=41,
                                   values=[1, 2, 6]).status, 200)
        self.assertEqual(self.read(41, day + "01:00:00Z", "PT15M"), [3])
        self.assertEqual(self.read(41, day + "00:00:00Z", "PT2H", resolution="PT1H"), [6, 3])
        self.assertEqual(self.read(41, day + "00:00:00Z", "PT30M", resolution="PT5M"), [6] * 6)

    def test_units_and_signs(self):
        """The sensor's own unit and sign stay; W and MW are converted, as is energy per event."""
        day = "2025-10-04T"
        for hour, values, unit, kept in ((0, [1500], "W", 1.5), (1, [0.002], "MW", 2),
                                         (2, [1], "kWh", 4), (3, [-3], "kW", -3)):
            start = f"{day}{hour:02d}:00:00Z"
            answer = self.send(start=start, duration="PT15M", sensor=41, values=values, unit=unit)
            self.assertEqual(answer.status, 200, answer.text)
            self.assertTrue(math.isclose(self.read(41, start, "PT15M")[0], kept))
            self.assertTrue(math.isclose(self.read(41, start, "PT15M", "W")[0], kept * 1000))
        for unit in ("EUR/MWh", "%", "kWx", "", "kW\u0000"):
            self.assertIn(self.send(sensor=41, unit=unit).status, (400, 422))
        answer = self.send(sensor=84, unit="SEK/MWh", name="gateway-site")
        self.assertEqual(answer.status, 422, answer.text)
        self.assertIn("SEK/MWh", answer.text)

    def test_times(self):
        good = {"sensor": 42, "duration": "PT15M", "values": [1]}
        for start in ("2025-10-05T00:00:00", "2025-10-05", "yesterday", "", 5, None,
                      "2025-13-05T00:00:00Z", "2025-10-05T25:00:00Z", "99999-01-01T00:00:00Z"):
            answer = self.send(start=start, **good)
            self.assertEqual((start, answer.status), (start, 422))
            self.assertIn("start", answer.text)
        for duration in ("15M", "PT", "-PT15M", "", 900, None, "P99999999999999Y",
                         "PT9999999999999999999S"):
            answer = self.send(**{**good, "duration": duration})
            self.assertEqual((duration, answer.status), (duration, 422))
            self.assertIn("duration", answer.text)
        for start in ("2025-10-05T02:00:00+02:00", "2025-10-05T00:00:00.000Z",
                      "2025-10-04T20:00:00-04:00"):
            self.assertEqual(self.send(start=start, **good).status, 200)
        self.assertEqual(self.read(42, "2025-10-05T00:00:00Z", "PT15M"), [1])
        self.assertEqual(self.read(42, "2025-10-05T02:00:00%2B02:00", "PT15M"), [1])

    def test_resolution(self):
        # values that do not fall on the sensor's events, or would be too many
        answer = self.send(sensor=41, start="2025-10-06T00:07:00Z", duration="PT15M")
        self.assertIn(answer.status, (200, 422))
        answer = self.send(sensor=41, start="2025-10-06T00:00:00Z", duration="P100Y", values=[1])
        self.assertEqual(answer.status, 422)
        self.assertIn("duration", answer.text)

    def test_queries(self):
        def get(query, sensor=41, name="judge"):
            return rig.ask(self.daemon.public, "GET", f"/api/v3_0/sensors/{sensor}/data{query}",
                           None, self.daemon.bearer(name))

        window = "?start=2025-10-07T00:00:00Z&duration=PT1H&unit=kW"
        self.assertEqual(get(window).json["values"], [None] * 4)
        self.assertEqual(get(window, sensor=999999).status, 404)
        self.assertEqual(get(window, sensor="99999999999999999999").status, 404)
        self.assertEqual(get(window, name="gateway-weather").status, 403)
        for query, place in (("", "start"), ("?start=2025-10-07T00:00:00Z", "duration"),
                             (window + "&start=2025-10-07T00:00:00", "start"),
                             (window + "&duration=-PT1H", "duration"),
                             (window + "&duration=P9999999Y", "duration"),
                             (window + "&resolution=PT0S", "resolution"),
                             (window + "&resolution=PT0.000001S", "resolution"),
                             (window + "&unit=EUR", "unit"), (window + "&source=x", "source"),
                             (window + "&prior=now", "prior")):
            answer = get(query)
            self.assertEqual((query, answer.status), (query, 422))
            self.assertIn(place, answer.text)

    # --- rights --------------------------------------------------------------------------------

    def test_rights(self):
        """A gateway posts to its own sensors and reads where it may."""
        self.assertEqual(self.send(name="gateway-weather", sensor=81, unit="W/m²",
                                   duration="PT15M").status, 200)
        self.assertEqual(self.send(name="judge", sensor=81, unit="W/m²").status, 403)
        answer = rig.ask(self.daemon.public, "GET", "/api/v3_0/sensors/84", None,
                         self.daemon.bearer("gateway-weather"))
        self.assertEqual(answer.status, 403)
        for name in ("grid-operator", "CP001", "ven-martinique"):
            # a password is no token
            self.assertEqual(self.send(name=name).status, 401)
        for token in ("Bearer", "Bearer ", "Basic xx", "Bearer " + "x" * 5000, "Bearer \xe9"):
            self.assertEqual(self.send(token=token).status, 401)

    # --- bodies --------------------------------------------------------------------------------

    def test_nonsense(self):
        good = ('{"start": "2025-10-08T00:00:00Z", "duration": "PT1M", "unit": "kW", "values": [%s]}')
        self.assertEqual(self.send(body=good % "1").status, 200)
        for body in ("", "null", "[]", "{}", '"x"', good % "1" + "x", good % "NaN", good % "1e999",
                     good % "[1]", good % '"1"', good % "true", good % "", "[" * 100000,
                     '{"a":' * 5000, good % ("1," * 600000 + "1")):
            answer = self.send(body=body)
            self.assertIn((body[:90], answer.status), ((body[:90], 400), (body[:90], 422)))
            self.assertTrue(answer.json["message"])

    def test_huge_bodies(self):
        """Refused as soon as it is known, in FlexMeasures' shape, however the bytes come."""
        head = ("POST /api/v3_0/sensors/108/data HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer "
                f"{self.secrets['gateway-site']}\r\n")
        block = b"x" * (1 << 20)

        def expect_413(*parts):
            answer = rig.say_raw(self.daemon.public, *parts).decode()
            self.assertTrue(answer.startswith("HTTP/1.1 413 "), answer[:200])
            self.assertEqual(answer.count("HTTP/1.1"), 1)
            self.assertTrue(json.loads(answer.split("\r\n\r\n", 1)[1])["message"])

        def length(size):
            return f"{head}Content-Length: {size}\r\n\r\n".encode()

        expect_413(length(64 << 20), *[block] * 64)
        expect_413(length(8 << 20), *[block] * 8)
        for announced in (8 << 20, 1 << 40, 10 ** 17):
            expect_413(length(announced))
        expect_413(f"{head}Content-Length: {64 << 20}\r\nExpect: 100-continue\r\n\r\n".encode())
        expect_413(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode(),
                   *[b"100000\r\n" + block + b"\r\n"] * 12)
        for wrong in ("Content-Length: 99999999999999999999", "Content-Length: -1",
                      "Content-Length: 5\r\nContent-Length: 6"):
            answer = rig.say_raw(self.daemon.public, f"{head}{wrong}\r\n\r\n".encode())
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer[:200])
        answer = rig.say_raw(self.daemon.public, head.encode() + b"X: " + b"y" * 70000 + b"\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 431 "), answer[:200])
        self.assertEqual(self.send(start="2025-10-01T12:50:00Z").status, 200)


rig.main(FlexMeasures)
