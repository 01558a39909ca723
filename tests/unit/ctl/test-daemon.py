#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""cariflexd and cariflexctl as a person meets them: configuration, control socket, signals."""

import json
import os
import pathlib
import pwd
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import unittest

DAEMON, CTL = sys.argv[1:3]
SITE = os.environ["CARIFLEX_SITE"]
COMPLETION = os.environ["CARIFLEX_COMPLETION"]


class Case(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="cfx-")
        self.folder = pathlib.Path(self.temporary.name)
        self.socket = self.folder / "run" / "bus"
        self.environment = dict(os.environ, CARIFLEX_SOCKET=str(self.socket))
        self.running = []

    def tearDown(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stderr.close()
        self.temporary.cleanup()

    def config(self, text, name="x.conf", run="run"):
        path = self.folder / name
        path.write_text(f"[host]\nrun-dir={run}\nstate-dir=state\n" + text)
        return path

    def storage(self, name="x.db"):
        return f"[storage:main]\nplugin=sqlite\npath={self.folder}/{name}\n"

    def check(self, path):
        done = subprocess.run([DAEMON, "--check-config", "--config", path], text=True,
                              capture_output=True, env=self.environment, timeout=30)
        return done.returncode, done.stdout, done.stderr

    def start(self, path, wait=True, **more):
        process = subprocess.Popen([DAEMON, "--config", path], stderr=subprocess.PIPE, text=True,
                                   env=dict(self.environment, **more))
        self.running.append(process)
        if wait:
            until = time.monotonic() + 30
            while time.monotonic() < until and self.ctl("status")[0] != 0:
                if process.poll() is not None:
                    self.fail(process.stderr.read())
                time.sleep(0.02)
        return process

    def refused(self, path):
        process = self.start(path, wait=False)
        _, text = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 1, text)
        return text

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        _, text = process.communicate(timeout=30)
        return process.returncode, text

    def import_site(self):
        """The demo's site, with secrets."""
        secrets = self.folder / "secrets"
        secrets.mkdir()
        for principal in json.loads(pathlib.Path(SITE).read_text())["principals"]:
            for credential in principal.get("credentials", []):
                if "secret" in credential:
                    (secrets / credential["secret"]).write_text("0123456789abcdef0123456789abcdef\n")
        return self.ctl("import", SITE, "--secrets", secrets, "--json")

    def ctl(self, *arguments, **more):
        done = subprocess.run([CTL, *map(str, arguments)], text=True, capture_output=True, timeout=60,
                              env=dict(self.environment, **more))
        return done.returncode, done.stdout, done.stderr

    def offered(self, *words):
        """What bash offers for the last of the words."""
        script = '. "$0"; COMP_WORDS=(cariflexctl "$@"); COMP_CWORD=$#; _cariflexctl; printf "%s\\n" "${COMPREPLY[@]}"'
        path = f"{pathlib.Path(CTL).resolve().parent}:{os.environ['PATH']}"
        done = subprocess.run(["bash", "-c", script, COMPLETION, *words], text=True, capture_output=True,
                              timeout=60, env=dict(self.environment, PATH=path))
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    # --- configuration

    def test_right_configuration(self):
        status, out, error = self.check(self.config(self.storage()))
        self.assertEqual((status, error), (0, ""))
        self.assertIn("the configuration is right", out)

    def test_all_mistakes_at_once(self):
        path = self.config(
            "log-lvel=debug\n[adaptor:x]\n[storage:main]\nplugin=sqlight\n[adapter:api]\nplugin=flexmeasures\n"
            "listener=pubic\n[listener:public]\naddress=127.0.0.1:0\n[planner]\nscheduler=flow\n"
            "[adapter:main]\nplugin=sqlite\n[clock:a]\n")
        status, _, error = self.check(path)
        self.assertEqual(status, 1)
        lines = error.splitlines()
        for expected in (
                ':4: [host] unknown key "log-lvel"; did you mean "log-level"?',
                ':5: [adaptor:x] unknown kind of group "adaptor"; did you mean "adapter"?',
                ':7: [storage:main] plugin=sqlight: there is no plugin "sqlight" in ',
                ':10: [adapter:api] listener=pubic names no listener: there is no group [listener:pubic]; '
                'there is "public"',
                ':14: [planner] scheduler=flow names no scheduler: there is no group [scheduler:flow]',
                ': "sqlite" is a plugin of kind storage: it belongs in a group [storage:…], not [adapter:…]',
                ':15: [adapter:main] the name "main" is that of [storage:main] too; choose another',
                ":17: [clock:a] takes no name: write [clock]"):
            self.assertTrue(any(expected in line for line in lines), f"{expected}\nnot in\n{error}")
        self.assertIn("8 mistakes in the configuration", lines[-1])

    def test_drop_ins(self):
        path = self.config("log-level=message\n")
        (self.folder / "x.conf.d").mkdir()
        (self.folder / "x.conf.d" / "10-a.conf").write_text("[host]\nlog-level=nonsense\n")
        status, _, error = self.check(path)
        self.assertEqual(status, 1)
        self.assertIn("10-a.conf:2: [host] log-level=nonsense is none of: debug, info,", error)

    def test_no_such_file(self):
        status, _, error = self.check(self.folder / "none.conf")
        self.assertEqual(status, 1)
        self.assertIn("No such file", error)

    def test_secret_is_never_shown(self):
        path = self.config(
            "[adapter:ven]\nplugin=openadr-ven\nurl=http://127.0.0.1:1/\nclient-id=x\n"
            "client-secret-file=hunter2hunter2\nsite=1\n" + self.storage())
        status, out, error = self.check(path)
        self.assertEqual(status, 1)
        self.assertNotIn("hunter2", out + error)

    def test_usage(self):
        done = subprocess.run([DAEMON, "--nonsense"], text=True, capture_output=True, timeout=30)
        self.assertEqual(done.returncode, 2)
        done = subprocess.run([DAEMON, "--version"], text=True, capture_output=True, timeout=30)
        self.assertRegex(done.stdout, r"^cariflexd \d+\.\d+\.\d+, plugin ABI 1\.\d+\n$")

    # --- clocks

    def page(self):
        path = self.folder / "clock"
        now = 1759320000 * 10**6
        path.write_bytes(struct.pack("=IIQqqdq", 1, 0, 2, 0, now, 0.0, now))
        return f"[clock]\npage={path}\n"

    def test_simulated_clock_stays_at_home(self):
        status, _, error = self.check(
            self.config(self.page() + "[listener:a]\naddress=0.0.0.0:0\n"))
        self.assertEqual(status, 1)
        self.assertIn("[listener:a] address=", error)
        status, _, error = self.check(
            self.config(self.page() + "[listener:a]\naddress=127.0.0.1:0\n"))
        self.assertEqual((status, error), (0, ""))

    def test_store_is_real_or_simulated(self):
        self.stop(self.start(self.config(self.storage())))
        text = self.refused(self.config(self.page() + self.storage()))
        self.assertIn("simulated", text)
        self.stop(self.start(self.config(self.page() + self.storage("y.db"))))
        text = self.refused(self.config(self.storage("y.db")))
        self.assertIn("simulated", text)

    # --- life

    def test_orderly_stop(self):
        path = self.config("log-level=debug\n" + self.storage() + "[listener:a]\naddress=127.0.0.1:0\n"
                           "[scheduler:flow]\nplugin=scheduler-flow\n[planner]\nscheduler=flow\n")
        process = self.start(path)
        self.assertEqual(self.import_site()[0], 0)
        status, text = self.stop(process)
        self.assertEqual(status, 0, text)
        # each part in its turn: nobody new, then who talks to devices, who plans, who stores
        steps = [line.split("stopping: ")[1] for line in text.splitlines() if "stopping: " in line]
        self.assertEqual(steps, ["web", "adapters", "engine", "schedulers", "store", "control socket"])
        self.assertNotIn("takes too long", text)
        self.assertTrue(text.splitlines()[-1].endswith("host: stopped"), text)
        self.assertFalse(self.socket.exists())
        # the store was closed: it is one file that is whole, and all that was said is in it
        self.assertFalse([p.name for p in self.folder.glob("x.db-*") if p.name != "x.db-lock"])
        with sqlite3.connect(self.folder / "x.db") as store:
            self.assertEqual(store.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            self.assertGreater(store.execute("SELECT count(*) FROM records").fetchone()[0], 20)
        store.close()

    def test_killed_socket_is_replaced(self):
        process = self.start(self.config(""))
        process.kill()
        process.communicate()
        self.assertTrue(self.socket.exists())
        status, _, error = self.ctl("status")
        self.assertEqual(status, 1)
        self.assertIn("nobody answers at", error)
        self.start(self.config(""))

    def test_second_daemon(self):
        self.start(self.config(""))
        self.assertIn("another cariflexd serves", self.refused(self.config("", "y.conf")))

    def test_port_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            text = self.refused(self.config(f"[listener:a]\naddress=127.0.0.1:{port}\n"))
        self.assertIn("[listener:a]", text)
        self.assertIn(str(port), text)

    def test_reload(self):
        text = self.storage() + "[adapter:api]\nplugin=flexmeasures\nlistener=a\n[listener:a]\naddress=127.0.0.1:0\n"
        path = self.config("log-level=message\n" + text)
        process = self.start(path)
        self.config("log-level=loud\n")
        process.send_signal(signal.SIGHUP)
        self.assertIn("log-level=loud is none of", process.stderr.readline() + process.stderr.readline())
        self.assertIn("the configuration stays as it was", process.stderr.readline())
        self.config("log-level=info\n" + text.replace("zone", "x").replace(":0\n", ":0\nrate=5\n"))
        process.send_signal(signal.SIGHUP)
        self.assertIn("[listener:a] rate has changed: this needs a restart", process.stderr.readline())
        self.assertIn("read again", process.stderr.readline())
        status, text = self.stop(process)
        self.assertEqual(status, 0)
        self.assertIn("info: api: stopping", text)  # the new level

    def test_service_manager_is_told(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            path = str(self.folder / "notify")
            manager.bind(path)
            manager.settimeout(30)
            process = self.start(self.config(""), NOTIFY_SOCKET=path, WATCHDOG_USEC="300000")
            self.assertEqual(manager.recv(100), b"READY=1")
            self.assertEqual(manager.recv(100), b"WATCHDOG=1")
            self.assertEqual(manager.recv(100), b"WATCHDOG=1")
            process.send_signal(signal.SIGTERM)
            while (message := manager.recv(100)) == b"WATCHDOG=1":
                pass
            self.assertEqual(message, b"STOPPING=1")
            process.communicate(timeout=30)

    def test_socket_is_private(self):
        self.start(self.config(""))
        self.assertEqual(self.socket.stat().st_mode & 0o777, 0o600)

    # --- cariflexctl

    def test_import_and_look(self):
        self.start(self.config(self.storage() + "[scheduler:flow]\nplugin=scheduler-flow\n"
                               "[planner]\nscheduler=flow\n"))
        status, first, error = self.import_site()
        self.assertEqual((status, error), (0, ""))
        secrets = self.folder / "secrets"
        again = json.loads(self.ctl("import", SITE, "--secrets", secrets, "--json")[1])
        self.assertGreater(json.loads(first)["assets"]["new"], 0)
        self.assertEqual(again["assets"]["new"], 0)
        self.assertIn("CP001", self.ctl("stations")[1])
        self.assertIn("EUR/MWh", self.ctl("sensors")[1])
        self.assertIn("Martinique", self.ctl("status")[1])
        for verb in ("status", "stations", "sensors", "devices", "report"):
            status, out, error = self.ctl(verb, "--json")
            self.assertEqual((status, error), (0, ""), verb)
            self.assertIsInstance(json.loads(out), dict)
        told = self.ctl("report")[1]  # no meter has told anything
        self.assertIn("imported – kWh, highest power – kW", told)
        self.assertIn("energy and cost are not known: no import register", told)
        self.assertIn("minutes power or limit is not known", told)
        self.assertIn("  EVSE 1", self.ctl("assets")[1])
        self.assertIn("scheduler-flow", self.ctl("plugins")[1])
        self.assertIn("simulator", self.ctl("plugins")[1].split("not used")[1])
        self.assertIn("nothing is known", self.ctl("sensors", "84")[1])
        self.assertEqual(len(json.loads(self.ctl("sensors", "84", "--step", "1h", "--json")[1])["values"]), 24)
        for wrong, words in ((("sensors", "9999"), "no sensor 9999"),
                             (("sensors", "84", "--step", "0s"), "step"),
                             (("sensors", "84", "--start", "monday"), "start"),
                             (("notices", "--start", "monday"), "start")):
            status, _, error = self.ctl(*wrong)
            self.assertEqual(status, 1)
            self.assertIn(words, error)
        self.assertEqual(self.ctl("sensors", "x84")[0], 2)
        self.assertIn("84", self.offered("sensors", "8"))
        self.assertIn("CP001", self.offered("hold", "CP"))
        self.assertIn("CP001", self.offered("session", "set", "CP"))
        self.assertEqual(self.offered("approve", "CP"), [])  # nobody has knocked
        self.assertIsInstance(json.loads(self.ctl("notices", "--json")[1])["notices"], list)
        self.assertIn("have not said yet", self.ctl("sync")[1])
        status, out, _ = self.ctl("doctor", "--json")
        self.assertEqual(status, 0)  # nothing broken: stations may come yet
        self.assertIn("CP001 has never been here", out)
        self.assertIn("count with all that they could draw", out)
        status, _, error = self.ctl("command", "CP001", "Reset", "type")
        self.assertEqual(status, 2)
        self.assertIn("NAME=VALUE", error)
        status, _, error = self.ctl("session", "set", "CP001", "--need", "20kWh")
        self.assertEqual(status, 1)
        self.assertIn("CP001", error)
        status, _, error = self.ctl("approve", "CP999")
        self.assertEqual(status, 1)
        self.assertIn("CP999", error)
        answer = json.loads(self.ctl("approve", "CP999", "--instance", "ocpp", "--fail-safe", "4.1 kW",
                                     "--power-max", "11 kW", "--json")[1])
        self.assertGreaterEqual(len(answer["password"]), 16)
        status, _, error = self.ctl("approve", "CP998", "--instance", "ocpp", "--power-max", "11 apples")
        self.assertEqual(status, 1)
        self.assertIn("power-max", error)

    def test_holds(self):
        path = self.config(self.storage() + "[scheduler:flow]\nplugin=scheduler-flow\n[planner]\nscheduler=flow\n")
        process = self.start(path)
        self.import_site()
        self.assertEqual(self.ctl("hold")[1], "nothing is held back\n")
        status, out, error = self.ctl("hold", "Martinique", "--max", "20kW", "--for", "2h", "--reason", "cable")
        self.assertEqual((status, error), (0, ""))
        self.assertIn("hold 1: Martinique draws at most 20.0 kW until ", out)
        status, out, error = self.ctl("hold", "CP003", "--max", "500 kW", "--until", "18:00")
        self.assertEqual((status, error), (0, ""))
        self.assertIn("It has no effect now: no more than 22.0 kW", out)
        self.assertIn("It does not reach CP003 now", out)
        # what was acknowledged is there after the hardest end
        process.kill()
        process.communicate()
        self.start(path)
        held = json.loads(self.ctl("hold", "list", "--json")[1])["holds"]
        self.assertEqual([(h["hold"], h["where"], h["max_kw"], h["state"]) for h in held],
                         [(1, "Martinique", 20, "on"), (2, "CP003", 500, "on")])
        self.assertEqual((held[0]["reason"], held[0]["by"]), ("cable", self.caller()))
        self.assertIn("20.000", self.ctl("status")[1])
        self.assertIn("cable", self.ctl("status")[1])
        self.assertEqual(self.ctl("hold", "end", "1")[::2], (0, ""))
        held = json.loads(self.ctl("hold", "list", "--json")[1])["holds"]
        self.assertEqual((held[0]["state"], held[0]["ended_by"]), ("ended", self.caller()))
        for wrong, status, words in (
                (("end", "1"), 1, "no such hold is in force"),
                (("end", "x"), 2, "is no number of a hold"),
                (("CP003",), 2, "say how much and how long"),
                (("CP003", "--max", "5kW"), 2, "say how much and how long"),
                (("CP003", "--max", "5 kW", "--for", "soon"), 1, "is no length of time"),
                (("CP003", "--max", "5 apples", "--for", "1h"), 1, "max: "),
                (("CP077", "--max", "5 kW", "--for", "1h"), 1, "no such site or station")):
            got, _, error = self.ctl("hold", *wrong)
            self.assertEqual(got, status, error)
            self.assertIn(words, error)

    def caller(self):
        name = pwd.getpwuid(os.getuid()).pw_name
        behalf = os.environ.get("SUDO_USER", name)
        return name if behalf == name else f"{name} for {behalf}"

    def test_wrong_document(self):
        self.start(self.config(self.storage()))
        wrong = self.folder / "wrong.json"
        wrong.write_text('{"format":"cariflex-import","version":1,"sensors":[{"id":1}]}')
        status, _, error = self.ctl("import", wrong)
        self.assertEqual(status, 1)
        self.assertIn("sensors[0]", error)

    def test_without_storage(self):
        self.start(self.config(""))
        status, _, error = self.ctl("sensors")
        self.assertEqual(status, 1)
        self.assertIn("this daemon has no storage", error)

    def test_doctor_without_daemon(self):
        status, _, error = self.ctl("doctor")
        self.assertEqual(status, 1)
        self.assertIn("--check-config", error)

    def test_no_daemon(self):
        status, _, error = self.ctl("status")
        self.assertEqual(status, 1)
        self.assertIn("is cariflexd running?", error)

    def test_help(self):
        status, out, _ = self.ctl("--help")
        self.assertEqual(status, 0)
        verbs = [line.split()[0] for line in out.splitlines() if line.startswith("  ")]
        for verb in ("status", "import", "stations", "approve", "session", "plan", "sensors", "report"):
            self.assertIn(verb, verbs)
        for verb in verbs:
            status, out, _ = self.ctl(verb, "--help")
            self.assertEqual(status, 0)
            self.assertIn("Examples:\n  cariflexctl " + verb, out)
            self.assertIn("--json", out)
        status, _, error = self.ctl("sesion")
        self.assertEqual(status, 2)
        self.assertIn('did you mean "session"?', error)
        status, _, error = self.ctl("import")
        self.assertEqual(status, 2)
        self.assertIn("an argument is missing", error)


class Tap(unittest.TextTestResult):
    """One line for each test, for meson."""

    count = 0

    def say(self, test, word, text=""):
        Tap.count += 1
        print(f"{word} {Tap.count} - {test.id().split('.')[-1]}", flush=True)
        for line in text.splitlines():
            print("#", line)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.say(test, "ok")

    def addFailure(self, test, problem):
        super().addFailure(test, problem)
        self.say(test, "not ok", self.failures[-1][1])

    def addError(self, test, problem):
        super().addError(test, problem)
        self.say(test, "not ok", self.errors[-1][1])


suite = unittest.defaultTestLoader.loadTestsFromTestCase(Case)
print(f"1..{suite.countTestCases()}")
result = unittest.TextTestRunner(resultclass=Tap, stream=open(os.devnull, "w"), verbosity=0).run(suite)
sys.exit(0 if result.wasSuccessful() else 1)
