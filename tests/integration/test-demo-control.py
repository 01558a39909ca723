# SPDX-License-Identifier: LGPL-2.1-or-later
"""A person touches the world of a demo: what follows at the real daemon, and what is refused.

usage: test-demo-control.py CARIFLEXD CARIFLEXCTL SITE"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import types
import unittest

from rig import CTL, SITE, main

sys.path.insert(0, str(pathlib.Path(SITE).parents[1]))
import site_run  # noqa: E402


class Demo(unittest.TestCase):
    """Tests in the order of their names, in one world of their own."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="cfx-")
        cls.addClassCleanup(cls.temporary.cleanup)
        os.environ["XDG_STATE_HOME"] = cls.temporary.name
        options = types.SimpleNamespace(scheduler="scheduler-flow", prices=None, once=True, seed=1,
                                        rate=1440.0, json=True)
        cls.run_ = site_run.SiteRun(pathlib.Path(CTL).parents[2], options)
        cls.addClassCleanup(cls.run_.stop)
        cls.run_.prepare_clock()
        cls.run_.start_daemon()
        cls.run_.wait_ready()
        cls.run_.ctl("import", SITE, "--secrets", cls.run_.folder / "secrets")
        cls.run_.start_world()
        cls.until(lambda: cls.car("CP001") is not None and cls.station("CP001")["got_wh"] > 0)
        cls.demo("rate", 60)

    @classmethod
    def ctl(cls, *arguments):
        environment = dict(cls.run_.environment(), LC_ALL="C.UTF-8")
        return subprocess.run([CTL, *map(str, arguments)], capture_output=True, text=True,
                              timeout=60, env=environment)

    @classmethod
    def demo(cls, *arguments):
        done = cls.ctl("demo", *arguments, "--json")
        return json.loads(done.stdout) if done.stdout else {"ok": False, "error": done.stderr}

    @classmethod
    def station(cls, name):
        return next(s for s in cls.demo("status")["stations"] if s["station"] == name)

    @classmethod
    def car(cls, name):
        answer = cls.demo("status")
        return answer["ok"] and next(s for s in answer["stations"] if s["station"] == name)["car"] or None

    @classmethod
    def until(cls, true, seconds=60):
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise AssertionError("what was waited for did not come: "
                                     + json.dumps(cls.run_.ctl_json("session"))[:1500])
            time.sleep(0.1)

    def sessions(self, station):
        found = self.run_.ctl_json("session")["sessions"]
        return [s for s in found if s["station"] == station and not s.get("ended_us")]

    def online(self, station):
        found = self.run_.ctl_json("devices")["devices"]
        return next(s for s in found if s["station"] == station)["connected"]

    def refused(self, words, *arguments):
        answer = self.demo(*arguments)
        self.assertFalse(answer["ok"], answer)
        self.assertIn(words, answer["error"])

    def test_a_rate_and_pause(self):
        self.assertEqual(self.demo("status")["rate"], 60)
        self.assertTrue(self.demo("pause")["paused"])
        before = self.demo("status")["now"]
        time.sleep(0.3)
        self.assertEqual(self.demo("status")["now"], before)
        self.assertFalse(self.demo("resume")["paused"])
        self.until(lambda: self.demo("status")["now"] > before)
        self.refused("1 to 1440", "rate", 5000)
        self.assertEqual(self.demo("rate", 30)["rate"], 30)

    def test_b_need(self):
        answer = self.demo("need", "CP001", "--need", "9.5kWh", "--by", "16:45")
        self.assertEqual(answer["by_clock"], "16:45")
        # the message tells what is still to come; what has flowed is the daemon's own meter
        self.until(lambda: abs(self.sessions("CP001")[0]["need"]["wh"] - 9500) < 300)
        self.assertTrue(self.sessions("CP001")[0]["departure"]["at"].startswith("2025-10-01T20:45"))
        self.refused("no car is plugged in", "need", "CP010", "--need", "3kWh")
        self.until(lambda: self.station("CP001")["got_wh"] > 150)
        self.refused("has", "need", "CP001", "--need", "0.1kWh")
        self.refused("no station \"CP099\"", "need", "CP099", "--need", "3kWh")

    def test_c_event(self):
        self.refused("0 to 100", "event", 300)
        self.demo("rate", 600)
        self.refused("6 minutes ahead", "event", 40, "--in", "1min")
        self.demo("rate", 60)
        answer = self.demo("event", 40, "--in", "5min", "--for", "30min")
        self.assertTrue(answer["ok"], answer)
        self.until(lambda: '"by hand' in self.log())
        self.until(lambda: self.demo("status")["now"] > answer["start"])
        self.until(lambda: self.ctl_limit() == 28)

    def log(self):
        return (self.run_.folder / "world.log").read_text()

    def ctl_limit(self):
        return round(self.run_.ctl_json("status")["engine"]["sites"][0]["limit_kw"])

    def test_d_plug_and_unplug(self):
        answer = self.demo("plug", "CP009", "--need", "4kWh")
        self.assertTrue(answer["ok"], answer)
        self.until(lambda: self.sessions("CP009"))
        self.refused("unplug it first", "plug", "CP009")
        self.assertTrue(self.demo("unplug", "CP009")["ok"])
        self.until(lambda: not self.sessions("CP009"))
        self.refused("no car", "unplug", "CP009")

    def test_e_silence_and_wake(self):
        self.assertTrue(self.demo("silence", "CP002", "--for", "2h")["ok"])
        self.until(lambda: not self.online("CP002"))
        self.refused("silent already", "silence", "CP002")
        self.assertTrue(self.demo("wake", "CP002")["ok"])
        self.until(lambda: self.online("CP002"))
        self.refused("has its network", "wake", "CP002")

    def test_ea_sync(self):
        self.assertEqual(self.run_.ctl_json("sync")["differences"], 0)
        site = json.loads(pathlib.Path(SITE).read_text())
        evse = next(b["asset"] for b in site["bindings"] if b["identity"] == "CP010")
        asset = next(a for a in site["assets"] if a["id"] == evse)
        rated = asset["flex_model"]["power-capacity"]
        asset["flex_model"]["power-capacity"] = "44 kW"
        changed = self.run_.folder / "changed.json"
        changed.write_text(json.dumps(site))
        self.run_.ctl("import", changed, "--secrets", self.run_.folder / "secrets")
        found = self.run_.ctl_json("sync")
        self.assertEqual((found["differences"], found["mended"]), (1, 0))
        self.assertIn("44.00 kW", self.ctl("sync").stdout)
        self.assertEqual(self.run_.ctl_json("sync", "--mend")["mended"], 1)
        self.assertEqual(self.run_.ctl_json("sync")["differences"], 0)
        assets = self.run_.ctl_json("assets")["assets"]
        now = next(a for a in assets if a["id"] == evse)["flex_model"]["power-capacity"]
        self.assertEqual(float(now.split()[0]), 1000 * float(rated.split()[0]))

    def test_f_bad_lines(self):
        path = str(self.run_.folder / "world-run" / "control")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)

        def say(data):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(10)
                peer.connect(path)
                peer.sendall(data)
                try:
                    return peer.makefile("rb").readline()
                except ConnectionResetError:
                    return b""

        for data, words in ((b"nonsense\n", b"parse"), (b"[1]\n", b"JSON object"),
                            (b'{"do":"dance"}\n', b"one of status"), (b"[" * 3000 + b"\n", b"error"),
                            (b'{"do":"pause","x":1}\n', b"no such member")):
            answer = say(data)
            self.assertIn(b'"ok":false', answer)
            self.assertIn(words, answer.lower() if words == b"parse" else answer)
        self.assertEqual(say(b"x" * 100_000), b"")  # a line without end: closed, without an answer
        self.assertTrue(self.demo("status")["ok"])

    def test_g_no_world(self):
        done = self.ctl("demo", "status", "--world", "/nonexistent/control")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent/control", done.stderr)


main(Demo)
