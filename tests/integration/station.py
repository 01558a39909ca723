# SPDX-License-Identifier: LGPL-2.1-or-later
"""The least of a charging station: OCPP 2.0.1 over a WebSocket, with nothing but the standard library."""

import base64
import datetime
import itertools
import json
import os
import socket
import struct


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Station:
    def __init__(self, port, identity, password):
        login = base64.b64encode(f"{identity}:{password}".encode()).decode()
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.file = self.socket.makefile("rb")
        self.numbers = itertools.count(1)
        self.socket.sendall((f"GET /ocpp/{identity} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                             f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: ocpp2.0.1\r\n"
                             f"Authorization: Basic {login}\r\n\r\n").encode())
        status = self.file.readline()
        if b" 101 " not in status:
            raise RuntimeError(status.decode())
        while self.file.readline().strip():
            pass

    def send(self, message):
        payload, mask = json.dumps(message).encode(), os.urandom(4)
        head = struct.pack("!BBH", 0x81, 0x80 | 126, len(payload)) + mask
        self.socket.sendall(head + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def receive(self):
        """The next message; pings are passed over."""
        while True:
            code, size = self.file.read(2)
            if size == 126:
                size, = struct.unpack("!H", self.file.read(2))
            elif size == 127:
                size, = struct.unpack("!Q", self.file.read(8))
            payload = self.file.read(size)
            if code & 0x0F == 1:
                return json.loads(payload)

    def call(self, action, payload):
        """The answer to one call; calls of the other side meanwhile are refused."""
        number = str(next(self.numbers))
        self.send([2, number, action, payload])
        while True:
            message = self.receive()
            if message[0] == 2:
                self.send([4, message[1], "NotSupported", "", {}])
            elif message[1] == number:
                if message[0] != 3:
                    raise RuntimeError(message)
                return message[2]

    def boot(self):
        self.call("BootNotification", {"reason": "PowerUp", "chargingStation": {
            "model": "Least", "vendorName": "Test"}})
        self.status("Available")

    def status(self, word):
        self.call("StatusNotification", {"timestamp": now(), "connectorStatus": word,
                                         "evseId": 1, "connectorId": 1})

    def plug_in(self, transaction):
        self.status("Occupied")
        self.call("TransactionEvent", {
            "eventType": "Started", "timestamp": now(), "triggerReason": "CablePluggedIn", "seqNo": 0,
            "transactionInfo": {"transactionId": transaction, "chargingState": "EVConnected"},
            "evse": {"id": 1, "connectorId": 1},
            "idToken": {"idToken": "AABBCCDD", "type": "ISO14443"}})

    def close(self):
        """As when the power fails."""
        self.file.close()
        self.socket.close()
