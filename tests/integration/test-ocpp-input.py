# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stations get back for wrong input at the real socket of the real daemon, and that the others
notice nothing of it.

usage: test-ocpp-input.py CARIFLEXD CARIFLEXCTL SITE"""

import base64
import contextlib
import json
import os
import select
import socket
import struct
import time

import rig

BOOT = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Refused(Exception):
    """The handshake was answered by another status than 101."""

    def __init__(self, head):
        super().__init__(head)
        self.status = int(head.split()[1])
        self.head = head


class Wire:
    """A WebSocket byte by byte: it can say what no library would."""

    def __init__(self, port, path, user=None, password=None, protocols="ocpp2.0.1", headers=()):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.buffer = b""
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket",
                 "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                 "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode(), *headers]
        if protocols is not None:
            lines.append(f"Sec-WebSocket-Protocol: {protocols}")
        if user is not None:
            lines.append("Authorization: " + rig.Site.basic(user, password))
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.buffer:
            data = self.socket.recv(4096)
            if not data:
                raise Refused(self.buffer.decode() or "HTTP/1.1 0 nothing")
            self.buffer += data
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        self.head = head.decode()
        if int(self.head.split()[1]) != 101:
            self.socket.close()
            raise Refused(self.head)

    @staticmethod
    def frame(data, opcode=TEXT, fin=True):
        size = len(data)
        length = bytes([0x80 | size]) if size < 126 else (
            b"\xfe" + struct.pack(">H", size) if size < 65536 else b"\xff" + struct.pack(">Q", size))
        # a mask of zeros is a mask
        return bytes([(0x80 if fin else 0) | opcode]) + length + bytes(4) + data

    def send(self, data, opcode=TEXT, fin=True):
        if not isinstance(data, bytes):
            data = (data if isinstance(data, str) else json.dumps(data)).encode()
        self.socket.sendall(self.frame(data, opcode, fin))

    def need(self, count):
        while len(self.buffer) < count:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError
            self.buffer += data
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def receive(self):
        """Opcode and payload of the next frame that is no ping."""
        while True:
            first, second = self.need(2)
            size = second & 0x7f
            if size == 126:
                size = struct.unpack(">H", self.need(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self.need(8))[0]
            data = self.need(size)
            if first & 0xf == PING:
                self.send(data, PONG)
                continue
            return first & 0xf, data

    def closed(self):
        """The code of the close frame that comes, whatever comes before it."""
        try:
            while True:
                opcode, data = self.receive()
                if opcode == CLOSE:
                    return struct.unpack(">H", data[:2])[0] if len(data) >= 2 else 1005
        except (EOFError, ConnectionResetError):
            return None

    def reset(self):
        """Gone without a word: the network is lost."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()


class Station(Wire):
    """One that answers the calls of the system so that it gets through its boot."""

    ANSWERS = {"SetChargingProfile": {"status": "Accepted"}, "ClearChargingProfile": {"status": "Accepted"},
               "GetChargingProfiles": {"status": "NoProfiles"}, "GetBaseReport": {"status": "NotSupported"}}
    number = 0

    def answer(self, frame):
        if frame[2] in self.ANSWERS:
            self.send([3, frame[1], self.ANSWERS[frame[2]]])
        else:
            self.send([4, frame[1], "NotSupported", "", {}])

    def next(self, *types):
        """The next frame of one of these types; what the system asks meanwhile is answered."""
        while True:
            opcode, data = self.receive()
            if opcode != TEXT:
                raise EOFError(data)
            frame = json.loads(data)
            if frame[0] in types:
                return frame
            if frame[0] == 2:
                self.answer(frame)

    def say(self, raw):
        """What comes back for a frame as it is."""
        self.send(raw)
        return self.next(3, 4)

    def call(self, action, payload):
        Station.number += 1
        frame = self.say([2, f"m{Station.number}", action, payload])
        if frame[1] != f"m{Station.number}":
            raise AssertionError(frame)
        return frame

    def heartbeat(self):
        return self.call("Heartbeat", {})[0] == 3

    def quiet(self, seconds=0.3):
        """Whether nothing but calls comes for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not self.buffer and not select.select([self.socket], [], [], left)[0]:
                return True
            opcode, data = self.receive()
            if opcode != TEXT or json.loads(data)[0] != 2:
                return False
            self.answer(json.loads(data))
        return True


class Input(rig.Site):
    def connect(self, identity, **how):
        station = Station(self.daemon.internal, f"/ocpp/{identity}", identity, self.secrets[identity], **how)
        self.addCleanup(station.close)
        return station

    def boot(self, identity):
        station = self.connect(identity)
        self.assertEqual(station.call("BootNotification", BOOT)[2]["status"], "Accepted")
        return station

    @contextlib.contextmanager
    def bystander(self):
        """Another station, which must notice nothing."""
        other = self.boot("CP010")
        yield other
        self.assertTrue(other.heartbeat())
        self.assertIsNone(self.daemon.process.poll())

    def refused(self, path, user=None, password=None, **how):
        with self.assertRaises(Refused) as caught:
            Wire(self.daemon.internal, path, user, password, **how)
        return caught.exception

    def connected(self, identity):
        done = self.daemon.ctl("devices", "--json")
        return next(d for d in json.loads(done.stdout)["devices"]
                    if d["station"] == identity)["connected"]

    # --- frames

    def test_frames(self):
        """No frame of OCPP-J: the error names what could be read, and the socket stays."""
        cases = [
            ("nonsense", "-1", "RpcFrameworkError"),
            ("", "-1", "RpcFrameworkError"),
            ("{}", "-1", "RpcFrameworkError"),
            ('"text"', "-1", "RpcFrameworkError"),
            ("[]", "-1", "RpcFrameworkError"),
            ("[2]", "-1", "RpcFrameworkError"),
            ('["2","a","Heartbeat",{}]', "-1", "RpcFrameworkError"),
            ('[2,17,"Heartbeat",{}]', "-1", "RpcFrameworkError"),
            ('[2,null,"Heartbeat",{}]', "-1", "RpcFrameworkError"),
            ('[2,"","Heartbeat",{}]', "-1", "RpcFrameworkError"),
            (f'[2,"{"x" * 37}","Heartbeat",{{}}]', "-1", "RpcFrameworkError"),
            ('[2,"a","Heartbeat"]', "a", "RpcFrameworkError"),
            ('[2,"a",7,{}]', "a", "RpcFrameworkError"),
            ('[2,"a","Heartbeat",[]]', "a", "RpcFrameworkError"),
            ('[2,"a","Heartbeat",null]', "a", "RpcFrameworkError"),
            ('[2,"a","Heartbeat",{},{}]', "a", "RpcFrameworkError"),
            ('[2,"a","Heartbeat",{}] x', "a", "RpcFrameworkError"),
            ('[2,"a","Heartbeat",{"customData":}]', "a", "RpcFrameworkError"),
            ('[2,"a","Heartbeat",{}', "a", "RpcFrameworkError"),
            ('[5,"a","Heartbeat",{}]', "a", "MessageTypeNotSupported"),
            ('[6,"a","NotifyPeriodicEventStream",{}]', "a", "MessageTypeNotSupported"),
            ('[-2,"a","Heartbeat",{}]', "a", "MessageTypeNotSupported"),
            ("[" * 100000, "-1", "RpcFrameworkError"),
            ('[2,"a","' + "x" * 70000 + '",{}]', "a", "NotImplemented"),
        ]
        with self.bystander():
            station = self.boot("CP001")
            for raw, identity, code in cases:
                with self.subTest(raw[:60]):
                    answer = station.say(raw)
                    self.assertEqual((len(answer), answer[:3]), (5, [4, identity, code]))
                    self.assertLessEqual(len(answer[3]), 255)
            self.assertTrue(station.heartbeat())

    def test_calls(self):
        """Wrong calls: the code that OCPP-J names for each, and the place in its description."""
        status = {"timestamp": "2025-10-01T12:00:00Z", "connectorStatus": "Available", "evseId": 1,
                  "connectorId": 1}
        deep = json.loads("[" * 40 + "]" * 40)
        cases = [
            ("MakeCoffee", {}, "NotImplemented", ""),
            ("heartbeat", {}, "NotImplemented", ""),
            ("Reset", {"type": "Immediate"}, "NotSupported", ""),
            ("GetLog", {}, "NotSupported", ""),
            ("SignCertificate", {"csr": "x"}, "NotSupported", ""),
            ("Heartbeat", {"x": 1}, "FormatViolation", "x"),
            ("StatusNotification", {}, "OccurrenceConstraintViolation", "timestamp"),
            ("StatusNotification", {**status, "evseId": "1"}, "TypeConstraintViolation", "evseId"),
            ("StatusNotification", {**status, "evseId": 1.5}, "TypeConstraintViolation", "evseId"),
            ("StatusNotification", {**status, "evseId": None}, "TypeConstraintViolation", "evseId"),
            ("StatusNotification", {**status, "connectorStatus": "Gone"}, "PropertyConstraintViolation",
             "connectorStatus"),
            ("StatusNotification", {**status, "timestamp": "yesterday"}, "PropertyConstraintViolation",
             "timestamp"),
            ("StatusNotification", {**status, "more": 1}, "FormatViolation", "more"),
            ("StatusNotification", {**status, "customData": {}}, "OccurrenceConstraintViolation",
             "customData.vendorId"),
            ("MeterValues", {"evseId": 1, "meterValue": []}, "OccurrenceConstraintViolation", "meterValue"),
            ("MeterValues", {"evseId": 1, "meterValue": {}}, "TypeConstraintViolation", "meterValue"),
            ("Authorize", {"idToken": {"idToken": "x" * 37, "type": "Central"}},
             "PropertyConstraintViolation", "idToken.idToken"),
            ("DataTransfer", {"vendorId": "x", "data": deep}, "FormatViolation", ""),
            ("TransactionEvent", {"eventType": "Started"}, "OccurrenceConstraintViolation", ""),
        ]
        with self.bystander():
            station = self.boot("CP001")
            for action, payload, code, place in cases:
                with self.subTest(f"{action} {code}"):
                    answer = station.call(action, payload)
                    self.assertEqual((answer[0], answer[2]), (4, code), answer)
                    self.assertTrue(answer[3].startswith(place), answer[3])
            answer = station.say('[2,"d","Heartbeat",{"customData":{"vendorId":"a"},'
                                 '"customData":{"vendorId":"b"}}]')
            self.assertEqual(answer[2], "FormatViolation")
            # right ones are answered as ever
            self.assertEqual(station.call("StatusNotification", {**status, "customData": {
                "vendorId": "x", "anything": [1, {}]}})[2], {})
            self.assertEqual(station.call("DataTransfer", {"vendorId": "x"})[2]["status"],
                             "UnknownVendorId")

    def test_gate(self):
        """Before its BootNotification a station may say nothing else, right or wrong."""
        station = self.connect("CP009")
        for action, payload in (("Heartbeat", {}), ("StatusNotification", {}), ("MakeCoffee", {})):
            answer = station.call(action, payload)
            self.assertEqual(answer[2], "SecurityError")
            self.assertIn("BootNotification", answer[3])
        self.assertEqual(station.say("nonsense")[2], "RpcFrameworkError")
        self.assertEqual(station.call("BootNotification", {"reason": "x"})[0], 4)
        self.assertEqual(station.call("BootNotification", BOOT)[2]["status"], "Accepted")
        self.assertTrue(station.heartbeat())

    def test_repeated_id(self):
        """Byte for byte the same call is done once; another one of the same id is another one."""
        station = self.boot("CP001")
        event = {"eventType": "Started", "timestamp": "2025-10-01T12:00:00Z", "seqNo": 0,
                 "triggerReason": "CablePluggedIn", "evse": {"id": 1, "connectorId": 1},
                 "transactionInfo": {"transactionId": "again"}}
        first = station.say([2, "same", "TransactionEvent", event])
        self.assertEqual(first, [3, "same", {}])
        self.assertEqual(station.say([2, "same", "TransactionEvent", event]), first)
        self.assertEqual(station.say([2, "same", "DataTransfer", {"vendorId": "x"}])[2]["status"],
                         "UnknownVendorId")
        ended = {**event, "eventType": "Ended", "seqNo": 1, "triggerReason": "EVDeparted"}
        self.assertEqual(station.say([2, "same", "TransactionEvent", ended]), first)
        # a station whose numbers begin anew boots anew, and gets the time of now
        station.close()
        station = self.connect("CP001")
        times = []
        for _ in range(2):
            times.append(station.say([2, "1", "BootNotification", BOOT])[2]["currentTime"])
            time.sleep(1.1)
        self.assertLess(*times)

    def test_answers_to_nothing(self):
        """Answers that nobody waits for, and wrong ones, are never answered."""
        station = self.boot("CP001")
        self.assertTrue(station.quiet())
        for raw in ('[3,"nobody",{}]', '[4,"nobody","GenericError","",{}]', '[3,"nobody"]', '[3,17,{}]',
                    '[4,"nobody"]', '[4,"nobody",1,2,3]', '[3,"nobody",{},1]'):
            station.send(raw)
        self.assertTrue(station.quiet())
        self.assertTrue(station.heartbeat())

    def test_wrong_answers(self):
        """What is answered to our own call may be anything; the call ends, and others follow."""
        for wrong in ([3, None, {}], [3, None, {"status": "Perhaps"}], [3, None, []], [3, None],
                      [4, None, "NotSupported"], [4, None, "NoCodeOfOurs", "words", {}]):
            station = self.connect("CP002")
            station.call("BootNotification", BOOT)
            # GetChargingProfiles, after the wait for a plan
            call = station.next(2)
            wrong[1] = call[1]
            station.send(wrong)
            following = station.next(2)
            self.assertNotEqual(following[1], call[1])
            station.answer(following)
            self.assertTrue(station.heartbeat())
            station.close()

    # --- messages

    def test_messages(self):
        """What is no text of OCPP at all ends the connection by its code; the station may return."""
        with self.bystander():
            for code, data, opcode in ((1003, b"[2,\"a\",\"Heartbeat\",{}]", BINARY),
                                       (1007, b"[2,\"\xff\xfe\",\"Heartbeat\",{}]", TEXT),
                                       (1002, b"", 3), (1002, b"x" * 126, PING)):
                with self.subTest(code):
                    station = self.boot("CP001")
                    station.send(data, opcode)
                    self.assertEqual(station.closed(), code)
            station = self.boot("CP001")
            station.socket.sendall(b"\x81\x02{}")  # without a mask
            self.assertEqual(station.closed(), 1002)
            self.assertTrue(self.boot("CP001").heartbeat())

    def test_oversized(self):
        """A large message is taken, a huge one is refused before it is there."""
        station = self.boot("CP001")
        big = json.dumps([2, "big", "DataTransfer", {"vendorId": "x", "data": "y" * 900_000}])
        self.assertEqual(station.say(big)[2]["status"], "UnknownVendorId")
        station.send(big[:300_000], TEXT, False)
        station.send(big[300_000:600_000], 0, False)
        station.send(big[600_000:], 0, True)
        self.assertEqual(station.next(3, 4)[2]["status"], "UnknownVendorId")
        with self.bystander():
            station.socket.sendall(b"\x81\xff" + struct.pack(">Q", 1 << 40) + bytes(4) + b"[2,")
            self.assertEqual(station.closed(), 1009)
            station = self.boot("CP001")
            try:
                for i in range(40):
                    station.send(b" " * 60_000, TEXT if i == 0 else 0, False)
            except OSError:
                pass
            self.assertIn(station.closed(), (1009, None))

    # --- the door

    def test_door(self):
        good = self.secrets["CP003"]
        for status, path, user, password in (
                (401, "/ocpp/CP003", None, None), (401, "/ocpp/CP003", "CP003", "wrong"),
                (401, "/ocpp/CP003", "CP004", self.secrets["CP004"]), (401, "/ocpp/CP003", "CP003", ""),
                (404, "/ocpp/", "CP003", good), (404, "/ocpp/a%3Ab", "CP003", good),
                (404, "/ocpp/%FF", "CP003", good), (404, "/ocpp/" + "x" * 49, "CP003", good)):
            with self.subTest(f"{path} {user}"):
                refused = self.refused(path, user, password)
                self.assertEqual(refused.status, status, refused.head)
                self.assertEqual("WWW-Authenticate: Basic" in refused.head, status == 401)
        for bad in ("Authorization: Basic", "Authorization: Basic !!!", "Authorization: Bearer x",
                    "Authorization: Basic " + base64.b64encode(b"no colon").decode(),
                    "Authorization: Basic " + base64.b64encode(b"CP003:\xff").decode()):
            self.assertEqual(self.refused("/ocpp/CP003", headers=(bad,)).status, 401)
        self.assertEqual(rig.ask(self.daemon.internal, "GET", "/ocpp/CP003").status, 426)

    def test_protocol(self):
        """Nothing in common: the handshake ends without a protocol, then the socket is closed."""
        for protocols in ("ocpp1.6", "ocpp2.1, ocpp1.6", "nonsense", None):
            wire = Wire(self.daemon.internal, "/ocpp/CP003", "CP003", self.secrets["CP003"], protocols)
            self.assertNotIn("sec-websocket-protocol", wire.head.lower())
            self.assertEqual(wire.closed(), 1002)
            wire.close()
        # the first that both know, wherever it stands
        station = self.connect("CP003", protocols="ocpp2.1, ocpp2.0.1, ocpp1.6")
        self.assertIn("Sec-WebSocket-Protocol: ocpp2.0.1", station.head)

    def test_unknown(self):
        """An unknown station gets 404, and a person is told that it has knocked."""
        self.assertEqual(self.refused("/ocpp/NEW%20ONE", "NEW ONE", "x" * 16).status, 404)
        rig.until(lambda: "NEW ONE" in self.daemon.ctl("stations", "--json").stdout)
        self.assertIn("NEW ONE", self.daemon.ctl("stations").stdout)

    # --- connections

    def test_twice(self):
        """The newer connection wins; what the older one says no longer counts."""
        with self.bystander():
            first = self.boot("CP005")
            rig.until(lambda: self.connected("CP005"))
            second = self.connect("CP005")
            self.assertEqual(first.closed(), 1000)
            self.assertTrue(second.heartbeat())
            self.assertTrue(self.connected("CP005"))
            first.close()
            time.sleep(0.2)
            self.assertTrue(self.connected("CP005"))
            # a bad password takes nothing over
            self.assertEqual(self.refused("/ocpp/CP005", "CP005", "wrong").status, 401)
            self.assertTrue(second.heartbeat())

    def test_vanishes(self):
        """Gone in the middle of a message and of our call: it is away, and may come back."""
        with self.bystander():
            for _ in range(3):
                station = self.boot("CP006")
                rig.until(lambda: self.connected("CP006"))
                station.socket.sendall(Wire.frame(b"[2,\"half\",\"Heartbeat\",{}]")[:12])
                station.reset()
                rig.until(lambda: not self.connected("CP006"))
            station = self.connect("CP006")
            self.assertTrue(station.heartbeat())
            rig.until(lambda: self.connected("CP006"))
            # half a fragmented message, then a proper end
            station.send("[2,\"half\",", TEXT, False)
            station.send(struct.pack(">H", 1000), CLOSE)
            self.assertEqual(station.closed(), 1000)
            rig.until(lambda: not self.connected("CP006"))

    def test_z_flood(self):
        """Garbage as fast as it goes from one does not starve another."""
        with self.bystander() as other:
            station = self.boot("CP007")
            for _ in range(3000):
                station.send("garbage")
            self.assertTrue(other.heartbeat())
            for _ in range(3000):
                self.assertEqual(station.next(3, 4)[2], "RpcFrameworkError")
            self.assertTrue(station.heartbeat())


rig.main(Input)
