#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long SIGTERM takes: a daemon with the demo's site and store against one with nothing."""

import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

DAEMON, CTL, SITE = sys.argv[1:4]
ROUNDS = int(sys.argv[4]) if len(sys.argv) > 4 else 7


class Daemon:
    def __init__(self, folder, more):
        self.folder = pathlib.Path(folder)
        (self.folder / "secrets").mkdir(exist_ok=True)
        config = self.folder / "x.conf"
        config.write_text("[host]\nrun-dir=run\nstate-dir=state\n" + more)
        self.environment = dict(os.environ, CARIFLEX_SOCKET=str(self.folder / "run" / "bus"))
        self.process = subprocess.Popen([DAEMON, "--config", config], stderr=subprocess.DEVNULL)
        while self.ctl("status") != 0:
            if self.process.poll() is not None:
                raise SystemExit("bench: the daemon ended while it started")
            time.sleep(0.01)

    def ctl(self, *arguments):
        return subprocess.run([CTL, *arguments], env=self.environment, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=60).returncode

    def stop_ms(self):
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(30) != 0:
            raise SystemExit("bench: the end was not orderly")
        return (time.monotonic() - began) * 1e3


def with_site(folder):
    return (f"[storage:main]\nplugin=sqlite\npath={folder}/x.db\n[listener:a]\naddress=127.0.0.1:0\n"
            "[adapter:api]\nplugin=flexmeasures\nlistener=a\n[adapter:ocpp]\nplugin=ocpp\nlistener=a\n"
            "[scheduler:flow]\nplugin=scheduler-flow\n[planner]\nscheduler=flow\n")


def round_of(site):
    with tempfile.TemporaryDirectory(prefix="cfx-") as folder:
        daemon = Daemon(folder, with_site(folder) if site else "")
        if site:
            names = subprocess.run(["grep", "-o", '"secret": "[^"]*"', SITE], text=True,
                                   capture_output=True, check=True).stdout.splitlines()
            for name in names:
                (daemon.folder / "secrets" / name.split('"')[3]).write_text("0123456789abcdef" * 2)
            if daemon.ctl("import", SITE, "--secrets", str(daemon.folder / "secrets")) != 0:
                raise SystemExit("bench: the site was not imported")
        return daemon.stop_ms()


empty = [round_of(False) for _ in range(ROUNDS)]
full = [round_of(True) for _ in range(ROUNDS)]
print(f"SIGTERM to the end, median of {ROUNDS}:  nothing configured: {statistics.median(empty):6.1f} ms  "
      f"site and store: {statistics.median(full):6.1f} ms  worst: {max(full):6.1f} ms  "
      f"ratio: {statistics.median(full) / statistics.median(empty):.2f}")
