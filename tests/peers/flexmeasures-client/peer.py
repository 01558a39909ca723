# SPDX-License-Identifier: LGPL-2.1-or-later
"""The official FlexMeasures client (PyPI flexmeasures-client) against the real daemon.

usage: peer.py CARIFLEXD CARIFLEXCTL SITE"""

import asyncio
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))
import rig  # noqa: E402
from flexmeasures_client import FlexMeasuresClient  # noqa: E402

START = "2025-10-01T12:00:00+00:00"


class Client(rig.Site):
    def use(self, call, name="gateway-site"):
        """What a call of the client gives, with the token of that principal."""
        async def main():
            client = FlexMeasuresClient(
                password="unused", email="gateway@example.org", ssl=False, access_token=self.secrets[name],
                host=f"127.0.0.1:{self.daemon.public}", max_request_attempts=1)
            try:
                return await call(client)
            finally:
                await client.close()
        return asyncio.run(main())

    def test_post_and_get(self):
        values = [4.5, 5.25, 6.0, 7.75]
        self.use(lambda c: c.post_sensor_data(103, start=START, duration="PT1H", values=values, unit="kW"),
                 "forecaster")
        got = self.use(lambda c: c.get_sensor_data(103, START, "PT1H", "kW", "PT15M"), "judge")
        self.assertEqual(got["values"], values)
        self.assertEqual(got["unit"], "kW")

    def test_units_are_converted(self):
        self.use(lambda c: c.post_sensor_data(103, start="2025-10-01T14:00:00+00:00", duration="PT15M",
                                              values=[0.01], unit="MW"), "forecaster")
        got = self.use(lambda c: c.get_sensor_data(103, "2025-10-01T14:00:00+00:00", "PT15M", "kW", "PT15M"),
                       "judge")
        self.assertAlmostEqual(got["values"][0], 10.0)

    def test_refusals_reach_the_caller(self):
        for sensor, name in ((999999, "forecaster"), (103, "judge")):
            with self.assertRaises(Exception):
                self.use(lambda c, s=sensor: c.post_sensor_data(
                    s, start=START, duration="PT15M", values=[1.0], unit="kW"), name)


rig.main(Client)
