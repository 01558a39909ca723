#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""cariflexctl backup: the copy is whole and private, nothing is written over, and a daemon on the copy has everything."""

import json
import os
import socket
import sqlite3
import stat
import struct
import threading
import unittest

import rig

START = "2025-10-01T12:00:00Z"


def call_backup(path, file):
    """What the daemon at that socket says to Backup with that descriptor; written by hand, since no tool passes one."""
    def text(value):
        return struct.pack("<I", len(value)) + value.encode() + b"\0"

    def field(code, kind, value):
        nonlocal fields
        fields += b"\0" * (-len(fields) % 8) + bytes([code, 1]) + kind + b"\0" + value

    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(rig.PATIENCE_S)
        peer.connect(str(path))
        peer.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
        assert peer.recv(1000).startswith(b"OK")
        peer.sendall(b"NEGOTIATE_UNIX_FD\r\n")
        assert peer.recv(1000).startswith(b"AGREE_UNIX_FD")
        fields = b""
        field(1, b"o", text("/org/cariflex/Cariflex1"))
        field(2, b"s", text("org.cariflex.Cariflex1"))
        field(3, b"s", text("Backup"))
        field(8, b"g", b"\1h\0")
        if file is not None:
            field(9, b"u", struct.pack("<I", 1))
        head = b"l\1\0\1" + struct.pack("<III", 4, 1, len(fields)) + fields
        message = head + b"\0" * (-len(head) % 8) + struct.pack("<I", 0)
        rights = [] if file is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", file))]
        peer.sendall(b"BEGIN\r\n")
        peer.sendmsg([message], rights)
        got = b""
        while b"file" not in got and b"took_ms" not in got:
            piece = peer.recv(10000)
            assert piece, got
            got += piece
        return got.decode("latin-1")


class Backup(rig.Site):
    def post(self, values, start=START, daemon=None, sensor=108):
        answer = rig.ask((daemon or self.daemon).public, "POST", f"/api/v3_0/sensors/{sensor}/data",
                         json.dumps({"start": start, "duration": f"PT{len(values)}M", "values": values, "unit": "kW"}),
                         {"Content-Type": "application/json", **self.daemon.bearer("gateway-site")})
        self.assertEqual(answer.status, 200, answer.text)

    def good(self, *arguments, daemon=None):
        done = (daemon or self.daemon).ctl(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def refused(self, words, *arguments):
        done = self.daemon.ctl("backup", *arguments)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(words, done.stderr)
        self.assertEqual(list(self.daemon.folder.glob("*.part")), [])
        return done.stderr

    def left_in_state(self):
        return list((self.daemon.folder / "state").glob("**/*"))

    def test_restored(self):
        """A daemon on the copy has what was stored before, and nothing of what came later."""
        values = [float(i % 17) for i in range(60)]
        self.post(values)
        self.good("hold", "CP003", "--max", "7kW", "--for", "2h", "--reason", "cable is warm")
        copy = self.daemon.folder / "copy.db"
        said = self.good("backup", copy)
        self.assertRegex(said, rf"^{copy}: .*B in \d+\.\d s\n$")
        self.assertEqual(stat.S_IMODE(copy.stat().st_mode), 0o600)
        self.assertEqual(self.left_in_state(), [])
        self.post([99.0], start="2025-10-02T00:00:00Z")
        with sqlite3.connect(copy) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        self.assertEqual(list(self.daemon.folder.glob("copy.db?*")), [])

        other = self.new_daemon("restored")
        copy.rename(other.database)
        other.start()
        for verb in ("assets", "sensors", "stations"):
            self.assertEqual(self.good(verb, "--json"), self.good(verb, "--json", daemon=other))
        held = json.loads(self.good("hold", "list", "--json", daemon=other))["holds"]
        self.assertEqual([(hold["where"], hold["reason"]) for hold in held], [("CP003", "cable is warm")])
        other.secrets = self.daemon.secrets
        self.assertEqual(other.series(108, START, "PT1H", "kW", "PT1M"), values)
        self.assertEqual(other.series(108, "2025-10-02T00:00:00Z", "PT1M", "kW", "PT1M"), [None])
        # it goes on from there
        self.post([5.0], start="2025-10-03T00:00:00Z", daemon=other)
        self.assertEqual(other.series(108, "2025-10-03T00:00:00Z", "PT1M", "kW", "PT1M"), [5.0])
        self.assertEqual(other.stop(), 0)

    def test_while_it_writes(self):
        """What is acknowledged while copies are made is in the store; each copy is whole."""
        has_ended, n = threading.Event(), 0

        def write():
            nonlocal n
            while not has_ended.is_set():
                self.post([1.0], start=f"2025-10-05T{n // 60:02d}:{n % 60:02d}:00Z")
                n += 1
        writer = threading.Thread(target=write)
        writer.start()
        try:
            for i in range(3):
                copy = self.daemon.folder / f"busy-{i}.db"
                answer = json.loads(self.good("backup", copy, "--json"))
                self.assertEqual(answer["version"], 1)
                self.assertEqual(answer["size"], copy.stat().st_size)
                with sqlite3.connect(copy) as database:
                    self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        finally:
            has_ended.set()
            writer.join()
        self.assertEqual(self.daemon.series(108, "2025-10-05T00:00:00Z", f"PT{n}M", "kW", "PT1M"), [1.0] * n)

    def test_nothing_is_written_over(self):
        there = self.daemon.folder / "there.db"
        there.write_text("mine")
        self.assertIn(str(there), self.refused("is there already, and a backup writes over nothing", there))
        self.assertEqual(there.read_text(), "mine")
        link = self.daemon.folder / "link.db"
        link.symlink_to(self.daemon.folder / "nowhere")
        self.refused("is there already", link)
        part = self.daemon.folder / "x.db.part"
        part.write_text("")
        done = self.daemon.ctl("backup", self.daemon.folder / "x.db")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{part}: is there already: another backup", done.stderr)
        part.unlink()
        self.refused("No such file or directory", self.daemon.folder / "none" / "x.db")

    def test_files_that_are_none(self):
        """Asked by hand, with what cariflexctl would not give."""
        path = self.daemon.folder / "run" / "bus"
        full, whole = self.daemon.folder / "full", self.daemon.folder / "whole"
        full.write_text("x")
        whole.touch()
        wrong = "file: must be empty, regular and open for writing"
        reading, writing = os.pipe()
        read_only, not_empty, good = (os.open(*how) for how in (
            (whole, os.O_RDONLY), (full, os.O_WRONLY), (whole, os.O_WRONLY)))
        try:
            self.assertIn("no file came with the call", call_backup(path, None))
            for file in (writing, read_only, not_empty):
                self.assertIn(wrong, call_backup(path, file))
            self.assertEqual(full.read_text(), "x")
            self.assertIn("took_ms", call_backup(path, good))
        finally:
            for file in (reading, writing, read_only, not_empty, good):
                os.close(file)
        self.assertEqual(self.left_in_state(), [])

    def test_what_a_killed_daemon_left(self):
        """It is removed at the start; what else lies there is not touched."""
        other = self.new_daemon("killed")
        folder = other.folder / "state" / "backup.tmp"
        folder.mkdir(parents=True)
        for name in ("snapshot", "snapshot-journal", "mine"):
            (folder / name).write_text("x")
        other.start()
        self.assertEqual([path.name for path in folder.iterdir()], ["mine"])
        self.assertEqual(other.stop(), 0)


class NoStorage(unittest.TestCase):
    def test_no_storage(self):
        with rig.tempfile.TemporaryDirectory(prefix="cfx-") as folder:
            daemon = rig.Daemon(folder)
            daemon.config.write_text(f"[host]\nrun-dir={folder}/run\nstate-dir={folder}/state\n")
            daemon.start()
            try:
                done = daemon.ctl("backup", f"{folder}/x.db")
                self.assertEqual(done.returncode, 1)
                self.assertIn("this daemon has no storage", done.stderr)
                self.assertFalse(os.path.exists(f"{folder}/x.db.part"))
            finally:
                daemon.end()


if __name__ == "__main__":
    rig.main(Backup, NoStorage)
