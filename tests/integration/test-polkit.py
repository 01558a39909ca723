#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may do what over the system bus: the real polkitd, the files that are installed, the daemon under its
own user. It takes root, and a mount namespace in which that user and our polkit actions exist."""

import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

import private_bus
import rig
from private_bus import NAME, TOP

DATA = pathlib.Path(rig.SITE).parents[2]
POLKITD = next((p for p in ("/usr/lib/polkit-1/polkitd", "/usr/libexec/polkitd") if os.path.exists(p)), None)
OWN, PLAIN, TRUSTED = 990, 991, 992  # the daemon's user, somebody, somebody with a rule
# what everybody may: it changes nothing, and names nobody
FREE = {"Device.Commands", "Plan.Get", "Status", "Stations", "Sensors", "Series", "Assets", "Devices", "Holds",
        "Commands", "Plan"}
RULE = """polkit.addAdminRule(function(action, subject) { return ["unix-user:root"]; });
polkit.addRule(function(action, subject) {
  if (action.id == "org.cariflex.session-set" && subject.user == "cfx-trusted") return polkit.Result.YES;
});
"""


def skip(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def own_namespace():
    """Goes on where mounts are seen by nobody else, and lays our files over the system's."""
    if os.geteuid() != 0:
        skip("only root can make users and polkit actions for a test")
    for tool in ("dbus-daemon", "gdbus", "setpriv", "unshare", "mount"):
        if shutil.which(tool) is None:
            skip(f"{tool} is missing")
    if POLKITD is None:
        skip("polkitd is missing")
    if os.environ.get("CARIFLEX_TEST_NAMESPACE") is None:
        if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
            skip("no mount namespace can be made here")
        os.environ["CARIFLEX_TEST_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cfx-over-"))
    users = "".join(f"{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n" for name, number in
                    (("cariflex", OWN), ("cfx-plain", PLAIN), ("cfx-trusted", TRUSTED)))
    known = [line for line in pathlib.Path("/etc/passwd").read_text().splitlines(True)
             if not line.startswith("cariflex:")]
    (folder / "passwd").write_text("".join(known) + users)
    for name, text in (("actions/org.cariflex.policy", (DATA / "polkit" / "org.cariflex.policy").read_text()),
                       ("rules.d/10-test.rules", RULE)):
        (folder / name).parent.mkdir()
        (folder / name).write_text(text)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    for ours, theirs in (("passwd", "/etc/passwd"), ("actions", "/usr/share/polkit-1/actions"),
                         ("rules.d", "/etc/polkit-1/rules.d")):
        if subprocess.run(["mount", "--bind", folder / ours, theirs], capture_output=True).returncode != 0:
            shutil.rmtree(folder)
            skip(f"nothing can be mounted over {theirs} here")
    return folder


class OwnDaemon(rig.Daemon):
    """It runs under its own user, as the unit has it."""

    def launch(self):
        for path in (self.folder.parent, self.folder, *self.folder.rglob("*")):
            os.chown(path, OWN, OWN)
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", f"--reuid={OWN}", f"--regid={OWN}", "--clear-groups", rig.DAEMON, "--config",
                 self.config], stderr=log, env=self.environment)


class Polkit(rig.Site):
    @classmethod
    def new_daemon(cls, name, groups=""):
        daemon = OwnDaemon(cls.folder / name, "[dbus]\nbus=system\n")
        cls.addClassCleanup(daemon.end)
        return daemon

    @classmethod
    def setUpClass(cls):
        policies = [DATA / "dbus" / f"{NAME}.conf",
                    "/usr/share/dbus-1/system.d/org.freedesktop.PolicyKit1.conf"]
        cls.bus_daemon = private_bus.Bus(policies)
        cls.addClassCleanup(cls.bus_daemon.end)
        cls.bus_daemon.start()
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = cls.bus_daemon.address
        cls.own_program()
        super().setUpClass()
        cls.root, cls.own, cls.plain, cls.trusted = (
            private_bus.Client(cls.bus_daemon.address, user) for user in (None, OWN, PLAIN, TRUSTED))
        cls.polkit = None
        cls.addClassCleanup(cls.polkit_stop)
        rig.until(lambda: cls.root.call(TOP, "org.freedesktop.DBus.Peer.Ping")[0] == 0, "the name")

    @classmethod
    def own_program(cls):
        """A copy that another user may read, wherever the build is."""
        cls.program = tempfile.TemporaryDirectory(prefix="cfx-program-")
        cls.addClassCleanup(cls.program.cleanup)
        folder = pathlib.Path(cls.program.name)
        folder.chmod(0o755)
        shutil.copy(rig.DAEMON, folder / "cariflexd")
        shutil.copytree(os.environ["CARIFLEX_PLUGIN_DIR"], folder / "plugins",
                        ignore=lambda _, names: [n for n in names if n.endswith((".p", ".o", ".a"))])
        rig.DAEMON = str(folder / "cariflexd")
        os.environ["CARIFLEX_PLUGIN_DIR"] = str(folder / "plugins")

    @classmethod
    def polkit_start(cls):
        if cls.polkit is None:
            cls.polkit = subprocess.Popen([POLKITD, "--no-debug"], stdout=subprocess.DEVNULL,
                                          stderr=subprocess.DEVNULL)
            rig.until(lambda: "true" in cls.root.run(
                "gdbus", "call", "--system", "--dest", "org.freedesktop.DBus", "--object-path", "/",
                "--method", "org.freedesktop.DBus.NameHasOwner", "org.freedesktop.PolicyKit1").stdout,
                "polkitd's name")

    @classmethod
    def polkit_stop(cls):
        if cls.polkit is not None:
            cls.polkit.kill()
            cls.polkit.wait()
            cls.polkit = None

    def denied(self, client, words, path, method, *arguments):
        status, text = client.call(path, method, *arguments)
        self.assertNotEqual(status, 0, text)
        self.assertIn("org.cariflex.Error.Auth", text)
        self.assertIn(words, text)

    def reads(self, client):
        for path, method in ((TOP, "Status"), (TOP, "Stations"), (TOP, "Sensors"), (TOP, "Devices"),
                             (TOP, "org.freedesktop.DBus.ObjectManager.GetManagedObjects"),
                             (TOP + "/device/111", "Device.Commands")):
            status, text = client.call(path, method, timeout=10)
            self.assertEqual(status, 0, f"{method}: {text}")

    # in the order of their names: polkit is not there first

    def test_1_without_polkit(self):
        self.reads(self.plain)
        self.denied(self.plain, "polkit does not run here, so only root may", TOP, "Import", "{", "{}")
        self.denied(self.plain, "org.cariflex.read-sessions", TOP, "Sessions")
        for client in (self.root, self.own):
            status, text = client.call(TOP, "Import", "{", "{}")
            self.assertIn("org.cariflex.Error.Invalid", text)
            self.assertEqual(client.call(TOP, "Sessions")[0], 0)

    def test_2_polkit_decides(self):
        self.polkit_start()
        self.reads(self.plain)
        for path, method, *arguments in (
                (TOP, "Import", "{", "{}"), (TOP, "Backup", "0"), (TOP, "Approve", "CP009", "{}"), (TOP, "Sessions"),
                (TOP, "SessionSet", "CP001", "20kWh", ""), (TOP, "Command", "CP001", "Reset", ""),
                (TOP + "/device/111", "Device.SetNeed", "20kWh", ""),
                (TOP + "/device/111", "Device.Command", "Reset", ""),
                (TOP + "/site/1", "Plan.Replan"), (TOP + "/host", "Host.Reload")):
            self.denied(self.plain, "takes an administrator's password", path, method, *arguments)
        # allowed by a rule: the daemon's own answer comes
        status, text = self.trusted.call(TOP + "/device/111", "Device.SetNeed", "20kWh", "")
        self.assertIn("org.cariflex.Error.NotFound", text)
        self.denied(self.trusted, "org.cariflex.import", TOP, "Import", "{", "{}")
        status, text = self.root.call(TOP + "/host", "Host.Reload")
        self.assertEqual(status, 0, text)

    def test_2_nothing_that_changes_is_free(self):
        """Every method of the XML: what is not said to be read only, is refused with the action that is said."""
        self.polkit_start()
        dummies = {"s": "x", "x": "1", "a{sv}": "{}", "a{ss}": "{}", "b": "true", "h": "0", "as": "[]"}
        objects = {"": "", ".Site": "/site/1", ".Plan": "/site/1", ".Device": "/device/111", ".Host": "/host",
                   ".Instance": "/instance/ocpp"}
        known = set(re.findall(r'<action id="([^"]+)"', (DATA / "polkit" / "org.cariflex.policy").read_text()))
        asked, free = set(), set()
        for path in sorted((DATA / "dbus").glob("*.xml")):
            for interface in ElementTree.parse(path).getroot().iter("interface"):
                short = interface.get("name").removeprefix(NAME)
                for method in interface.iter("method"):
                    action = method.find("annotation[@name='org.cariflex.Action']").get("value")
                    name = f"{short[1:]}.{method.get('name')}" if short else method.get("name")
                    if action == "read":
                        free.add(name)
                        continue
                    asked.add(action)
                    arguments = [dummies[a.get("type")] for a in method.iter("arg") if a.get("direction") == "in"]
                    with self.subTest(name):
                        want = action if action in known else "only root may"
                        self.denied(self.plain, want, TOP + objects[short], name, *arguments)
        self.assertEqual(asked, known)
        self.assertEqual(free, FREE)
        self.assertEqual(self.root.call(TOP, "Holds")[1], "('{\"holds\":[]}',)\n")

    def test_2_who_it_was_is_written_down(self):
        for client, name in ((self.root, "root"), (self.own, "cariflex")):
            status, text = client.call(TOP, "HoldSet", "CP001", "5kW", "{'for': <'1h'>}")
            self.assertEqual(status, 0, text)
            self.assertIn(f'"{name}"', self.plain.call(TOP, "Holds")[1])

    def test_3_cariflexctl(self):
        self.polkit_start()
        environment = {k: v for k, v in self.daemon.environment.items() if k != "CARIFLEX_SOCKET"}

        def ctl(user, *arguments):
            done = subprocess.run(["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups",
                                   shutil.copy(rig.CTL, self.program.name), *arguments], text=True,
                                  capture_output=True, timeout=60, env=environment)
            return done.returncode, done.stdout + done.stderr
        status, text = ctl(PLAIN, "status")
        self.assertEqual(status, 0, text)
        self.assertIn("Martinique", text)
        status, text = ctl(PLAIN, "session", "set", "CP001", "--need", "20kWh")
        self.assertEqual(status, 1)
        self.assertRegex(text, "system bus: org.cariflex.session-set takes an administrator's password")
        status, text = ctl(TRUSTED, "session", "set", "CP001", "--need", "20kWh")
        self.assertIn("no car is plugged in", text)

    def test_4_a_person_is_asked(self):
        if shutil.which("pkttyagent") is None:
            self.skipTest("pkttyagent is missing")
        self.polkit_start()
        environment = {k: v for k, v in self.daemon.environment.items() if k != "CARIFLEX_SOCKET"}
        program = shutil.copy(rig.CTL, self.program.name)
        child, terminal = pty.fork()
        if child == 0:
            os.setgroups([])
            os.setregid(PLAIN, PLAIN)
            os.setreuid(PLAIN, PLAIN)
            os.execve(program, [program, "session"], environment)
        text = ""
        try:
            until = time.monotonic() + 40
            while time.monotonic() < until and "Password" not in text:
                if select.select([terminal], [], [], 1)[0]:
                    text += os.read(terminal, 4096).decode(errors="replace")
            self.assertIn("AUTHENTICATING FOR org.cariflex.read-sessions", text)
            self.assertIn("Authentication is required to see who charges", text)
            os.write(terminal, b"wrong\n")
            while select.select([terminal], [], [], 30)[0]:
                text += os.read(terminal, 4096).decode(errors="replace")
        except OSError:
            pass  # the terminal is gone with its last user
        finally:
            os.close(terminal)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        self.assertEqual(status, 1, text)
        self.assertIn("cariflexctl session: system bus: org.cariflex.read-sessions", text)

    def test_5_reads_do_not_wait_for_polkit(self):
        self.polkit_start()
        self.polkit.send_signal(signal.SIGSTOP)
        try:
            waiting = [subprocess.Popen(
                [*self.plain.before, "gdbus", "call", "--system", "--dest", NAME, "--object-path", TOP,
                 "--method", f"{NAME}.Sessions"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, env=self.plain.environment) for _ in range(3)]
            time.sleep(0.5)
            self.reads(self.plain)
            self.assertEqual(self.root.call(TOP, "Sessions", timeout=10)[0], 0)
            self.assertTrue(all(process.poll() is None for process in waiting))
        finally:
            self.polkit.send_signal(signal.SIGCONT)
        for process in waiting:
            self.assertIn("org.cariflex.Error.Auth", process.communicate(timeout=60)[0])

    def test_6_only_the_daemon_may_have_the_name(self):
        text = self.plain.run("gdbus", "call", "--system", "--dest", "org.freedesktop.DBus",
                              "--object-path", "/", "--method", "org.freedesktop.DBus.RequestName",
                              NAME, "0")
        self.assertIn("AccessDenied", text.stderr)
        log = self.daemon.log()
        self.assertTrue(re.search(r"bus: system bus: served as " + re.escape(NAME), log), log)


if __name__ == "__main__":
    over = own_namespace()
    try:
        rig.main(Polkit)
    finally:
        shutil.rmtree(over, ignore_errors=True)
