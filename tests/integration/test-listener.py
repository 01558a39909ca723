#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a listener does with peers that are slow, many or greedy: over raw sockets, at the real daemon."""

import json
import socket

import rig

SLOW, MANY, GREEDY = "request-time=2s", "connections-per-peer=3", "rate=0.01\nburst=5"
PING = b"GET /api/ops/ping HTTP/1.1\r\nHost: h\r\n\r\n"


class Listener(rig.Site):
    @classmethod
    def new_daemon(cls, name, groups=""):
        cls.slow, cls.many, cls.greedy = rig.free_ports(3)
        for port, keys in ((cls.slow, SLOW), (cls.many, MANY), (cls.greedy, GREEDY)):
            groups += (f"[listener:l{port}]\nzone=public\naddress=127.0.0.1:{port}\n{keys}\n"
                       f"[adapter:a{port}]\nplugin=flexmeasures\nlistener=l{port}\n")
        return super().new_daemon(name, groups)

    def check_refusal(self, answer, status):
        """Refused in FlexMeasures' shape, with the time after which to come again."""
        head, body = answer.decode().split("\r\n\r\n", 1)
        self.assertTrue(head.startswith(f"HTTP/1.1 {status} "), head)
        self.assertTrue(json.loads(body)["message"], body)
        wait = next(line for line in head.split("\r\n") if line.startswith("Retry-After: "))
        self.assertGreater(int(wait.split()[1]), 0)

    def drip(self, start, piece):
        """A peer that sends a little now and then; how many pieces it got rid of."""
        with socket.create_connection(("127.0.0.1", self.slow), timeout=rig.PATIENCE_S) as peer:
            peer.sendall(start)
            for n in range(1000):
                try:
                    peer.sendall(piece)
                    peer.settimeout(0.05)
                    if not peer.recv(65536):
                        return n
                except TimeoutError:
                    continue
                except ConnectionError:
                    return n
        self.fail("a peer that never ends was listened to for ever")

    def test_slow_head(self):
        self.drip(b"GET /api/ops/ping HTTP/1.1\r\n", b"X: y\r\n")

    def test_slow_body(self):
        self.drip(b"POST /api/requestAuthToken HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n", b" ")

    def test_silence(self):
        """Nothing at all; and nobody else waits for those who are slow."""
        peers = [socket.create_connection(("127.0.0.1", self.slow), timeout=rig.PATIENCE_S)
                 for _ in range(100)]
        try:
            self.assertIn(b"HTTP/1.1 200 ", rig.say_raw(self.slow, PING))
            for peer in peers:
                try:
                    self.assertEqual(peer.recv(100), b"")
                except ConnectionResetError:
                    pass
        finally:
            for peer in peers:
                peer.close()

    def test_too_many_connections(self):
        others = [socket.create_connection(("127.0.0.1", self.many)) for _ in range(3)]
        try:
            self.check_refusal(rig.say_raw(self.many, PING), 503)
        finally:
            for peer in others:
                peer.close()
        rig.until(lambda: rig.say_raw(self.many, PING).startswith(b"HTTP/1.1 200 "))

    def test_rate(self):
        for _ in range(5):
            self.assertIn(b"HTTP/1.1 200 ", rig.say_raw(self.greedy, PING))
        self.check_refusal(rig.say_raw(self.greedy, PING), 429)
        # a body is not waited for
        self.check_refusal(rig.say_raw(self.greedy, b"POST /api/requestAuthToken HTTP/1.1\r\nHost: h\r\n"
                                       b"Content-Length: 1000\r\n\r\n"), 429)

    def test_refusals_give_everything_back(self):
        """No connection, and no descriptor, stays behind."""
        def descriptors():
            return len(list((rig.pathlib.Path("/proc") / str(self.daemon.process.pid) / "fd").iterdir()))

        def connections():
            return sum(l["connections"] for l in self.daemon.status()["web"]["listeners"])
        rig.until(lambda: connections() == 0)
        before = descriptors()
        for _ in range(30):
            rig.say_raw(self.daemon.public, b"POST /api/requestAuthToken HTTP/1.1\r\nHost: h\r\n"
                        b"Content-Length: 99999999\r\n\r\n")
            rig.say_raw(self.daemon.public, b"POST /nothing HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n")
            rig.say_raw(self.daemon.public, b"nonsense\r\n\r\n")
        rig.until(lambda: connections() == 0)
        rig.until(lambda: descriptors() <= before + 2)


rig.main(Listener)
