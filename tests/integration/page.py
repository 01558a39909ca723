# SPDX-License-Identifier: LGPL-2.1-or-later
"""A browser as far as the page's API goes: a cookie, an Origin, and a WebSocket."""

import base64
import http.client
import json
import os
import socket
import struct


class Answer:
    def __init__(self, answer):
        self.status = answer.status
        self.headers = answer.headers
        self.body = answer.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json["error"]["code"]


class Socket:
    """A WebSocket client that reads when it is asked to."""

    def __init__(self, host, port, path, headers, receive=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive:  # a page that reads slowly
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        self.socket.settimeout(20)
        self.socket.connect((host, port))
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket",
                 "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
                 "Sec-WebSocket-Protocol: cariflex.ui.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            more = self.socket.recv(65536)
            if not more:
                break
            self.buffer += more
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.status = int(head.split(b" ")[1])
        self.head = head.decode()
        self.code = None  # of the close frame

    def exactly(self, size):
        while len(self.buffer) < size:
            more = self.socket.recv(1 << 20)
            if not more:
                raise ConnectionError("the socket has ended")
            self.buffer += more
        piece, self.buffer = self.buffer[:size], self.buffer[size:]
        return piece

    def frame(self):
        first, second = self.exactly(2)
        size = second & 127
        if size == 126:
            size, = struct.unpack(">H", self.exactly(2))
        elif size == 127:
            size, = struct.unpack(">Q", self.exactly(8))
        return first & 15, self.exactly(size)

    def message(self):
        """The next message; None: the socket was closed, with self.code."""
        while True:
            opcode, payload = self.frame()
            if opcode == 1:
                return json.loads(payload)
            if opcode == 8:
                self.code = struct.unpack(">H", payload[:2])[0] if payload else 1005
                return None
            if opcode == 9:
                self.send_frame(10, payload)

    def send_frame(self, opcode, payload):
        mask = os.urandom(4)
        size = len(payload)
        head = bytes([0x80 | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        else:
            head += bytes([0x80 | 126]) + struct.pack(">H", size)
        self.socket.sendall(head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def send(self, message):
        self.send_frame(1, message.encode() if isinstance(message, str) else json.dumps(message).encode())

    def close(self):
        self.socket.close()


class Page:
    def __init__(self, port, host="127.0.0.1"):
        self.host, self.port = host, port
        self.origin = f"http://{host}:{port}"
        self.cookie = None

    def headers(self):
        headers = {"Origin": self.origin, "Accept-Encoding": "gzip"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        return headers

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=40)
        try:
            sent = self.headers()
            sent.update({name.replace("_", "-"): value for name, value in headers.items()})
            sent = {name: value for name, value in sent.items() if value is not None}
            if body is not None and not isinstance(body, (str, bytes)):
                body = json.dumps(body)
            connection.request(method, "/ui/" + path, body, sent)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.ask("GET", "api/" + path, **headers)

    def sign_in(self, **who):
        answer = self.ask("POST", "api/session", who)
        cookie = answer.headers.get("Set-Cookie")
        if answer.status == 200:
            self.cookie = cookie.split(";")[0]
        return answer

    def live(self, query="?site=1", receive=None, **headers):
        sent = {"Origin": self.origin}
        if self.cookie:
            sent["Cookie"] = self.cookie
        sent.update(headers)
        return Socket(self.host, self.port, "/ui/api/live" + query, sent, receive)


class View:
    """What a page knows: items put over each other."""

    def __init__(self):
        self.items = {}
        self.at = self.now = None

    def take(self, message):
        if message["type"] == "snapshot":
            self.items = {}
        self.at, self.now = message["at"], message["now"]
        for item in message["items"]:
            key = (item["kind"], item["id"])
            if item.get("gone"):
                self.items.pop(key, None)
            elif item["kind"] == "series":
                self.series(key, item)
            else:
                self.items[key] = item
        return self

    def series(self, key, item):
        old = self.items.get(key, {"steps": {}})
        steps = {t: v for t, v in old["steps"].items() if t >= item["start"]}
        for start, n, value in item["runs"]:
            for i in range(n):
                steps[start + i * item["step_s"]] = value
        self.items[key] = dict(item, steps=steps, runs=None)

    def of(self, kind):
        return {key[1]: item for key, item in self.items.items() if key[0] == kind}
