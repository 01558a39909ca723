# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real daemons of a test's own: keyfile, folders, secrets, ports; and TAP for meson."""

import base64
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import unittest

DAEMON, CTL, SITE = sys.argv[1:4]
ZONES = ("public", "internal", "grid")
PATIENCE_S = 40


held = []  # sockets, until we end


def free_ports(count):
    """Ports on which programs of ours may listen. Bound here, and not listened on: nobody else gets one, neither as a
    port of a server nor as that of a client, while who asks for just this one, with SO_REUSEADDR, does."""
    for _ in range(count):
        probe = socket.socket()
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        held.append(probe)
    return [probe.getsockname()[1] for probe in held[-count:]]


def until(look, what="what was waited for"):
    """The first true value that look() gives."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        value = look()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come in {PATIENCE_S} s; last: {value!r}")


class Answer:
    def __init__(self, answer):
        self.status = answer.status
        self.headers = answer.headers
        self.text = answer.read().decode()

    @property
    def json(self):
        return json.loads(self.text)


def ask(port, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()


def say_raw(port, *parts, timeout=PATIENCE_S):
    """Writes bytes as they are, as far as the other side takes them, and reads to the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as peer:
        try:
            for part in parts:
                peer.sendall(part)
        except ConnectionError:
            pass
        got = b""
        try:
            while piece := peer.recv(65536):
                got += piece
        except ConnectionError:
            pass
        return got


def ven_group(url, **more):
    """The keyfile's group of a VEN that asks the VTN at that address."""
    keys = {"plugin": "openadr-ven", "source-type": "signal", "site": "1", "poll-interval": "1s",
            "url": url, **more}
    return "[adapter:ven]\n" + "".join(f"{name}={value}\n" for name, value in keys.items())


class Daemon:
    """A daemon on loopback; the adapters of a site are configured, others may be added."""

    def __init__(self, folder, groups=""):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.public, self.internal, self.grid = self.ports = free_ports(3)
        self.environment = dict(os.environ, CARIFLEX_SOCKET=str(self.folder / "run" / "bus"))
        self.database = self.folder / "site.db"
        self.config = self.folder / "site.conf"
        self.write_config(groups)
        self.secrets = {}
        self.process = None

    def write_config(self, groups="", storage=None):
        self.config.write_text(
            f"[host]\nrun-dir={self.folder}/run\nstate-dir={self.folder}/state\n"
            + "".join(f"[listener:{zone}]\nzone={zone}\naddress=127.0.0.1:{port}\n"
                      for zone, port in zip(ZONES, self.ports))
            + (storage or f"[storage:main]\nplugin=sqlite\npath={self.database}\n")
            + "[adapter:api]\nplugin=flexmeasures\nlistener=public\n"
              "[adapter:ocpp]\nplugin=ocpp\nlistener=internal\n"
              "[adapter:vtn]\nplugin=openadr-vtn\nlistener=grid\naccount=1\n" + groups)

    def make_secrets(self, site=SITE):
        secrets = self.folder / "secrets"
        secrets.mkdir(exist_ok=True)
        for principal in json.loads(pathlib.Path(site).read_text())["principals"]:
            for credential in principal.get("credentials", []):
                name = credential.get("secret")
                if name:
                    self.secrets[name] = os.urandom(16).hex()
                    (secrets / name).write_text(self.secrets[name] + "\n")
        return secrets

    def import_site(self):
        done = self.ctl("import", SITE, "--secrets", self.make_secrets())
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def launch(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([DAEMON, "--config", self.config], stderr=log,
                                            env=self.environment)

    def start(self):
        self.launch()
        end = time.monotonic() + PATIENCE_S
        while self.ctl("status").returncode != 0:
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(self.log()[-2000:])
            time.sleep(0.05)

    def start_in_vain(self):
        """(exit status, what it said on its way) of a start that fails."""
        before = len(self.log())
        self.launch()
        return self.process.wait(PATIENCE_S), self.log()[before:]

    def log(self):
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        return self.process.wait(PATIENCE_S)

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def ctl(self, *arguments):
        return subprocess.run([CTL, *map(str, arguments)], text=True, capture_output=True,
                              timeout=60, env=self.environment)

    def status(self):
        return json.loads(self.ctl("status", "--json").stdout)

    def instance(self, name):
        """(state, reason) of an instance."""
        found = next(i for i in self.status()["instances"] if i["name"] == name)
        return found["state"], found["reason"] or ""

    def bearer(self, name):
        return {"Authorization": f"Bearer {self.secrets[name]}"}

    def series(self, sensor, start, duration, unit, resolution="PT15M", name="judge"):
        answer = ask(self.public, "GET", f"/api/v3_0/sensors/{sensor}/data?start={start}"
                     f"&duration={duration}&resolution={resolution}&unit={unit}", None,
                     self.bearer(name))
        assert answer.status == 200, answer.text
        return answer.json["values"]


class Site(unittest.TestCase):
    """The demo's site in a daemon on loopback. Each class of tests has one daemon."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="cfx-")
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.daemon = cls.new_daemon("site")
        cls.daemon.start()
        cls.daemon.import_site()
        cls.secrets = cls.daemon.secrets

    @classmethod
    def new_daemon(cls, name, groups=""):
        daemon = Daemon(cls.folder / name, groups)
        cls.addClassCleanup(daemon.end)
        return daemon

    @staticmethod
    def basic(user, password):
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Tap(unittest.TextTestResult):
    """One line for each test, for meson."""

    def say(self, test, word, text=""):
        print(f"{word} - {test.id().split('.')[-1]}", flush=True)
        for line in text.splitlines():
            print("#", line)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.say(test, "ok")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f"ok - {test.id().split('.')[-1]} # SKIP {reason}", flush=True)

    def addFailure(self, test, problem):
        super().addFailure(test, problem)
        self.say(test, "not ok", self.failures[-1][1])

    def addError(self, test, problem):
        super().addError(test, problem)
        self.say(test, "not ok", self.errors[-1][1])

    def addSubTest(self, test, part, problem):
        super().addSubTest(test, part, problem)
        if problem is not None:
            print("# in", part, flush=True)
            self.say(test, "not ok", (self.failures + self.errors)[-1][1])


def main(*cases):
    loader = unittest.TestLoader()
    if sys.argv[4:]:  # only these, while working
        loader.testNamePatterns = [f"*{name}*" for name in sys.argv[4:]]
    suite = unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in cases)
    print(f"1..{suite.countTestCases()}")
    with open(os.devnull, "w") as quiet:
        result = unittest.TextTestRunner(resultclass=Tap, stream=quiet, verbosity=0).run(suite)
    sys.exit(0 if result.wasSuccessful() else 1)
