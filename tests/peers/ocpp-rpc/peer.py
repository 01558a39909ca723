# SPDX-License-Identifier: LGPL-2.1-or-later
"""A charging station on npm ocpp-rpc, whose strict mode checks every message of both sides.

usage: peer.py CARIFLEXD CARIFLEXCTL SITE (the package stands in NODE_PATH)"""

import datetime
import json
import pathlib
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "integration"))
import rig  # noqa: E402

LIMIT = {"component": {"name": "SmartChargingCtrlr"}, "variable": {"name": "RateUnit"}}
TOKEN = {"idToken": "MQ-9001", "type": "ISO14443"}


def now(hours=0):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Station:
    def __init__(self, port, identity, password, protocol="ocpp2.0.1"):
        self.node = subprocess.Popen(
            ["node", HERE / "station.js", f"ws://127.0.0.1:{port}/ocpp", identity, password, protocol],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.number, self.done, self.events = 0, {}, []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.node.stdout:
            said = json.loads(line)
            if "done" in said:
                self.done[said["done"]] = said
            else:
                self.events.append(said)

    def order(self, order, **more):
        self.number += 1
        number = self.number
        self.node.stdin.write(json.dumps({"order": order, "number": number, **more}) + "\n")
        self.node.stdin.flush()
        return rig.until(lambda: self.done.get(number), f"the end of {order} {more}")

    def call(self, method, params):
        said = self.order("call", method=method, params=params)
        if "error" in said:
            raise AssertionError(f"{method}: {said}")
        return said["result"]

    def of(self, event, **more):
        return [e for e in list(self.events)
                if e["event"] == event and all(e.get(k) == v for k, v in more.items())]

    def called(self, method):
        return [e["params"] for e in self.of("called", method=method)]

    def profiles(self, purpose):
        return [p["chargingProfile"] for p in self.called("SetChargingProfile")
                if p["chargingProfile"]["chargingProfilePurpose"] == purpose]

    def event(self, kind, seq, trigger, state=None, **more):
        info = {"transactionId": "tx-rpc", **({"chargingState": state} if state else {})}
        return self.call("TransactionEvent", {
            "eventType": kind, "timestamp": now(), "triggerReason": trigger, "seqNo": seq,
            "transactionInfo": info, "evse": {"id": 1, "connectorId": 1}, **more})

    def error_of(self, text):
        """(message id, code) of the CALLERROR to a frame sent as it is."""
        before = len(self.events)
        self.order("raw", text=text)

        def look():
            for event in self.events[before:]:
                frame = json.loads(event["text"]) if event["event"] == "heard" else [0]
                if frame[0] == 4:
                    return frame[1], frame[2]
            return None
        return rig.until(look, f"the CALLERROR to {text[:60]}")

    def end(self):
        self.node.stdin.close()
        self.node.wait(rig.PATIENCE_S)
        self.node.stdout.close()


class Peer(rig.Site):
    @classmethod
    def new_daemon(cls, name, groups=""):
        return super().new_daemon(name, groups + "[scheduler:rules]\nplugin=scheduler-rules\n"
                                  "[planner]\nscheduler=rules\n")

    def station(self, identity="CP001", password=None, protocol="ocpp2.0.1"):
        station = Station(self.daemon.internal, identity,
                          password or self.secrets.get(identity, "none"), protocol)
        self.addCleanup(station.end)
        return station

    def booted(self, identity="CP001"):
        station = self.station(identity)
        self.assertNotIn("error", station.order("connect"))
        answer = station.call("BootNotification", {
            "reason": "PowerUp", "chargingStation": {"model": "Peer", "vendorName": "Node"}})
        self.assertEqual(answer["status"], "Accepted")
        return station

    def command(self, name, arguments):
        done = self.daemon.ctl("command", "CP001", name, json.dumps(arguments), "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def assert_strict(self, station):
        self.assertEqual(station.of("strict") + station.of("bad") + station.of("failed"), [])

    def test_door(self):
        self.assertEqual(self.station(password="wrong").order("connect")["error"], 401)
        self.assertEqual(self.station("CP404", "any").order("connect")["error"], 404)

    def test_other_protocol(self):
        self.assertIn("error", self.station("CP003", protocol="ocpp1.6").order("connect"))

    def test_session(self):
        station = self.booted()
        rig.until(lambda: station.profiles("TxDefaultProfile"), "the fail-safe power")
        rig.until(lambda: station.called("GetBaseReport"), "the inventory")
        station.call("StatusNotification", {"timestamp": now(), "connectorStatus": "Available",
                                            "evseId": 1, "connectorId": 1})
        station.call("Heartbeat", {})
        answer = station.call("Authorize", {"idToken": TOKEN})
        self.assertEqual(answer["idTokenInfo"]["status"], "Accepted")
        answer = station.event("Started", 0, "CablePluggedIn", "EVConnected", idToken=TOKEN)
        self.assertEqual(answer["idTokenInfo"]["status"], "Accepted")
        answer = station.call("NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": {
            "requestedEnergyTransfer": "AC_three_phase", "departureTime": now(8),
            "acChargingParameters": {"energyAmount": 20000, "evMinCurrent": 6,
                                     "evMaxCurrent": 16, "evMaxVoltage": 230}}})
        self.assertEqual(answer["status"], "Accepted")
        rig.until(lambda: station.profiles("TxProfile"), "the plan")
        self.assertEqual(station.profiles("TxProfile")[-1]["transactionId"], "tx-rpc")
        station.event("Updated", 1, "ChargingStateChanged", "Charging")
        station.call("MeterValues", {"evseId": 1, "meterValue": [{"timestamp": now(), "sampledValue": [
            {"value": 4000, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W"}}]}]})
        for name, arguments, asked, answer in (
                ("Reset", {}, {"type": "OnIdle"}, {"status": "Scheduled"}),
                ("TriggerMessage", {"requestedMessage": "Heartbeat"},
                 {"requestedMessage": "Heartbeat"}, {"status": "NotImplemented"}),
                ("RequestStartTransaction", {"idToken": TOKEN}, {"idToken": TOKEN, "evseId": 1},
                 {"status": "Rejected"}),
                ("RequestStopTransaction", {}, {"transactionId": "tx-rpc"}, {"status": "Accepted"}),
                ("UnlockConnector", {}, {"evseId": 1, "connectorId": 1},
                 {"status": "UnlockFailed", "statusInfo": {"reasonCode": "Stuck"}}),
                ("ChangeAvailability", {"operationalStatus": "Operative"},
                 {"operationalStatus": "Operative"}, {"status": "Scheduled"}),
                ("GetVariables", {"getVariableData": [LIMIT]}, {"getVariableData": [LIMIT]},
                 {"getVariableResult": [{"attributeStatus": "Accepted", "attributeValue": "A,W", **LIMIT}]}),
                ("SetVariables", {"setVariableData": [{**LIMIT, "attributeValue": "A"}]},
                 {"setVariableData": [{**LIMIT, "attributeValue": "A"}]},
                 {"setVariableResult": [{"attributeStatus": "Accepted", **LIMIT}]})):
            with self.subTest(name):
                self.assertEqual(self.command(name, arguments), answer)
                self.assertLessEqual(asked.items(), station.called(name)[-1].items())
        self.assertEqual(self.command("GetCompositeSchedule", {"duration": 600})["schedule"]["duration"], 600)

        for what, breaks in (("a dropped connection", lambda: station.order("drop")),
                             ("kill -9 of the daemon", lambda: (self.daemon.kill(), self.daemon.start()))):
            with self.subTest(what):
                opened, read = len(station.of("open")), len(station.called("GetChargingProfiles"))
                breaks()
                rig.until(lambda: len(station.of("open")) > opened, "the way back")
                rig.until(lambda: len(station.called("GetChargingProfiles")) > read, "reading back")
        station.event("Ended", 2, "EVDeparted")
        self.assertIn("tx-rpc", self.daemon.ctl("session", "--json").stdout)
        self.assert_strict(station)

    def test_wrong_frames(self):
        station = self.booted("CP002")
        boot = {"reason": "PowerUp", "chargingStation": {"model": "Peer", "vendorName": "Node"}}
        for text, answer in (
                ('[2,', ("-1", "RpcFrameworkError")),
                ('[2,"a"', ("a", "RpcFrameworkError")),  # cut off after an id that can be read
                ('{}', ("-1", "RpcFrameworkError")),
                ('[2,7,"Heartbeat",{}]', ("-1", "RpcFrameworkError")),
                ('[9,"b","Heartbeat",{}]', ("b", "MessageTypeNotSupported")),
                ('[2,"c","NoSuchAction",{}]', ("c", "NotImplemented")),
                ('[2,"d","Heartbeat",{"unknown":1}]', ("d", "FormatViolation")),
                ('[2,"e","BootNotification",{"reason":"PowerUp"}]', ("e", "OccurrenceConstraintViolation")),
                (json.dumps([2, "f", "BootNotification", {**boot, "reason": 5}]),
                 ("f", "TypeConstraintViolation")),
                (json.dumps([2, "g", "BootNotification", {**boot, "reason": "Whim"}]),
                 ("g", "PropertyConstraintViolation"))):
            with self.subTest(text):
                self.assertEqual(station.error_of(text), answer)
        self.assertIn("currentTime", station.call("Heartbeat", {}))  # the connection has lived on

    def test_repeated_message(self):
        station = self.booted("CP005")
        for _ in range(2):
            station.order("raw", text='[2,"again","Heartbeat",{}]')

        def answers():
            frames = [json.loads(event["text"]) for event in station.of("heard")]
            return [frame for frame in frames if frame[:2] == [3, "again"]]
        rig.until(lambda: len(answers()) == 2, "an answer to each")

    def test_oversized(self):
        station = self.booted("CP006")
        station.order("raw", text='[2,"big","Heartbeat",{"x":"' + "x" * (4 << 20) + '"}]')
        rig.until(lambda: station.of("disconnect", code=1009), "the end as too big")
        rig.until(lambda: len(station.of("open")) == 2, "the way back")

    def test_two_with_one_identity(self):
        first, second = self.booted("CP004"), self.station("CP004")
        self.assertNotIn("error", second.order("connect"))
        rig.until(lambda: first.of("disconnect"), "the end of the first connection")


rig.main(Peer)
