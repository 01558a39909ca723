# SPDX-License-Identifier: LGPL-2.1-or-later
"""The template's adapter in a real daemon: it knocks, is bound, measures, is steered, degrades and recovers."""

import json
import pathlib
import signal
import subprocess
import time


def until(case, what, function):
    end = time.monotonic() + 60
    while not function():
        case.assertLess(time.monotonic(), end, what)
        time.sleep(0.05)


class Daemon:
    """cariflexd with the keyfile of a folder; `with` ends it in an orderly way."""

    def __init__(self, case, work, plugin_dir, environment, daemon="cariflexd", ctl="cariflexctl"):
        self.case, self.work, self.environment, self.ctl_name = case, pathlib.Path(work), environment, ctl
        self.run = self.work / "run"
        self.run.mkdir()
        (self.run / "power").write_text("1200\n")
        self.log = self.run / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([daemon, "--plugin-dir", plugin_dir, "--config", "example.conf"],
                                            cwd=work, env=environment, stderr=log)

    def ctl(self, *arguments):
        return subprocess.run([self.ctl_name, "--socket", self.run / "bus", *arguments], text=True,
                              capture_output=True, env=self.environment, timeout=60)

    def __enter__(self):
        def is_ready():
            self.case.assertIsNone(self.process.poll(), self.log.read_text())
            return self.ctl("status").returncode == 0
        until(self.case, "ready", is_ready)
        return self

    def __exit__(self, kind, value, trace):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        if kind is None:
            self.case.assertEqual(self.process.returncode, 0, self.log.read_text())
            self.case.assertNotIn("critical", self.log.read_text())


def see_it_work(case, work, plugin_dir, environment, **programs):
    with Daemon(case, work, plugin_dir, environment, **programs) as daemon:
        until(case, "it knocks", lambda: "heater" in daemon.ctl("stations").stdout)
        done = daemon.ctl("import", daemon.work / "example-site.json")
        case.assertEqual(done.returncode, 0, done.stderr)
        limit = daemon.run / "limit"
        until(case, "its fail-safe power", lambda: limit.exists() and limit.read_text() == "500\n")
        until(case, "steered", lambda: "steered" in daemon.ctl("status").stdout)
        case.assertRegex(daemon.ctl("status").stdout, r"boiler +adapter +file-device +running")
        until(case, "its power is stored",
              lambda: json.loads(daemon.ctl("status", "--json").stdout)["store"]["beliefs"] > 0)
        (daemon.run / "power").unlink()
        until(case, "degraded", lambda: "No such file" in daemon.ctl("status").stdout)
        case.assertRegex(daemon.ctl("status").stdout, r"boiler +adapter +file-device +degraded")
        (daemon.run / "power").write_text("800\n")
        until(case, "well again", lambda: "degraded" not in daemon.ctl("status").stdout)
