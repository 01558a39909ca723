#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What keeps a daemon from starting is said with its place and a remedy; what a store suffers is said and survived."""

import json
import os
import pathlib
import socket
import sqlite3
import stat
import subprocess
import sys

import rig


class Keyfile(rig.Site):
    def refused(self, text, *arguments):
        """Lines that a start with this text at the end of the keyfile says; it must not start."""
        daemon = self.new_daemon(self.id().split(".")[-1])
        daemon.write_config(text)
        done = subprocess.run([rig.DAEMON, "--config", daemon.config, *arguments], text=True,
                              capture_output=True, timeout=60, env=daemon.environment)
        self.assertEqual(done.returncode, 1, done.stderr)
        whole = daemon.config.read_text().splitlines()
        return daemon.config, whole, done.stderr.splitlines()

    def test_all_mistakes_at_once(self):
        wrong = {
            "plugin=nothing": "there is no plugin",
            "zone=moon": "public, internal, grid",
            "address=127.0.0.1:99999": "127.0.0.1:8080",
            "allow=1.2.3.4/99": "192.168.7.0/24",
            "request-tim=5s": "did you mean \"request-time\"?",
            "connections=many": "connections=many",
            "listener=none": "there is \"public\", \"internal\", \"grid\"",
            "site=x": "a whole number from 1",
            "poll-interval=soon": "30s",
            "url=ftp://x": "http://",
            "client-secret-file=/nonexistent": "cannot be read",
            "no equals sign": "",
        }
        for arguments in ((), ("--check-config",)):
            config, whole, said = self.refused(
                "[adapter:x]\nplugin=nothing\n"
                "[listener:bad]\nzone=moon\naddress=127.0.0.1:99999\nallow=1.2.3.4/99\n"
                "request-tim=5s\nconnections=many\n"
                "[adapter:y]\nplugin=flexmeasures\nlistener=none\n"
                "[adapter:ven]\nplugin=openadr-ven\nsite=x\npoll-interval=soon\nurl=ftp://x\n"
                "client-secret-file=/nonexistent\nno equals sign\n", *arguments)
            last = 0
            for line, words in wrong.items():
                number = whole.index(line) + 1
                place = f"{config}:{number}: "
                found = [text for text in said if text.startswith(place)]
                self.assertEqual(len(found), 1, (line, said))
                self.assertIn(words, found[0])
                self.assertGreater(number, last)
                last = number
            numbers = [int(text.split(":")[1]) for text in said if text.startswith(f"{config}:")]
            self.assertEqual(numbers, sorted(numbers))
            self.assertIn(f"{len(wrong)} mistakes", said[-1])

    def test_files(self):
        for name, write, words in (
                ("none", None, "No such file"),
                ("binary", b"\xff\xfe[host]\n", "is not UTF-8"),
                ("large", b"#" * (2 << 20), "is larger than 1 MiB"),
                ("headless", b"run-dir=/x\n", "before the first [group]"),
                ("folder", "folder", "folder")):
            path = self.folder / f"{name}.conf"
            if write == "folder":
                path.mkdir()
            elif write is not None:
                path.write_bytes(write)
            done = subprocess.run([rig.DAEMON, "--config", path], capture_output=True, timeout=60)
            said = done.stderr.decode()
            self.assertEqual(done.returncode, 1, said)
            self.assertIn(str(path), said)
            if name != "folder":
                self.assertIn(words, said)

    def test_port_taken(self):
        other = self.new_daemon("other")
        other.ports = [self.daemon.public, *other.ports[1:]]
        other.write_config()
        status, said = other.start_in_vain()
        self.assertEqual(status, 1)
        self.assertIn(f"[listener:public] address=127.0.0.1:{self.daemon.public}", said)
        self.assertIn("is taken by another program; end that one", said)
        self.assertIn("or choose another port", said)
        self.assertEqual(self.daemon.instance("api"), ("running", ""))

    def test_demo_takes_the_next_port(self):
        sys.path.insert(0, str(pathlib.Path(rig.SITE).parents[1]))
        import site_run
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.assertGreater(site_run.free_port(port), port)
        self.assertEqual(site_run.free_port(port), port)

    def test_run_dir_taken(self):
        other = self.new_daemon("same")
        other.config.write_text(other.config.read_text().replace(
            f"run-dir={other.folder}", f"run-dir={self.daemon.folder}"))
        status, said = other.start_in_vain()
        self.assertEqual(status, 1)
        self.assertIn("choose another run-dir", said)
        self.assertEqual(self.daemon.instance("api"), ("running", ""))


class Import(rig.Site):
    def test_currency_without_rate(self):
        """Refused with its place; nothing of the file is taken."""
        before = self.daemon.ctl("sensors", "--json").stdout
        site = json.loads(pathlib.Path(rig.SITE).read_text())
        root = site["assets"][0]
        for change, place in (({"production-price": "60 SEK/MWh"}, "production-price"),
                              ({"consumption-price": "2 XAF/kWh"}, "consumption-price")):
            for item in site["sensors"]:
                item["name"] = item["name"] + " "
            broken = json.loads(json.dumps(site))
            broken["assets"][0]["flex_context"] = {**root["flex_context"], **change}
            if place == "production-price":
                broken["assets"][0]["attributes"]["currency-rates"] = []
            path = self.folder / "broken.json"
            path.write_text(json.dumps(broken))
            done = self.daemon.ctl("import", path, "--secrets", self.daemon.folder / "secrets")
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("assets[0].flex_context." + place, done.stderr)
            self.assertEqual(self.daemon.ctl("sensors", "--json").stdout, before)

    def test_mistakes_by_path(self):
        for text, words in (("", "a value is due"), ("{", "byte 1"), ("[]", ""), ("{}", "format"),
                            ('{"format": "cariflex-import", "version": 99}', "version"),
                            ("[" * 100000, ""), ("\xff", "")):
            path = self.folder / "wrong.json"
            path.write_bytes(text.encode("latin-1"))
            done = self.daemon.ctl("import", path)
            self.assertEqual(done.returncode, 1, (text[:20], done.stdout))
            self.assertIn(words, done.stderr)
        self.assertNotEqual(self.daemon.ctl("import", self.folder / "none.json").returncode, 0)


class Database(rig.Site):
    """One daemon whose file is spoilt in one way after the other, and put back."""

    def setUp(self):
        if self.daemon.process.poll() is None:
            self.daemon.stop()
        self.path = self.daemon.database
        if not hasattr(type(self), "sound"):
            type(self).sound = self.path.read_bytes()
        for end in ("", "-wal", "-shm"):
            pathlib.Path(f"{self.path}{end}").unlink(missing_ok=True)
        self.path.write_bytes(self.sound)
        self.daemon.write_config()

    def post(self, minute, value=1.0):
        return rig.ask(self.daemon.public, "POST", "/api/v3_0/sensors/108/data", json.dumps({
            "start": f"2025-10-01T12:{minute:02d}:00Z", "duration": "PT1M", "values": [value],
            "unit": "kW"}), {**self.daemon.bearer("gateway-site"),
                             "Content-Type": "application/json"}).status

    def kept(self):
        values = self.daemon.series(108, "2025-10-01T12:00:00Z", "PT5M", "kW", "PT1M")
        return [value for value in values if value is not None]

    def refused(self, *words):
        """The start fails, says why, and the file stays as it is."""
        before = self.path.read_bytes() if self.path.is_file() else None
        status, said = self.daemon.start_in_vain()
        self.assertEqual(status, 1, said)
        for word in (str(self.path), *words):
            self.assertIn(word, said)
        if before is not None:
            self.assertEqual(self.path.read_bytes(), before)
            self.path.write_bytes(self.sound)
            self.daemon.start()
            self.assertEqual(self.post(0), 200)

    def test_no_database(self):
        self.path.write_bytes(b"my shopping list\n" * 1000)
        self.refused("this is no SQLite file; name another path")

    def test_corrupt(self):
        spoilt = bytearray(self.sound)
        spoilt[8192:] = bytes(b ^ 0x5a for b in spoilt[8192:])
        self.path.write_bytes(spoilt)
        self.refused("malformed", "restore the last backup")

    def test_truncated(self):
        self.path.write_bytes(self.sound[:len(self.sound) // 2])
        self.refused("malformed", "restore the last backup")

    def test_newer_schema(self):
        with sqlite3.connect(self.path) as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
        self.refused("has schema version 99", "install the newer plugin again")

    def test_foreign(self):
        self.path.unlink()
        with sqlite3.connect(self.path) as database:
            database.execute("CREATE TABLE songs (title)")
        database.close()
        self.refused("belongs to another program; name another path")

    def test_no_folder(self):
        self.path = self.daemon.folder / "none" / "site.db"
        self.daemon.write_config(storage=f"[storage:main]\nplugin=sqlite\npath={self.path}\n")
        self.refused("make its folder")
        self.path.parent.mkdir()
        self.path.mkdir()
        self.refused("let the daemon's user write there")

    def test_two_daemons(self):
        self.daemon.start()
        other = self.new_daemon("second")
        other.write_config(storage=f"[storage:main]\nplugin=sqlite\npath={self.path}\n")
        status, said = other.start_in_vain()
        self.assertEqual(status, 1)
        self.assertIn(f"{self.path}: in use by another daemon; end that one", said)
        self.assertEqual(self.post(0), 200)

    def test_mode(self):
        """Who may read hashes and habits: the daemon's user alone, whatever the umask."""
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        for path in self.path.parent.glob("site.db*"):
            path.unlink()
        self.daemon.start()
        self.assertEqual({(path.name, stat.S_IMODE(path.stat().st_mode))
                          for path in self.path.parent.glob("site.db*") if
                          stat.S_IMODE(path.stat().st_mode) & 0o077}, set())

    def test_locked(self):
        """While another program holds the file nothing is acknowledged; then it goes on by itself."""
        self.daemon.start()
        self.assertEqual(self.post(0), 200)
        other = sqlite3.connect(self.path, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN EXCLUSIVE")
        waiting = subprocess.Popen([sys.executable, "-c", POST, str(self.daemon.public),
                                    self.daemon.bearer("gateway-site")["Authorization"], "1"],
                                   stdout=subprocess.PIPE, text=True)
        state, reason = rig.until(lambda: self.daemon.instance("main")[0] == "degraded" and
                                  self.daemon.instance("main"), "a store that says so")
        self.assertIn("another program holds a lock on it; end that program", reason)
        self.assertIn("database is locked", self.daemon.ctl("status").stdout)
        self.assertIsNone(waiting.poll())
        self.assertEqual(self.kept(), [1])
        other.execute("COMMIT")
        self.assertEqual(waiting.communicate(timeout=60)[0].strip(), "200")
        self.assertEqual(self.kept(), [1, 1])
        rig.until(lambda: self.daemon.instance("main") == ("running", ""), "a store that is well")

    def full(self):
        """A daemon whose file lies on a disk of 6 MB, in a name space of its own."""
        disk = self.daemon.folder / "disk"
        disk.mkdir(exist_ok=True)
        self.path = disk / "site.db"
        self.daemon.write_config(storage=f"[storage:main]\nplugin=sqlite\npath={self.path}\n")
        with open(self.daemon.folder / "log", "ab") as log:
            self.daemon.process = subprocess.Popen(
                ["unshare", "-rm", "sh", "-c", f"mount -t tmpfs -o size=6m none {disk} && "
                 f"cp {self.daemon.folder}/sound.db {self.path} && exec {rig.DAEMON} --config "
                 f"{self.daemon.config}"], stderr=log, env=self.daemon.environment)
        rig.until(lambda: self.daemon.ctl("status").returncode == 0, "a daemon")
        return pathlib.Path(f"/proc/{self.daemon.process.pid}/root{disk}")

    def test_full(self):
        """A full disk: said, nothing acknowledged is lost, and it goes on when there is room."""
        try:
            able = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none",
                                   self.daemon.folder / "run"], capture_output=True).returncode == 0
        except FileNotFoundError:
            able = False
        if not able:
            print("# no name spaces here: a full disk was not tried")
            return
        (self.daemon.folder / "sound.db").write_bytes(self.sound)
        disk = self.full()
        self.assertEqual(self.post(0), 200)
        with open(disk / "filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 4096)
            except OSError:
                pass
        waiting = subprocess.Popen([sys.executable, "-c", POST, str(self.daemon.public),
                                    self.daemon.bearer("gateway-site")["Authorization"], "1"],
                                   stdout=subprocess.PIPE, text=True)
        reason = rig.until(lambda: self.daemon.instance("main")[0] == "degraded" and
                           self.daemon.instance("main")[1], "a store that says so")
        self.assertIn("make room", reason)
        self.assertEqual(self.kept(), [1])
        (disk / "filler").unlink()
        self.assertEqual(waiting.communicate(timeout=60)[0].strip(), "200")
        rig.until(lambda: self.daemon.instance("main") == ("running", ""), "a store that is well")
        self.assertEqual(self.kept(), [1, 1])
        self.daemon.stop()


# posts one value and waits for the answer, in a process of its own
POST = """
import http.client, json, sys
port, token, minute = sys.argv[1:]
peer = http.client.HTTPConnection("127.0.0.1", int(port), timeout=50)
peer.request("POST", "/api/v3_0/sensors/108/data", json.dumps({
    "start": "2025-10-01T12:%02d:00Z" % int(minute), "duration": "PT1M", "values": [1.0],
    "unit": "kW"}), {"Authorization": token, "Content-Type": "application/json"})
print(peer.getresponse().status)
"""

rig.main(Keyfile, Import, Database)
