# SPDX-License-Identifier: LGPL-2.1-or-later
"""A run of the demo site: its folder, secrets, keyfiles, and the two processes."""

import datetime
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from zoneinfo import ZoneInfo

HERE = pathlib.Path(__file__).resolve().parent
KEPT_RUNS = 5
LOGS = {"daemon": "daemon.log", "world": "world.out"}
START = "2025-10-01"
ZONE = "America/Martinique"
# at least the world's own (its key warm-up)
WARM_UP = datetime.timedelta(minutes=20)


def runs_folder():
    base = os.environ.get("XDG_STATE_HOME") or pathlib.Path.home() / ".local" / "state"
    return pathlib.Path(base) / "cariflex-demo"


def clean():
    shutil.rmtree(runs_folder(), ignore_errors=True)


def is_running(folder):
    """Whether the process that made a run folder (its name ends with the number) is there."""
    return pathlib.Path("/proc", folder.name.rpartition("-")[2]).exists()


def free_port(wanted):
    """The wanted port, or the next that is free; says so where it had to move."""
    for port in range(wanted, wanted + 200):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port != wanted:
            print(f"port {wanted} is taken, using {port}", file=sys.stderr)
        return port
    raise SystemExit(f"demo: no free port from {wanted} to {wanted + 199} on 127.0.0.1")


class SiteRun:
    """One run: everything it makes lies in its folder."""

    def __init__(self, build, options):
        self.build = pathlib.Path(build)
        self.options = options
        self.data = HERE / "martinique"
        runs = runs_folder()
        runs.mkdir(parents=True, exist_ok=True)
        ended = sorted(p for p in runs.iterdir() if p.is_dir() and not is_running(p))
        for old in ended[:-(KEPT_RUNS - 1)]:
            shutil.rmtree(old, ignore_errors=True)
        stamp = time.strftime("%Y%m%d-%H%M%S")
        self.folder = runs / f"{stamp}-{os.getpid()}"
        self.folder.mkdir(mode=0o700)
        for name in ("state", "run", "world-run", "secrets"):
            (self.folder / name).mkdir(mode=0o700)
        self.ports = {}
        for name, wanted in (("public", 8060), ("internal", 8061), ("grid", 8062)):
            self.ports[name] = free_port(max([wanted] + [p + 1 for p in self.ports.values()]))
        self.daemon = self.world = None
        self.make_secrets()
        self.write_keyfiles()

    @property
    def api(self):
        return f"http://127.0.0.1:{self.ports['public']}"

    @property
    def has_page(self):
        """The page is an optional package like each plugin."""
        return (self.build / "plugins" / "ui" / "ui.so").exists()

    def make_secrets(self):
        site = json.loads((self.data / "site.json").read_text())
        for principal in site["principals"]:
            for credential in principal.get("credentials", []):
                name = credential.get("secret")
                if name:
                    path = self.folder / "secrets" / name
                    path.touch(mode=0o600)
                    path.write_text(secrets.token_hex(16) + "\n")

    def levels(self):
        site = json.loads((self.data / "site.json").read_text())
        root = next(a for a in site["assets"] if a["type"] == "site")
        return root["attributes"]["demand-response-table"]

    def write_keyfiles(self):
        scheduler = self.options.scheduler
        listeners = "".join(
            f"[listener:{zone}]\nzone={zone}\naddress=127.0.0.1:{port}\n\n"
            for zone, port in self.ports.items())
        page = "[adapter:ui]\nplugin=ui\nlistener=public\n\n" if self.has_page else ""
        (self.folder / "cariflex.conf").write_text(
            f"""# Made by the demo. The site's daemon.
[host]
run-dir={self.folder}/run
state-dir={self.folder}/state

[clock]
page={self.folder}/clock

{listeners}[storage:main]
plugin=sqlite
path={self.folder}/state/cariflex.db

[adapter:api]
plugin=flexmeasures
listener=public

{page}[adapter:ocpp]
plugin=ocpp
listener=internal

[adapter:vtn]
plugin=openadr-vtn
listener=grid
account=1

[adapter:ven]
plugin=openadr-ven
source-type=signal
url=http://127.0.0.1:{self.ports['grid']}/openadr3/3.1.0
client-id=ven-martinique
client-secret-file={self.folder}/secrets/ven-martinique
site=1
poll-interval=1min

[scheduler:{scheduler}]
plugin={scheduler}

[planner]
scheduler={scheduler}
""")
        (self.folder / "world.conf").write_text(
            f"""# Made by the demo. The world outside: a process of its own, without storage.
[host]
run-dir={self.folder}/world-run
state-dir={self.folder}/world-run

[adapter:world]
plugin=simulator
world={self.data}/world.json
prices={self.options.prices or self.data / 'prices.csv'}
page={self.folder}/clock
log={self.folder}/world.log
secrets={self.folder}/secrets
ocpp=ws://127.0.0.1:{self.ports['internal']}/ocpp
api={self.api}
vtn=http://127.0.0.1:{self.ports['grid']}/openadr3/3.1.0
health={self.api}/health/ready
control={self.folder}/world-run/control
start={START}
days={1 if self.options.once else 0}
seed={self.options.seed}
rate={self.options.rate}
""")

    def prepare_clock(self):
        """The clock page at rest (data/doc/clock-page.md): the daemon maps it before the world takes it over."""
        noon = datetime.datetime.fromisoformat(START).replace(hour=12, tzinfo=ZoneInfo(ZONE))
        site_us = int((noon - WARM_UP).timestamp()) * 1_000_000
        real_us = time.monotonic_ns() // 1000
        (self.folder / "clock").write_bytes(
            struct.pack("=IIQqqdq", 1, 0, 0, real_us, site_us, 0.0, site_us))

    def program(self, name):
        return self.build / "core" / {"cariflexctl": "ctl", "cariflexd": "daemon"}[name] / name

    def environment(self):
        environment = dict(os.environ, CARIFLEX_PLUGIN_DIR=str(self.build / "plugins"),
                           CARIFLEX_SOCKET=str(self.folder / "run" / "bus"))
        return environment

    def start(self, name, config):
        log = open(self.folder / LOGS[name], "ab")
        process = subprocess.Popen([self.program("cariflexd"), "--config", self.folder / config],
                                   stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                   env=self.environment(), start_new_session=True)
        log.close()
        return process

    def start_daemon(self):
        self.daemon = self.start("daemon", "cariflex.conf")

    def start_world(self):
        self.world = self.start("world", "world.conf")

    def kill_daemon(self):
        self.daemon.kill()
        self.daemon.wait()

    def ctl(self, *arguments, check=True):
        done = subprocess.run([self.program("cariflexctl"), *map(str, arguments)],
                              env=self.environment(), capture_output=True, text=True, timeout=60)
        if check and done.returncode != 0:
            raise SystemExit(f"demo: cariflexctl {' '.join(map(str, arguments))}: "
                             f"{done.stderr.strip() or done.stdout.strip()}\n"
                             f"the daemon's log: {self.folder}/daemon.log")
        return done.stdout

    def ctl_json(self, *arguments):
        return json.loads(self.ctl(*arguments, "--json"))

    def wait_ready(self, seconds=20):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.daemon.poll() is not None:
                tail = (self.folder / "daemon.log").read_text(errors="replace").splitlines()[-15:]
                raise SystemExit("demo: the daemon ended while it started:\n" + "\n".join(tail))
            if (self.folder / "run" / "bus").exists():
                done = subprocess.run([self.program("cariflexctl"), "status"],
                                      env=self.environment(), capture_output=True, timeout=20)
                if done.returncode == 0:
                    return
            time.sleep(0.05)
        raise SystemExit(f"demo: the daemon was not ready in {seconds} s; see {self.folder}/daemon.log")

    def stop(self):
        for process in (self.world, self.daemon):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in (self.world, self.daemon):
            if process is not None:
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
