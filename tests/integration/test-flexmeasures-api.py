#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the FlexMeasures API answers to beliefs, right and wrong."""

import json
import sqlite3

import rig


class FlexMeasures(rig.Site):
    def send(self, sensor=108, name="gateway-site", body=None, method="POST", token=None, **more):
        message = {"start": "2025-10-01T12:00:00Z", "duration": "PT1M", "values": [4.5], "unit": "kW"}
        message.update(more)
        token = token or f"Bearer {self.secrets[name]}"
        return self.ask(self.public, method, f"/api/v3_0/sensors/{sensor}/data",
                        json.dumps(message) if body is None else body,
                        {"Authorization": token, "Content-Type": "application/json"})

    def test_tokens(self):
        answer = self.ask(self.public, "POST", "/api/v3_0/sensors/108/data", "{}",
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
        self.assertEqual(self.ask(self.public, "GET", "/api/v3_0/nothing", None, token).status, 404)
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
        self.kill()
        self.assertEqual(answer.status, 200)
        with sqlite3.connect(self.database) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        self.start()
        answer = self.ask(
            self.public, "GET", "/api/v3_0/sensors/108/data?start=2025-10-01T14:00:00Z"
            "&duration=PT15M&resolution=PT15M&unit=kW", None, {"Authorization": f"Bearer {self.secrets['judge']}"})
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(answer.json["values"], [7.25])


rig.main(FlexMeasures)
