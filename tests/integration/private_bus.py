# SPDX-License-Identifier: LGPL-2.1-or-later
"""A message bus of its own in a folder of its own, and the tools that people use on it."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

NAME = "org.cariflex.Cariflex1"
TOP = "/org/cariflex/Cariflex1"

# As Debian's system bus, but that everybody may have every name where `policies` is empty.
CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <{own} own="*"/>
    <{own} send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Introspectable"/>
  </policy>
  {includes}
</busconfig>
"""


def missing_tool():
    """The first program that such tests need and that is not there, or None."""
    return next((tool for tool in ("dbus-daemon", "gdbus") if shutil.which(tool) is None), None)


class Bus:
    def __init__(self, policies=()):
        self.temporary = tempfile.TemporaryDirectory(prefix="cfx-bus-")
        folder = pathlib.Path(self.temporary.name)
        folder.chmod(0o755)
        self.socket = folder / "socket"
        self.address = f"unix:path={self.socket}"
        self.config = folder / "bus.conf"
        self.config.write_text(CONFIG.format(
            socket=self.socket, own="deny" if policies else "allow",
            includes="\n  ".join(f"<include>{path}</include>" for path in policies)))
        self.process = None

    def start(self):
        self.socket.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            ["dbus-daemon", f"--config-file={self.config}", "--nofork", "--print-address"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if not self.process.stdout.readline():
            raise RuntimeError("dbus-daemon did not start")
        self.process.stdout.close()

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def end(self):
        self.stop()
        self.temporary.cleanup()


class Client:
    """gdbus and busctl at one address; `user`: as whom."""

    def __init__(self, address, user=None):
        self.address = address
        self.before = [] if user is None else \
            ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        self.environment = {k: v for k, v in os.environ.items() if k != "G_DEBUG"}
        self.environment["DBUS_SYSTEM_BUS_ADDRESS"] = address
        self.where = ["--system"] if address == os.environ.get("DBUS_SYSTEM_BUS_ADDRESS") else \
            ["--address", address]

    def run(self, *arguments, timeout=60):
        return subprocess.run([*self.before, *map(str, arguments)], text=True, capture_output=True,
                              timeout=timeout, env=self.environment)

    def call(self, path, method, *arguments, timeout=60):
        """Status and text of one call; methods of org.cariflex.Cariflex1 without that prefix."""
        full = method if method.startswith("org.") else f"{NAME}.{method}"
        done = self.run("gdbus", "call", *self.where, "--dest", NAME, "--object-path", path,
                        "--method", full, "--", *arguments, timeout=timeout)
        return done.returncode, done.stdout + done.stderr

    def get(self, path, interface, name):
        """A property as gdbus writes it."""
        status, text = self.call(path, "org.freedesktop.DBus.Properties.Get", f"{NAME}.{interface}", name)
        if status != 0:
            raise RuntimeError(text)
        return text.strip().removeprefix("(<").removesuffix(">,)")

    def introspect(self, path):
        done = self.run("gdbus", "introspect", *self.where, "--dest", NAME, "--object-path", path,
                        "--xml")
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout

    def busctl(self, *arguments):
        done = self.run("busctl", "--json=short", f"--address={self.address}", *arguments)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout

    def managed(self):
        return self.busctl("call", NAME, TOP, "org.freedesktop.DBus.ObjectManager",
                           "GetManagedObjects")["data"][0]

    def monitor(self, to):
        """`gdbus monitor`, once it listens; `to`: the file that it writes."""
        process = subprocess.Popen(["gdbus", "monitor", *self.where, "--dest", NAME], stdout=to,
                                   stderr=subprocess.DEVNULL, env=self.environment)
        time.sleep(0.5)
        return process
