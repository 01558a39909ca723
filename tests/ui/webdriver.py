# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small WebDriver client for Chromium, on the standard library alone."""

import base64
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-default-apps", "--disable-dev-shm-usage", "--hide-scrollbars"]
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "Left": "\ue012", "Right": "\ue014",
        "Home": "\ue011", "Shift": "\ue008", "Space": " "}


def missing():
    """What is not there of Chromium and its driver, or None."""
    for names in (("chromium", "chromium-browser", "google-chrome"), ("chromedriver",)):
        if not any(shutil.which(name) for name in names):
            return names[0]
    return None


class Failed(Exception):
    """An answer of the driver that is an error."""


class Browser:
    """One browser with an empty profile, and its driver."""

    def __init__(self, language="en-GB", width=1440, height=900):
        self.profile = tempfile.mkdtemp(prefix="cariflex-ui-")
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        self.session = None
        self.port = self.read_port()
        binary = next(shutil.which(n) for n in ("chromium", "chromium-browser", "google-chrome")
                      if shutil.which(n))
        options = {"binary": binary, "prefs": {"intl.accept_languages": language},
                   "args": FLAGS + [f"--user-data-dir={self.profile}", f"--lang={language}",
                                    f"--window-size={width},{height}"]}
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        self.session = answer["sessionId"]
        self.requests = []
        self.socket_frames = 0
        self.window = (width, height, False)

    def read_port(self):
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return int(found[1])
        raise Failed("chromedriver did not start")

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, json.dumps(body or {}) if method == "POST" else None,
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        value = json.loads(answer.read())["value"]
        connection.close()
        if answer.status >= 400:
            raise Failed(f"{value['error']}: {value['message'].splitlines()[0]}")
        return value

    def do(self, method, path, body=None):
        return self.call(method, f"/session/{self.session}{path}", body)

    def cdp(self, command, **params):
        return self.do("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def open(self, url):
        self.do("POST", "/url", {"url": url})

    def reload(self):
        self.do("POST", "/refresh")

    def run(self, script, *args):
        return self.do("POST", "/execute/sync", {"script": script, "args": list(args)})

    def wait(self, what, script, *args, seconds=15):
        """Waits until a script returns something true, and returns that."""
        end = time.monotonic() + seconds
        while True:
            value = self.run(script, *args)
            if value:
                return value
            if time.monotonic() > end:
                raise Failed(f"waited {seconds} s for {what}")
            time.sleep(0.1)

    def find(self, css):
        return self.do("POST", "/element", {"using": "css selector", "value": css})[ELEMENT]

    def click(self, css):
        self.do("POST", f"/element/{self.find(css)}/click")

    def type(self, css, text):
        element = self.find(css)
        self.do("POST", f"/element/{element}/clear")
        self.do("POST", f"/element/{element}/value", {"text": text})

    def keys(self, *names, hold=None):
        """Presses keys, as a person at the keyboard."""
        actions = []
        if hold:
            actions.append({"type": "keyDown", "value": KEYS[hold]})
        for name in names:
            key = KEYS.get(name, name)
            actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        if hold:
            actions.append({"type": "keyUp", "value": KEYS[hold]})
        self.do("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def text(self, css):
        return self.run("const e = document.querySelector(arguments[0]); return e && e.innerText", css)

    def console(self):
        """What the page has said on its console since the last call, except plain information."""
        entries = self.do("POST", "/se/log", {"type": "browser"})
        return [e["message"] for e in entries if e["level"] in ("SEVERE", "WARNING")]

    def watch_network(self):
        """Gathers the requests made since the last call: (url, status, bytes on the wire)."""
        for entry in self.do("POST", "/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            params = message["params"]
            if message["method"] == "Network.requestWillBeSent":
                self.requests.append({"id": params["requestId"], "url": params["request"]["url"],
                                      "bytes": 0, "status": 0})
            elif message["method"] == "Network.webSocketCreated":
                self.requests.append({"id": params["requestId"], "url": params["url"], "bytes": 0,
                                      "status": 101})
            elif message["method"] == "Network.webSocketFrameReceived":
                self.socket_frames += 1
            elif message["method"] in ("Network.responseReceived", "Network.loadingFinished"):
                for request in self.requests:
                    if request["id"] == params["requestId"]:
                        if "response" in params:
                            request["status"] = params["response"]["status"]
                        else:
                            request["bytes"] = params["encodedDataLength"]
        return self.requests

    def size(self, width, height, phone=False):
        self.window = (width, height, phone)
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=2 if phone else 1, mobile=phone)

    def theme(self, name):
        self.cdp("Emulation.setEmulatedMedia",
                 features=[{"name": "prefers-color-scheme", "value": name}])

    def picture(self, path, whole=True):
        """A PNG of the page, the whole of it where it is longer than the window."""
        width, height, phone = self.window
        if whole:
            long = self.run("return document.documentElement.scrollHeight")
            self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=max(height, long),
                     deviceScaleFactor=2 if phone else 1, mobile=phone)
            time.sleep(0.6)
        data = self.cdp("Page.captureScreenshot", format="png")["data"]
        self.size(width, height, phone)
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        try:
            if self.session:
                self.call("DELETE", f"/session/{self.session}")
        except (OSError, Failed):
            pass
        # the driver leads a group of its own, with its browser in it
        try:
            os.killpg(self.driver.pid, signal.SIGTERM)
            self.driver.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            os.killpg(self.driver.pid, signal.SIGKILL)
        self.driver.stdout.close()
        shutil.rmtree(self.profile, ignore_errors=True)
