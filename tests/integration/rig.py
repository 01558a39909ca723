# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real daemon of its own for each test: keyfile, folders, secrets, ports; and TAP for meson."""

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


def free_ports(count):
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class Answer:
    def __init__(self, answer):
        self.status = answer.status
        self.headers = answer.headers
        self.text = answer.read().decode()

    @property
    def json(self):
        return json.loads(self.text)


class Site(unittest.TestCase):
    """The demo's site in a daemon on loopback. Each class of tests has one daemon."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="cfx-")
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.public, cls.internal, cls.grid = free_ports(3)
        cls.environment = dict(os.environ, CARIFLEX_SOCKET=str(cls.folder / "run" / "bus"))
        cls.database = cls.folder / "site.db"
        cls.config = cls.folder / "site.conf"
        cls.config.write_text(
            f"[host]\nrun-dir={cls.folder}/run\nstate-dir={cls.folder}/state\n"
            + "".join(f"[listener:{zone}]\nzone={zone}\naddress=127.0.0.1:{port}\n" for zone, port in
                      (("public", cls.public), ("internal", cls.internal), ("grid", cls.grid)))
            + f"[storage:main]\nplugin=sqlite\npath={cls.database}\n"
              "[adapter:api]\nplugin=flexmeasures\nlistener=public\n"
              "[adapter:ocpp]\nplugin=ocpp\nlistener=internal\n"
              "[adapter:vtn]\nplugin=openadr-vtn\nlistener=grid\n")
        secrets = cls.folder / "secrets"
        secrets.mkdir()
        cls.secrets = {}
        for principal in json.loads(pathlib.Path(SITE).read_text())["principals"]:
            for credential in principal.get("credentials", []):
                name = credential.get("secret")
                if name:
                    cls.secrets[name] = os.urandom(16).hex()
                    (secrets / name).write_text(cls.secrets[name] + "\n")
        cls.process = None
        cls.addClassCleanup(cls.end)
        cls.start()
        done = cls.ctl("import", SITE, "--secrets", secrets)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    @classmethod
    def start(cls):
        with open(cls.folder / "log", "ab") as log:
            cls.process = subprocess.Popen([DAEMON, "--config", cls.config], stderr=log,
                                           env=cls.environment)
        until = time.monotonic() + 40
        while cls.ctl("status").returncode != 0:
            if cls.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((cls.folder / "log").read_text()[-2000:])
            time.sleep(0.05)

    @classmethod
    def kill(cls):
        cls.process.kill()
        cls.process.wait()

    @classmethod
    def end(cls):
        if cls.process is not None and cls.process.poll() is None:
            cls.kill()
        cls.temporary.cleanup()

    @classmethod
    def ctl(cls, *arguments):
        return subprocess.run([CTL, *map(str, arguments)], text=True, capture_output=True,
                              timeout=60, env=cls.environment)

    @staticmethod
    def ask(port, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
        try:
            connection.request(method, path, body, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

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

    def addFailure(self, test, problem):
        super().addFailure(test, problem)
        self.say(test, "not ok", self.failures[-1][1])

    def addError(self, test, problem):
        super().addError(test, problem)
        self.say(test, "not ok", self.errors[-1][1])


def main(case):
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(case)
    print(f"1..{suite.countTestCases()}")
    with open(os.devnull, "w") as quiet:
        result = unittest.TextTestRunner(resultclass=Tap, stream=quiet, verbosity=0).run(suite)
    sys.exit(0 if result.wasSuccessful() else 1)
