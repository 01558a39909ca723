# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands of a person, from cariflexctl over the real daemon to stations of the simulated world.

usage: test-ocpp-commands.py CARIFLEXD CARIFLEXCTL SITE"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import types
import unittest

from rig import CTL, SITE, main

sys.path.insert(0, str(pathlib.Path(SITE).parents[1]))
import site_run  # noqa: E402


class Commands(unittest.TestCase):
    """Tests in the order of their names, in one world of their own."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="cfx-")
        cls.addClassCleanup(cls.temporary.cleanup)
        os.environ["XDG_STATE_HOME"] = cls.temporary.name
        options = types.SimpleNamespace(scheduler="scheduler-rules", prices=None, once=True, seed=1,
                                        rate=1440.0, json=True)
        cls.run_ = site_run.SiteRun(pathlib.Path(CTL).parents[2], options)
        cls.addClassCleanup(cls.run_.stop)
        cls.run_.prepare_clock()
        cls.run_.start_daemon()
        cls.run_.wait_ready()
        cls.run_.ctl("import", SITE, "--secrets", cls.run_.folder / "secrets")
        cls.run_.start_world()
        cls.until(lambda: cls.is_online("CP009") and cls.ctl("demo", "plug", "CP009").returncode == 0)
        cls.until(lambda: cls.session("CP009"))
        cls.ctl("demo", "rate", 60)

    @classmethod
    def ctl(cls, *arguments):
        environment = dict(cls.run_.environment(), LC_ALL="C.UTF-8")
        return subprocess.run([CTL, *map(str, arguments)], capture_output=True, text=True,
                              timeout=60, env=environment)

    @classmethod
    def until(cls, true, seconds=60):
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise AssertionError("what was waited for did not come: "
                                     + cls.ctl("devices", "--json").stdout[:3000])
            time.sleep(0.1)

    @classmethod
    def session(cls, station):
        found = json.loads(cls.ctl("session", "--json").stdout)["sessions"]
        return next((s for s in found if s["station"] == station and not s.get("ended_us")), None)

    @classmethod
    def device(cls, station):
        done = cls.ctl("devices", "--json")
        found = json.loads(done.stdout)["devices"] if done.returncode == 0 else []
        return next((d for d in found if d["station"] == station), {})

    @classmethod
    def is_online(cls, station):
        return cls.device(station).get("connected", False)

    def said(self, station, action):
        """What the station has told of its own accord."""
        found = []
        for line in (self.run_.folder / "world.log").read_text().splitlines():
            entry = json.loads(line) if line.endswith("}") else {}
            frame = entry.get("frame")
            if entry.get("who") == station and entry.get("dir") == "out" and isinstance(frame, list) \
                    and frame[0] == 2 and frame[2] == action:
                found.append(frame[3])
        return found

    def command(self, station, name, **arguments):
        done = self.ctl("command", station, name, json.dumps(arguments), "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def refused(self, words, station, name, **arguments):
        done = self.ctl("command", station, name, json.dumps(arguments))
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(words, done.stderr)

    def test_a_list(self):
        done = self.ctl("command", "CP009", "--json")
        commands = json.loads(done.stdout)["commands"]
        self.assertEqual({c["name"] for c in commands},
                         {"Reset", "TriggerMessage", "RequestStartTransaction", "RequestStopTransaction",
                          "UnlockConnector", "ChangeAvailability", "GetCompositeSchedule",
                          "GetVariables", "SetVariables", "StationMessages"})
        # the last one is answered from memory, newest first
        done = self.ctl("command", "CP009", "StationMessages", "--json")
        actions = [message["action"] for message in json.loads(done.stdout)["messages"]]
        self.assertEqual(actions[-1], "BootNotification")

    def test_b_trigger(self):
        for message, action in (("StatusNotification", "StatusNotification"), ("Heartbeat", "Heartbeat"),
                                ("TransactionEvent", "TransactionEvent"), ("MeterValues", "MeterValues"),
                                ("LogStatusNotification", "LogStatusNotification")):
            before = len(self.said("CP009", action))
            self.assertEqual(self.command("CP009", "TriggerMessage", requestedMessage=message),
                             {"status": "Accepted"})
            self.until(lambda: len(self.said("CP009", action)) > before)
        # it has booted already
        self.assertEqual(self.command("CP009", "TriggerMessage", requestedMessage="BootNotification"),
                         {"status": "Rejected"})
        self.assertEqual(self.command("CP009", "TriggerMessage", requestedMessage="SignV2GCertificate"),
                         {"status": "NotImplemented"})
        self.assertEqual(self.command("CP010", "TriggerMessage", requestedMessage="TransactionEvent"),
                         {"status": "Rejected"})

    def test_c_variables(self):
        heartbeat = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
        answer = self.command("CP009", "SetVariables",
                              setVariableData=[{**heartbeat, "attributeValue": "600"}])
        self.assertEqual(answer["setVariableResult"][0]["attributeStatus"], "Accepted")
        answer = self.command("CP009", "GetVariables", getVariableData=[heartbeat])
        self.assertEqual(answer["getVariableResult"][0]["attributeValue"], "600")
        self.refused("the register has the station's password", "CP009", "SetVariables",
                     setVariableData=[{"component": {"name": "SecurityCtrlr"},
                                       "variable": {"name": "BasicAuthPassword"},
                                       "attributeValue": "0123456789abcdef"}])

    def test_d_composite(self):
        answer = self.command("CP009", "GetCompositeSchedule", duration=3600)
        self.assertEqual((answer["status"], answer["schedule"]["evseId"]), ("Accepted", 1))
        self.assertGreaterEqual(answer["schedule"]["chargingSchedulePeriod"][0]["limit"], 0)

    def test_e_unlock(self):
        self.assertEqual(self.command("CP009", "UnlockConnector"),
                         {"status": "OngoingAuthorizedTransaction"})
        self.assertEqual(self.command("CP010", "UnlockConnector"), {"status": "Unlocked"})
        self.assertEqual(self.command("CP010", "UnlockConnector", connectorId=2),
                         {"status": "UnknownConnector"})

    def test_f_stop_and_start(self):
        first = self.session("CP009")["session"]
        self.assertEqual(self.command("CP009", "RequestStopTransaction")["status"], "Accepted")
        self.until(lambda: self.session("CP009") is None)
        self.assertEqual(self.said("CP009", "TransactionEvent")[-1]["transactionInfo"]["stoppedReason"],
                         "Remote")
        # the car is there still, and the transaction is not
        self.refused("we know of no transaction there", "CP009", "RequestStopTransaction")
        answer = self.command("CP009", "RequestStopTransaction", transactionId="another")
        self.assertEqual((answer["status"], answer["statusInfo"]["reasonCode"]),
                         ("Rejected", "TxNotFound"))
        self.assertEqual(self.command("CP009", "UnlockConnector"), {"status": "Unlocked"})
        answer = self.command("CP009", "RequestStartTransaction",
                              idToken={"idToken": "", "type": "NoAuthorization"})
        self.assertEqual(answer["status"], "Accepted")
        self.until(lambda: self.session("CP009"))
        self.assertNotEqual(self.session("CP009")["session"], first)
        self.until(lambda: self.device("CP009")["measured_kw"] > 0)
        started = [e for e in self.said("CP009", "TransactionEvent") if e["eventType"] == "Started"][-1]
        self.assertEqual(started["triggerReason"], "RemoteStart")
        self.assertIn("remoteStartId", started["transactionInfo"])
        answer = self.command("CP009", "RequestStartTransaction",
                              idToken={"idToken": "", "type": "NoAuthorization"})
        self.assertEqual(answer["status"], "Rejected")

    def test_g_availability(self):
        self.assertEqual(self.command("CP009", "ChangeAvailability", operationalStatus="Inoperative"),
                         {"status": "Accepted"})
        self.until(lambda: self.session("CP009") is None and not self.device("CP009")["measured_kw"])
        self.until(lambda: self.said("CP009", "StatusNotification")[-1]["connectorStatus"]
                   == "Unavailable")
        answer = self.command("CP009", "RequestStartTransaction",
                              idToken={"idToken": "", "type": "NoAuthorization"})
        self.assertEqual(answer["status"], "Rejected")
        self.assertEqual(self.command("CP009", "ChangeAvailability", operationalStatus="Operative"),
                         {"status": "Accepted"})
        self.until(lambda: self.session("CP009"))

    def boots(self, station):
        return [boot["reason"] for boot in self.said(station, "BootNotification")]

    def test_h_reset(self):
        before = len(self.boots("CP010"))
        self.assertEqual(self.command("CP010", "Reset", type="Immediate"), {"status": "Accepted"})
        self.until(lambda: len(self.boots("CP010")) > before and self.is_online("CP010"))
        self.assertEqual(self.boots("CP010")[-1], "RemoteReset")
        self.until(lambda: self.device("CP010")["steerable"])
        # with a car there it waits
        before = len(self.boots("CP009"))
        self.assertEqual(self.command("CP009", "Reset"), {"status": "Scheduled"})
        self.assertEqual(len(self.boots("CP009")), before)
        self.assertEqual(self.ctl("demo", "unplug", "CP009").returncode, 0)
        self.until(lambda: len(self.boots("CP009")) > before and self.is_online("CP009"))
        self.assertEqual(self.boots("CP009")[-1], "ScheduledReset")

    def test_i_refused(self):
        self.refused('typ: an unknown member; did you mean "type"?', "CP010", "Reset", typ="Immediate")
        self.refused("type: not a word of the enumeration; there is: Immediate, OnIdle", "CP010",
                     "Reset", type="Now")
        self.refused('knows no command "Rest"; did you mean "Reset"?', "CP010", "Rest")
        self.refused("CP099: no such station", "CP099", "Reset")
        self.assertEqual(self.ctl("demo", "silence", "CP010", "--for", "2h").returncode, 0)
        self.until(lambda: not self.is_online("CP010"))
        self.refused("station CP010 has been away for ", "CP010", "Reset")
        self.assertEqual(self.ctl("demo", "wake", "CP010").returncode, 0)


main(Commands)
