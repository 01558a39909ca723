#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tree of objects on a message bus and on the control socket, seen with gdbus and busctl."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as ElementTree

import private_bus
import rig
import station
from private_bus import NAME, TOP

DATA = pathlib.Path(rig.SITE).parents[2]
OF_PATH = {"": [""], "/host": [".Host"], "/instance/ocpp": [".Instance"], "/site/1": [".Site", ".Plan"],
           "/device/111": [".Device"]}


def interfaces(text):
    """{interface: its members, with types, directions and annotations}"""
    found = {}
    for interface in ElementTree.fromstring(text).iter("interface"):
        members = {}
        for member in interface:
            if member.tag == "annotation":
                continue
            members[member.tag, member.get("name")] = (
                member.get("type"), member.get("access"),
                [(a.get("name"), a.get("type"), a.get("direction")) for a in member.iter("arg")],
                sorted((a.get("name"), a.get("value")) for a in member.iter("annotation")))
        found[interface.get("name")] = members
    return found


def published():
    """The interfaces of data/dbus"""
    found = {}
    for path in (DATA / "dbus").glob("*.xml"):
        found.update(interfaces(path.read_text()))
    return found


class OnBus(rig.Site):
    """A daemon that is told to go to the system bus."""
    groups = "[dbus]\nbus=system\n"

    @classmethod
    def new_daemon(cls, name, groups=""):
        return super().new_daemon(name, cls.groups)

    @classmethod
    def wait_for_name(cls):
        rig.until(lambda: cls.bus.call(TOP, "org.freedesktop.DBus.Peer.Ping")[0] == 0, "the name")


class Tree(OnBus):
    groups = ("[scheduler:flow-1]\nplugin=scheduler-flow\n[planner]\nscheduler=flow-1\n"
              "[dbus]\nbus=system\n")
    approved = None  # what a test has added to the demo's devices

    @classmethod
    def setUpClass(cls):
        cls.bus_daemon = private_bus.Bus()
        cls.addClassCleanup(cls.bus_daemon.end)
        cls.bus_daemon.start()
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = cls.bus_daemon.address
        super().setUpClass()
        cls.bus = private_bus.Client(cls.bus_daemon.address)
        cls.socket = private_bus.Client(f"unix:path={cls.daemon.folder}/run/bus")
        cls.both = {"bus": cls.bus, "socket": cls.socket}
        cls.wait_for_name()

    def watch(self, client):
        """A monitor; `seen(pattern)` waits for what it prints."""
        file = tempfile.NamedTemporaryFile("w+")
        process = client.monitor(file)
        self.addCleanup(lambda: (process.kill(), process.wait(), file.close()))

        def seen(pattern):
            until = time.monotonic() + 20
            while time.monotonic() < until:
                text = pathlib.Path(file.name).read_text()
                if re.search(pattern, text):
                    return text
                time.sleep(0.05)
            self.fail(f"{pattern}\nnot in\n{text}")
        return seen

    def refused(self, client, name, path, method, *arguments):
        status, text = client.call(path, method, *arguments)
        self.assertNotEqual(status, 0, text)
        self.assertIn(name, text)
        return text

    def needs_busctl(self):
        if shutil.which("busctl") is None:
            self.skipTest("busctl is missing")

    # --- what there is

    def test_introspection_equals_the_xml(self):
        want = published()
        for where, client in self.both.items():
            for path, names in OF_PATH.items():
                found = interfaces(client.introspect(TOP + path))
                for name in names:
                    self.assertEqual(found[NAME + name], want[NAME + name], f"{where} {path}")
                self.assertEqual({n for n in found if n.startswith(NAME)}, {NAME + n for n in names})
            self.assertIn("org.freedesktop.DBus.ObjectManager", interfaces(client.introspect(TOP)))

    def test_tree(self):
        self.needs_busctl()
        for where, client in self.both.items():
            found = client.managed()
            want = {TOP + "/host", TOP + "/site/1"} | \
                {f"{TOP}/instance/{n}" for n in ("main", "api", "ocpp", "vtn", "flow_2d1")} | \
                {f"{TOP}/device/{n}" for n in range(111, 202, 10)}
            self.assertEqual(set(found) - {self.approved}, want, where)
            device = found[TOP + "/device/111"][NAME + ".Device"]
            self.assertEqual(device["Station"]["data"], "CP001")
            self.assertEqual(device["Site"], {"type": "o", "data": TOP + "/site/1"})
            site = found[TOP + "/site/1"]
            self.assertEqual(site[NAME + ".Site"]["Contract"]["data"], 70000)
            self.assertEqual(set(site), {NAME + ".Site", NAME + ".Plan"})
            self.assertEqual(found[TOP + "/instance/flow_2d1"][NAME + ".Instance"]["State"]["data"],
                             "running")
            self.assertEqual(found[TOP + "/host"][NAME + ".Host"]["State"]["data"], "ready")

    def test_both_transports_show_the_same(self):
        self.needs_busctl()

        def tree(client):
            found = client.managed()
            for path in found:
                found[path]["xml"] = client.introspect(path)
            found["top"] = re.sub(r"<node name=.*?/>", "", client.introspect(TOP))
            return found
        until = time.monotonic() + 20
        while (a := tree(self.bus)) != (b := tree(self.socket)) and time.monotonic() < until:
            pass  # something happened in between
        self.assertEqual(a, b)

    def test_what_busctl_shows(self):
        self.needs_busctl()
        for client in self.both.values():
            text = client.run("busctl", f"--address={client.address}", "tree", NAME).stdout
            self.assertIn(TOP + "/device/201", text)
            text = client.run("busctl", f"--address={client.address}", "introspect", NAME,
                              TOP + "/site/1").stdout
            self.assertRegex(text, r'\.Name +property +s +"Martinique"')

    # --- news

    def test_a_station_is_seen(self):
        seen = [self.watch(client) for client in self.both.values()]
        began = time.monotonic()
        peer = station.Station(self.daemon.internal, "CP002", self.secrets["CP002"])
        self.addCleanup(peer.close)
        peer.boot()
        for look in seen:
            look(r"device/121: .*PropertiesChanged .*Device.*'Connected': <true>")
        peer.plug_in("t-1")
        for look in seen:
            look(r"device/121: .*PropertiesChanged .*'Session': <'t-1'>")
            look(r"site/1: .*PropertiesChanged .*Site.*'Sessions': <uint32 1>")
        self.assertEqual(self.bus.call(TOP + "/device/121", "Device.SetNeed", "20kWh", "07:00")[0], 0)
        for look in seen:
            look(r"device/121: .*PropertiesChanged .*'Need': <20000.0>")
        self.refused(self.bus, "org.cariflex.Error.Invalid", TOP + "/device/121", "Device.SetNeed",
                     "20 apples", "")
        peer.close()
        for look in seen:
            text = look(r"device/121: .*PropertiesChanged .*'Connected': <false>")
            told = len(re.findall(r"device/121: .*PropertiesChanged", text))
            self.assertLessEqual(told, 2 * (time.monotonic() - began) + 2)

    def test_holds_of_objects(self):
        """A site and a device are held as by HoldSet, and what is released is only their own."""
        numbers = {}
        for client, path, power in ((self.bus, "/site/1", "40kW"), (self.socket, "/device/111", "5kW")):
            kind = "Site" if "site" in path else "Device"
            status, text = client.call(TOP + path, kind + ".Hold", power, "{'for': <'2h'>, 'reason': <'a test'>}")
            self.assertEqual(status, 0, text)
            answer = json.loads(re.search(r"'(\{.*\})'", text).group(1))
            self.assertEqual(answer["max_kw"], float(power[:-2]))
            numbers[kind] = answer["hold"]
        self.assertEqual(self.bus.get(TOP + "/site/1", "Site", "Limit"), "40000.0")
        held = {one["hold"]: one for one in json.loads(
            re.search(r"'(\{.*\})'", self.bus.call(TOP, "Holds")[1]).group(1))["holds"]}
        for kind, asset in (("Site", 1), ("Device", 111)):
            self.assertEqual(held[numbers[kind]]["asset"], asset)
            self.assertEqual(held[numbers[kind]]["reason"], "a test")
        # the other's, mistakes
        text = self.refused(self.bus, "org.cariflex.Error.NotFound", TOP + "/device/111",
                            "Device.ReleaseHold", str(numbers["Site"]), "{}")
        self.assertIn("no such hold is in force there", text)
        self.refused(self.bus, "org.cariflex.Error.NotFound", TOP + "/site/1", "Site.ReleaseHold",
                     str(numbers["Device"]), "{}")
        for options in ("{}", "{'for': <'2h'>, 'until': <'18:00'>}", "{'fro': <'2h'>}", "{'for': <2>}"):
            self.refused(self.bus, "org.cariflex.Error.Invalid", TOP + "/device/111", "Device.Hold", "5kW", options)
        self.refused(self.bus, "org.cariflex.Error.Invalid", TOP + "/site/1", "Site.Hold", "5 apples",
                     "{'for': <'2h'>}")
        # end
        for client, kind, path in ((self.socket, "Site", "/site/1"), (self.bus, "Device", "/device/111")):
            status, text = client.call(TOP + path, kind + ".ReleaseHold", str(numbers[kind]), "{'behalf': <'alice'>}")
            self.assertEqual(status, 0, text)
            self.refused(client, "org.cariflex.Error.NotFound", TOP + path, kind + ".ReleaseHold",
                         str(numbers[kind]), "{}")
        self.assertEqual(self.bus.get(TOP + "/site/1", "Site", "Limit"), "70000.0")
        self.assertIn("alice", self.bus.call(TOP, "Holds")[1])

    def test_new_objects_are_told(self):
        seen = [self.watch(client) for client in self.both.values()]
        status, text = self.bus.call(TOP, "Approve", "CP777", "{'instance': <'ocpp'>}")
        self.assertEqual(status, 0, text)
        for look in seen:
            told = look(r"InterfacesAdded \(objectpath '.*/device/\d+', .*'Station': <'CP777'>")
        path = re.search(r"InterfacesAdded \(objectpath '(\S+)', .*CP777", told).group(1)
        self.assertEqual(self.socket.call(path, "org.freedesktop.DBus.Properties.Get",
                                          NAME + ".Device", "Station")[1], "(<'CP777'>,)\n")
        status, text = self.bus.call(TOP + "/site/1", "Plan.Replan")
        self.assertEqual(status, 0, text)
        number = re.search(r"int64 (\d+)", text).group(1)
        for look in seen:
            look(r"site/1: .*PropertiesChanged .*Plan'.*'Number': <int64 " + number)
        self.__class__.approved = path

    def test_reload(self):
        seen = self.watch(self.bus)
        self.daemon.config.write_text(self.daemon.config.read_text() + "log-lvel=x\n")
        text = self.refused(self.bus, "org.cariflex.Error.Config", TOP + "/host", "Host.Reload")
        self.assertIn("log-lvel", text)
        self.daemon.config.write_text(self.daemon.config.read_text().replace("log-lvel=x\n", "")
                               .replace("bus=system", "bus=session"))
        status, text = self.bus.call(TOP + "/host", "Host.Reload")
        self.assertEqual(status, 0, text)
        self.assertIn("[dbus] bus has changed", text)
        self.daemon.config.write_text(self.daemon.config.read_text().replace("bus=session", "bus=system"))
        seen(r"host: .*PropertiesChanged .*'Warnings'")

    # --- mistakes

    def test_mistakes_have_names(self):
        for client in self.both.values():
            self.refused(client, "DBus.Error.UnknownMethod", TOP, "Nonsense")
            self.refused(client, "DBus.Error.UnknownMethod", TOP + "/host", "Host.Nonsense")
            self.refused(client, "DBus.Error.UnknownMethod", TOP + "/device/9", "Device.Commands")
            self.refused(client, "DBus.Error.InvalidArgs", TOP, "Plan", "1", "2")
            get = "org.freedesktop.DBus.Properties.Get"
            self.refused(client, "DBus.Error.InvalidArgs", TOP + "/host", get, NAME + ".Host", "Nonsense")
            self.refused(client, "DBus.Error.InvalidArgs", TOP + "/host",
                         "org.freedesktop.DBus.Properties.Set", NAME + ".Host", "State", "<'x'>")
            self.refused(client, "org.cariflex.Error.NotFound", TOP, "Plan", "99")
            self.refused(client, "org.cariflex.Error.Invalid", TOP, "Import", "{", "{}")
            self.refused(client, "org.cariflex.Error.NotFound", TOP + "/device/141",
                         "Device.SetNeed", "20kWh", "")
            self.refused(client, "org.cariflex.Error.NotSupported", TOP + "/device/141",
                         "Device.Command", "Rest", "")
            self.refused(client, "org.cariflex.Error.Unavailable", TOP + "/device/141",
                         "Device.Command", "Reset", '{"type":"OnIdle"}')

    # --- what the document says

    def test_examples_of_the_document(self):
        self.needs_busctl()
        text = (DATA / "doc" / "dbus.md").read_text()
        lines = re.findall(r"^\$ (.+)$", text, re.M)
        self.assertEqual(len(lines), 4)
        peer = station.Station(self.daemon.internal, "CP001", self.secrets["CP001"])
        self.addCleanup(peer.close)
        peer.boot()
        peer.plug_in("t-doc")
        for line in lines:
            line = line.replace("/run/cariflex/bus", f"{self.daemon.folder}/run/bus")
            monitor = " monitor " in line
            done = self.bus.run("timeout", 2 if monitor else 30, *line.split())
            self.assertEqual(done.returncode, 124 if monitor else 0, f"{line}\n{done.stdout}{done.stderr}")
            want = {"get-property": "d 70000", "SetNeed": "()", "tree": TOP + "/device/201",
                    "monitor": "is owned by"}
            for word, answer in want.items():
                if f" {word} " in line or f".{word} " in line:
                    self.assertIn(answer, done.stdout, line)
        for path, names in OF_PATH.items():
            self.assertIn(TOP + re.sub(r"/(?:ocpp|\d+)$", "", path), text)
            for name in names:
                self.assertIn(NAME + name, text)

    # --- cariflexctl

    def ctl_with(self, *arguments, **environment):
        base = {k: v for k, v in self.daemon.environment.items() if k != "CARIFLEX_SOCKET"}
        return subprocess.run([rig.CTL, *arguments], text=True, capture_output=True, timeout=60,
                              env={**base, **environment})

    def test_ctl_asks_the_bus(self):
        done = self.ctl_with("status", "--bus", "system")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Martinique", done.stdout)
        done = self.ctl_with("plan", "--bus", "system", "--site", "99")
        self.assertIn("system bus: ", done.stderr)
        done = self.ctl_with("status", "--bus", "session",
                             DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere")
        self.assertEqual(done.returncode, 1)
        self.assertIn("session bus: no connection", done.stderr)
        done = self.ctl_with("status", "--bus", "city")
        self.assertEqual(done.returncode, 2)
        done = self.ctl_with("status", "--bus", "system", "--socket", "x")
        self.assertEqual(done.returncode, 2)

    def test_ctl_falls_back(self):
        if pathlib.Path("/run/cariflex/bus").exists():
            self.skipTest("a daemon of the system is running")
        done = self.ctl_with("status")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Martinique", done.stdout)
        done = self.ctl_with("status", DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nowhere")
        self.assertIn("is cariflexd running?", done.stderr)
        lonely = private_bus.Bus()
        self.addCleanup(lonely.end)
        lonely.start()
        done = self.ctl_with("status", DBUS_SYSTEM_BUS_ADDRESS=lonely.address)
        self.assertEqual(done.returncode, 1)
        for words in ("system bus: nobody has the name", "no control socket /run/cariflex/bus"):
            self.assertIn(words, done.stderr)

    # --- the bus comes and goes

    def test_zz_the_bus_restarts(self):
        seen = self.watch(self.socket)
        self.bus_daemon.stop()
        seen(r"host: .*PropertiesChanged .*'Warnings'")
        self.assertEqual(self.socket.call(TOP, "Status")[0], 0)
        self.bus_daemon.start()
        self.wait_for_name()
        self.assertEqual(self.bus.call(TOP + "/site/1", "Plan.Get")[0], 0)
        log = self.daemon.log()
        self.assertIn("bus: system bus: the connection has ended", log)


class Alone(OnBus):
    """A daemon whose bus is not there yet, and another that wants its name."""

    @classmethod
    def setUpClass(cls):
        cls.bus_daemon = private_bus.Bus()
        cls.addClassCleanup(cls.bus_daemon.end)
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = cls.bus_daemon.address
        super().setUpClass()
        cls.bus = private_bus.Client(cls.bus_daemon.address)

    def pid(self):
        return self.bus.call(TOP + "/host", "org.freedesktop.DBus.Properties.Get", NAME + ".Host", "Pid")[1]

    def test_goes_on_and_waits(self):
        self.assertEqual(self.daemon.ctl("status").returncode, 0)
        self.assertRegex(self.daemon.log(), r"warning: bus: system bus: Could not connect")
        self.bus_daemon.start()
        self.wait_for_name()

    def test_zz_a_second_daemon_waits_for_the_name(self):
        second = self.new_daemon("second")
        second.start()
        rig.until(lambda: "another process has the name" in second.log(), "a word in the log")
        self.assertIn(f"uint32 {self.daemon.process.pid}", self.pid())
        self.daemon.kill()
        rig.until(lambda: f"uint32 {second.process.pid}" in self.pid(), "the name")


class Files(unittest.TestCase):
    def test_each_method_has_an_action(self):
        policy = ElementTree.parse(DATA / "polkit" / "org.cariflex.policy")
        actions = {a.get("id"): a for a in policy.iter("action")}
        for name, members in published().items():
            for (kind, member), (_, _, _, annotations) in members.items():
                if kind != "method":
                    continue
                action = dict(annotations).get("org.cariflex.Action")
                self.assertTrue(action == "read" or action in actions, f"{name}.{member}: {action}")
        for name, action in actions.items():
            self.assertIsNotNone(action.find("message"), name)
            owner = action.find("annotate[@key='org.freedesktop.policykit.owner']")
            self.assertEqual(owner.text, "unix-user:cariflex", name)

    def test_each_member_is_described(self):
        for path in (DATA / "dbus").glob("*.xml"):
            text = path.read_text()
            for member in re.findall(r'<(?:method|property|signal) name="(\w+)"', text):
                self.assertIn(f"\n      {member}:\n", text, path.name)
            for method in re.findall(r"<method.*?</method>", text, re.S):
                name = re.search(r'name="(\w+)"', method).group(1)
                words = text[text.index(f"\n      {name}:\n"):]
                for argument in re.findall(r'<arg name="(\w+)"', method):
                    self.assertIn(f"@{argument}:", words, f"{path.name} {name}")

    def test_files_are_well_formed(self):
        files = [*(DATA / "dbus").glob("*.xml"), DATA / "dbus" / f"{NAME}.conf",
                 DATA / "polkit" / "org.cariflex.policy"]
        for path in files:
            ElementTree.parse(path)
        if shutil.which("xmllint") is None:
            self.skipTest("xmllint is missing: read by Python alone")
        done = subprocess.run(["xmllint", "--noout", "--nonet", *files], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    tool = private_bus.missing_tool()
    if tool is not None:
        print(f"1..0 # SKIP {tool} is missing")
        sys.exit(0)
    rig.main(Tree, Alone, Files)
