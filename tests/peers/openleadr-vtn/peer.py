# SPDX-License-Identifier: LGPL-2.1-or-later
"""Our VEN at the Rust server openleadr-vtn, with a PostgreSQL of its own in a temporary folder.

usage: peer.py CARIFLEXD CARIFLEXCTL SITE 
(the program stands in CARIFLEX_PEER, those of PostgreSQL in CARIFLEX_PEER_POSTGRES)"""

import base64
import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))
import rig  # noqa: E402

HOUR = 3600
BINARIES = pathlib.Path(os.environ["CARIFLEX_PEER_POSTGRES"])
# PostgreSQL refuses to run as root
DROP = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []


def text_of(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def next_hour(offset):
    return (int(time.time()) // HOUR + offset) * HOUR


def end(process):
    process.terminate()
    process.wait(rig.PATIENCE_S)


class Postgres:
    """On a socket in its folder, without a port."""

    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="cfx-pg-")
        self.folder = self.temporary.name
        self.url = f"postgres://peer@localhost/postgres?host={self.folder}"
        self.process = None

    def start(self):
        if DROP:
            subprocess.run(["chown", "nobody:nogroup", self.folder], check=True)
        self.run("initdb", "-D", f"{self.folder}/data", "-U", "peer", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.process = subprocess.Popen(
            [*DROP, BINARIES / "postgres", "-D", f"{self.folder}/data", "-k", self.folder, "-c", "listen_addresses=",
             "-c", "fsync=off"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder)
        rig.until(lambda: self.run("pg_isready", "-h", self.folder, check=False) == 0, "PostgreSQL")

    def run(self, name, *arguments, check=True):
        done = subprocess.run([*DROP, BINARIES / name, *arguments], cwd=self.folder, text=True, capture_output=True)
        if check and done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.returncode

    def close(self):
        if self.process is not None:
            end(self.process)
        self.temporary.cleanup()


class Vtn:
    def __init__(self, folder, database):
        self.folder, self.database = folder, database
        self.port, = rig.free_ports(1)
        self.secrets = {name: os.urandom(16).hex() for name in ("business", "ven-martinique")}
        self.key = os.urandom(32)
        self.log = folder / "vtn.log"
        self.start(PEER_BUSINESS_SECRET=self.secrets["business"], PEER_VEN_SECRET=self.secrets["ven-martinique"])

    def start(self, **users):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [os.environ["CARIFLEX_PEER"]], cwd=self.folder, stdout=log, stderr=log,
                env={"PORT": str(self.port), "DATABASE_URL": self.database, "RUST_LOG": "info",
                     "OAUTH_BASE64_SECRET": base64.b64encode(self.key).decode(),
                     "OAUTH_TOKEN_URL": f"http://127.0.0.1:{self.port}/auth/token", **users})
        rig.until(self.is_up, "openleadr-vtn")

    def is_up(self):
        if self.process.poll() is not None:
            raise RuntimeError(self.log.read_text()[-2000:])
        try:
            return rig.ask(self.port, "GET", "/health").status == 200
        except OSError:
            return False

    @functools.cached_property
    def token(self):
        """Asked for once, as the server takes half a second to check a secret; good through a restart."""
        return rig.ask(self.port, "POST", "/auth/token", urllib.parse.urlencode({
            "grant_type": "client_credentials", "client_id": "business",
            "client_secret": self.secrets["business"]}),
            {"Content-Type": "application/x-www-form-urlencoded"}).json["access_token"]

    def operate(self, method, path, body=None):
        answer = rig.ask(self.port, method, path, json.dumps(body) if body else None,
                         {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        assert answer.status in (200, 201), answer.text
        return answer.json


class Ven(rig.Site):
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.close)
        cls.postgres.start()
        super().setUpClass()
        rig.until(lambda: cls.daemon.instance("ven") == ("running", ""), "a VEN that is well")

    @classmethod
    def new_daemon(cls, name, groups=""):
        cls.vtn = Vtn(cls.folder, cls.postgres.url)
        cls.addClassCleanup(lambda: end(cls.vtn.process))
        secret = cls.folder / "ven-secret"
        secret.write_text(cls.vtn.secrets["ven-martinique"])
        return super().new_daemon(name, rig.ven_group(f"http://127.0.0.1:{cls.vtn.port}", **{
            "client-id": "ven-martinique", "client-secret-file": secret}))

    def program(self, name, **more):
        return self.vtn.operate("POST", "/programs", {
            "objectType": "PROGRAM", "programName": name, "payloadDescriptors": [{
                "objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE", "units": "KWH",
                "currency": "EUR"}], **more})["id"]

    @staticmethod
    def event(program, start, kind, value, **more):
        return {"objectType": "EVENT", "programID": program, "priority": None,
                "intervalPeriod": {"start": text_of(start), "duration": "PT1H"},
                "intervals": [{"id": 0, "payloads": [{"type": kind, "values": [value]}]}], **more}

    def remaining(self, start):
        return self.daemon.series(86, text_of(start), "PT1M", "%25", "PT1M")[0]

    def price(self, start):
        return self.daemon.series(84, text_of(start), "PT15M", "EUR/MWh")[0]

    def test_prices_and_load_control(self):
        """Published, changed and withdrawn there: so it is in the site's sensors."""
        program, start = self.program("signals"), next_hour(2)
        price = self.vtn.operate("POST", "/events", self.event(program, start, "PRICE", 0.25))["id"]
        control = self.vtn.operate("POST", "/events", self.event(program, start, "x-loadControlCapacity", 0.5))["id"]
        rig.until(lambda: self.price(start) == 250, "a price")
        rig.until(lambda: self.remaining(start) == 50, "load control")
        self.vtn.operate("PUT", "/events/" + price, self.event(program, start, "PRICE", -0.125))
        self.vtn.operate("PUT", "/events/" + control, self.event(program, start, "x-loadControlCapacity", 0))
        rig.until(lambda: self.price(start) == -125, "a negative price")
        rig.until(lambda: self.remaining(start) == 0, "the strictest load control")
        for event in (price, control):
            self.vtn.operate("DELETE", "/events/" + event)
        rig.until(lambda: self.price(start) is None, "no price")
        rig.until(lambda: self.remaining(start) == 100, "the end of load control")
        self.assertEqual(self.daemon.instance("ven"), ("running", ""))

    def test_many_events(self):
        """More than a page of them."""
        program, start = self.program("pages"), next_hour(4)
        for i in range(54):
            self.vtn.operate("POST", "/events", self.event(program, start, "x-loadControlCapacity", 0.9))
        first = self.event(program, start, "x-loadControlCapacity", 0.25)
        self.vtn.operate("POST", "/events", first)
        rig.until(lambda: self.remaining(start) == 25, "the strictest of 55")

    def test_targets(self):
        """What is meant for others does not reach us; what is granted does."""
        program, start = self.program("targets"), next_hour(6)
        self.vtn.operate("POST", "/events", self.event(program, start, "x-loadControlCapacity", 0.5, targets=["north"]))
        self.vtn.operate("POST", "/events", self.event(program, start + HOUR, "x-loadControlCapacity", 0.75))
        rig.until(lambda: self.remaining(start + HOUR) == 75, "what is for all")
        self.assertIn(self.remaining(start), (None, 100))
        self.vtn.operate("POST", "/vens", {
            "objectType": "BL_VEN_REQUEST", "clientID": "ven-martinique", "venName": "martinique", "targets": ["north"]})
        rig.until(lambda: self.remaining(start) == 50, "what was granted")

    def test_vtn_away(self):
        """Known events stay while it is away, and news come when it is back."""
        program, start = self.program("away"), next_hour(9)
        event = self.vtn.operate("POST", "/events", self.event(program, start, "x-loadControlCapacity", 0.5))["id"]
        rig.until(lambda: self.remaining(start) == 50, "load control")
        end(self.vtn.process)
        rig.until(lambda: self.daemon.instance("ven")[0] == "degraded", "a VEN that complains")
        self.assertEqual(self.remaining(start), 50)
        self.vtn.start()
        self.vtn.operate("DELETE", "/events/" + event)
        rig.until(lambda: self.remaining(start) == 100, "the end of load control")
        rig.until(lambda: self.daemon.instance("ven") == ("running", ""), "a VEN that is well")


rig.main(Ven)
