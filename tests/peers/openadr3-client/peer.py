# SPDX-License-Identifier: LGPL-2.1-or-later
"""PyPI openadr3-client at our VTN, in both of its roles, and our VEN reading what it published.

usage: peer.py CARIFLEXD CARIFLEXCTL SITE"""

import datetime
import logging
import os
import pathlib
import sys
import time
import unittest

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback has no TLS
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))
import rig  # noqa: E402

import requests  # noqa: E402
from openadr3_client._models.common.attribute import Attribute  # noqa: E402
from openadr3_client._models.common.interval import Interval  # noqa: E402
from openadr3_client._models.common.interval_period import IntervalPeriod  # noqa: E402
from openadr3_client.bl.http_factory import BusinessLogicHttpClientFactory  # noqa: E402
from openadr3_client.oadr310._vtn.interfaces.filters import PaginationFilter, TargetFilter  # noqa: E402
from openadr3_client.oadr310.models.event.event import EventUpdate, NewEvent  # noqa: E402
from openadr3_client.oadr310.models.event.event_payload import (  # noqa: E402
    EventPayload, EventPayloadDescriptor, EventPayloadType)
from openadr3_client.oadr310.models.program.program import NewProgram, ProgramUpdate  # noqa: E402
from openadr3_client.oadr310.models.resource.resource import (  # noqa: E402
    NewResourceBlRequest, NewResourceVenRequest, ResourceUpdateBlRequest)
from openadr3_client.oadr310.models.unit import Unit  # noqa: E402
from openadr3_client.oadr310.models.ven.ven import (  # noqa: E402
    NewVenBlRequest, NewVenVenRequest, VenUpdateVenRequest)
from openadr3_client.ven.http_factory import VirtualEndNodeHttpClientFactory  # noqa: E402
from openadr3_client.version import OADRVersion  # noqa: E402

logging.getLogger().setLevel(logging.ERROR)
BASE = "/openadr3/3.1.0"
QUARTER = datetime.timedelta(minutes=15)
HOUR = datetime.timedelta(hours=1)


def next_hour():
    now = datetime.datetime.now(datetime.timezone.utc)
    return now.replace(minute=0, second=0, microsecond=0) + 2 * HOUR


def event_of(program, kind, values, start, step=QUARTER, **more):
    period = IntervalPeriod(start=start, duration=step)
    intervals = tuple(Interval(id=i, payloads=(EventPayload(type=kind, values=(value,)),))
                      for i, value in enumerate(values))
    return NewEvent(program_id=program.id, interval_period=period, intervals=intervals, **more)


def update_of(event, **more):
    """An update of an event that says all that it has."""
    whole = {name: getattr(event, name) for name in EventUpdate.model_fields}
    return EventUpdate(**(whole | more))


class Client(rig.Site):
    @classmethod
    def roles(cls):
        url = f"http://127.0.0.1:{cls.daemon.grid}{BASE}"
        makers = {"grid-operator": BusinessLogicHttpClientFactory.create_http_bl_client,
                  "ven-martinique": VirtualEndNodeHttpClientFactory.create_http_ven_client}
        # no token_url: the client finds it by itself
        return [make(vtn_base_url=url, client_id=name, client_secret=cls.daemon.secrets[name],
                     allow_insecure_http=True, version=OADRVersion.OADR_310)
                for name, make in makers.items()]

    def setUp(self):
        self.operator, self.ven = self.roles()

    def refused(self, status, call, *arguments):
        with self.assertRaises(requests.HTTPError) as caught:
            call(*arguments)
        answer = caught.exception.response
        self.assertEqual(answer.status_code, status, answer.text)
        self.assertEqual(answer.json()["status"], status)
        self.assertTrue(answer.json()["title"])
        return answer.json()

    def program(self, name, **more):
        return self.operator.programs.create_program(NewProgram(program_name=name, **more))

    def events(self, client, program):
        return client.events.get_events(None, None, program.id)

    def test_discovers_its_token_endpoint(self):
        server = self.operator.auth.get_auth_server()
        self.assertIn("/auth/token", str(server.token_url))

    def test_programs(self):
        operator = self.operator.programs
        made = self.program(
            "tariff", interval_period=IntervalPeriod(start=next_hour(), duration=HOUR),
            payload_descriptors=(EventPayloadDescriptor(payload_type=EventPayloadType.PRICE,
                                                        units=Unit.KWH, currency="EUR"),))
        self.assertEqual(made.payload_descriptors[0].currency, "EUR")
        self.assertEqual(operator.get_program_by_id(made.id), made)
        self.assertIn(made, self.ven.programs.get_programs(None, None))
        self.refused(409, self.program, "tariff")
        changed = operator.update_program_by_id(made.id, ProgramUpdate(program_name="tariff b"))
        self.assertEqual((changed.id, changed.program_name), (made.id, "tariff b"))
        self.assertIsNone(changed.interval_period)
        self.assertGreaterEqual(changed.modification_date_time, made.modification_date_time)
        self.assertEqual(operator.delete_program_by_id(made.id).id, made.id)
        self.refused(404, operator.get_program_by_id, made.id)
        self.refused(404, operator.delete_program_by_id, made.id)

    def test_events(self):
        program = self.program("of events")
        operator = self.operator.events
        made = operator.create_event(event_of(
            program, EventPayloadType.PRICE, [0.25, -0.01, 0.3], next_hour(), event_name="day ahead",
            priority=1, payload_descriptors=(EventPayloadDescriptor(
                payload_type=EventPayloadType.PRICE, units=Unit.KWH, currency="EUR"),)))
        self.assertEqual([each.payloads[0].values for each in made.intervals], [(0.25,), (-0.01,), (0.3,)])
        self.assertEqual(self.events(self.ven, program), (made,))
        self.assertEqual(self.ven.events.get_event_by_id(made.id), made)
        changed = operator.update_event_by_id(made.id, update_of(made, priority=0))
        self.assertEqual((changed.priority, changed.intervals), (0, made.intervals))
        self.refused(409, self.operator.programs.delete_program_by_id, program.id)
        self.assertEqual(operator.delete_event_by_id(made.id).id, made.id)
        self.assertEqual(self.events(self.ven, program), ())

    def test_pages(self):
        program = self.program("of pages")
        for i in range(55):
            self.operator.events.create_event(event_of(
                program, EventPayloadType.SIMPLE, [1], next_hour() + i * HOUR, event_name=f"page {i}"))
        seen = []
        for skip in (0, 20, 40, 60):
            seen += self.ven.events.get_events(None, PaginationFilter(skip=skip, limit=20), program.id)
        self.assertEqual(sorted(event.event_name for event in seen), sorted(f"page {i}" for i in range(55)))
        self.refused(400, self.ven.events.get_events, None, PaginationFilter(skip=0, limit=51), None)

    def test_targets(self):
        ven = self.operator.vens.create_ven(NewVenBlRequest(
            ven_name="targeted", client_id="ven-martinique", targets=("north", "cars")))
        self.assertEqual(ven.targets, ("north", "cars"))
        program = self.program("of targets")
        for name, targets in (("north", ("north",)), ("south", ("south",)), ("both", ("north", "cars")),
                              ("all", None)):
            self.operator.events.create_event(event_of(
                program, EventPayloadType.SIMPLE, [1], next_hour(), event_name=name, targets=targets))

        def names(client, *targets):
            given = TargetFilter(targets=list(targets)) if targets else None
            return {event.event_name for event in client.events.get_events(given, None, program.id)}

        self.assertEqual(names(self.operator), {"north", "south", "both", "all"})
        self.assertEqual(names(self.operator, "north"), {"north", "both"})
        # any of them: the client's text says all, the standard's that they are what is looked for
        self.assertEqual(names(self.operator, "south", "cars"), {"south", "both"})
        # what is for others it does not see
        self.assertEqual(names(self.ven), {"north", "both", "all"})
        self.operator.vens.delete_ven_by_id(ven.id)

    def test_ven_registers(self):
        ven = self.ven.vens.create_ven(NewVenVenRequest(ven_name="the island"))
        self.assertEqual((ven.client_id, ven.targets), ("ven-martinique", None))
        self.refused(409, self.ven.vens.create_ven, NewVenVenRequest(ven_name="the island"))
        changed = self.ven.vens.update_ven_by_id(ven.id, VenUpdateVenRequest(ven_name="an island"))
        self.assertEqual(changed.ven_name, "an island")
        self.assertEqual([each.id for each in self.operator.vens.get_vens("an island", None, None)], [ven.id])

        hall = self.ven.resources.create_resource(
            NewResourceVenRequest(resource_name="car park", ven_id=ven.id))
        self.assertEqual(hall.client_id, "ven-martinique")
        self.operator.resources.create_resource(NewResourceBlRequest(
            resource_name="roof", ven_id=ven.id, client_id="ven-martinique", targets=("sun",)))
        roof = next(each for each in self.ven.resources.get_resources(ven.id)
                    if each.resource_name == "roof")
        self.assertEqual(roof.targets, ("sun",))
        roof = self.operator.resources.update_resource_by_id(roof.id, ResourceUpdateBlRequest(
            resource_name="roof east", ven_id=ven.id, client_id="ven-martinique"))
        self.assertEqual((roof.resource_name, roof.targets), ("roof east", None))
        self.refused(409, self.ven.vens.delete_ven_by_id, ven.id)
        for resource in (hall, roof):
            self.ven.resources.delete_resource_by_id(resource.id)
        self.ven.vens.delete_ven_by_id(ven.id)
        self.refused(404, self.ven.vens.get_ven_by_id, ven.id)

    def test_a_ven_sees_nothing_of_another(self):
        other = self.operator.vens.create_ven(NewVenBlRequest(
            ven_name="elsewhere", client_id="somebody-else"))
        pump = self.operator.resources.create_resource(NewResourceBlRequest(
            resource_name="pump", ven_id=other.id, client_id="somebody-else"))
        vens, resources = self.ven.vens, self.ven.resources
        self.assertNotIn(other.id, [each.id for each in vens.get_vens(None, None, None)])
        self.assertNotIn(pump.id, [each.id for each in resources.get_resources(None)])
        self.refused(404, vens.get_ven_by_id, other.id)
        self.refused(404, vens.update_ven_by_id, other.id, VenUpdateVenRequest(ven_name="taken over"))
        self.refused(404, vens.delete_ven_by_id, other.id)
        self.refused(404, resources.get_resource_by_id, pump.id)
        self.refused(404, resources.delete_resource_by_id, pump.id)
        self.refused(404, resources.create_resource,
                     NewResourceVenRequest(resource_name="stowaway", ven_id=other.id))
        self.operator.resources.delete_resource_by_id(pump.id)
        self.assertEqual(self.operator.vens.delete_ven_by_id(other.id).ven_name, "elsewhere")

    def test_a_ven_publishes_nothing(self):
        program = self.program("of the operator")
        writer = type(self.operator.events)
        session = self.ven.events.session
        url = f"http://127.0.0.1:{self.daemon.grid}{BASE}"
        forged = writer.__new__(writer)
        forged.session, forged.base_url = session, url
        event = event_of(program, EventPayloadType.PRICE, [0.1], next_hour())
        self.refused(403, forged.create_event, event)
        self.assertEqual(self.events(self.operator, program), ())

    def test_wrong_secret(self):
        url = f"http://127.0.0.1:{self.daemon.grid}{BASE}"
        client = BusinessLogicHttpClientFactory.create_http_bl_client(
            vtn_base_url=url, client_id="grid-operator", client_secret="guessed",
            allow_insecure_http=True, version=OADRVersion.OADR_310)
        with self.assertRaisesRegex(Exception, "invalid_client"):
            client.programs.get_programs(None, None)

    def test_reports_and_subscriptions_come_later(self):
        self.refused(501, self.operator.reports.get_reports, None, None, None, None)
        self.refused(501, self.operator.subscriptions.get_subscriptions, None, None, None, None)

    def test_published_events_reach_a_site(self):
        start = next_hour()
        text = start.strftime("%Y-%m-%dT%H:%M:%SZ")
        program = self.program("of the site")
        operator = self.operator.events
        price = operator.create_event(event_of(
            program, EventPayloadType.PRICE, [0.25, 0.125], start, payload_descriptors=(
                EventPayloadDescriptor(payload_type=EventPayloadType.PRICE, units=Unit.KWH,
                                       currency="EUR"),)))
        cut = operator.create_event(event_of(
            program, EventPayloadType("x-loadControlCapacity"), [0.5], start, HOUR))
        secret = self.daemon.folder / "secrets" / "ven-martinique"
        site = self.new_daemon("ven", rig.ven_group(f"http://127.0.0.1:{self.daemon.grid}{BASE}", **{
            "client-id": "ven-martinique", "client-secret-file": secret}))
        site.start()
        site.import_site()

        def see(sensor, step, unit, expected):
            rig.until(lambda: site.series(sensor, text, step, unit, step) == expected,
                      f"{expected} on sensor {sensor}")

        see(84, "PT15M", "EUR/MWh", [250])
        see(86, "PT1M", "%25", [50])
        # changed, and one of them called off, while the VTN is killed and comes back
        self.daemon.kill()
        self.daemon.start()
        again = [Interval(id=0, payloads=(EventPayload(type=EventPayloadType.PRICE, values=(0.5,)),))]
        operator.update_event_by_id(price.id, update_of(price, intervals=tuple(again)))
        operator.delete_event_by_id(cut.id)
        see(84, "PT15M", "EUR/MWh", [500])
        see(86, "PT1M", "%25", [100])


if __name__ == "__main__":
    unittest.TestCase.maxDiff = None
    rig.main(Client)
