#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page's API at the real daemon: what it says equals what cariflexctl says; who may what."""

import datetime
import gzip
import json
import re
import time

import page
import rig



class Ui(rig.Site):
    @classmethod
    def new_daemon(cls, name, groups=""):
        return super().new_daemon(name, groups + "[adapter:ui]\nplugin=ui\nlistener=public\n"
                                  "[scheduler:rules]\nplugin=scheduler-rules\n"
                                  "[planner]\nscheduler=rules\n")

    def link(self, role="operator", lifetime="10min"):
        done = self.daemon.ctl("login", "--role", role, "--for", lifetime, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def signed_in(self, role="operator"):
        browser = page.Page(self.daemon.public)
        answer = browser.sign_in(token=self.link(role)["token"])
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.json["session"]["role"], role)
        return browser

    # --- sign-in

    def test_link(self):
        link = self.link()
        url = link["links"][0]["url"]
        self.assertEqual(url, f"http://127.0.0.1:{self.daemon.public}/ui/#token={link['token']}")
        browser = page.Page(self.daemon.public)
        answer = browser.sign_in(token=link["token"])
        cookie = answer.headers["Set-Cookie"]
        for word in ("HttpOnly", "SameSite=Strict", "Path=/ui/", "Max-Age=43200"):
            self.assertIn(word, cookie)
        self.assertNotIn("Secure", cookie)  # no TLS here
        # once
        again = page.Page(self.daemon.public).sign_in(token=link["token"])
        self.assertEqual((again.status, again.code), (401, "wrong-token"))
        self.assertIn("cariflexctl login", again.json["error"]["hint"])
        # as a bearer it is nothing, neither here nor elsewhere
        for path in ("/ui/api/sites", "/api/v3_0/sensors/84"):
            answer = rig.ask(self.daemon.public, "GET", path, None, {"Authorization": f"Bearer {link['token']}"})
            self.assertEqual(answer.status, 401)
        self.assertEqual(self.daemon.ctl("login", "--role", "king").returncode, 1)
        self.assertEqual(self.daemon.ctl("login", "--for", "soon").returncode, 2)

    def test_expired_and_forged(self):
        link = self.link(lifetime="1s")
        time.sleep(1.1)
        answer = page.Page(self.daemon.public).sign_in(token=link["token"])
        self.assertEqual((answer.status, answer.code), (401, "wrong-token"))
        forged = page.Page(self.daemon.public)
        forged.cookie = f"cariflex_{self.daemon.public}=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        for path in ("session", "sites", "sites/1/snapshot", "devices/111"):
            answer = forged.get(path)
            self.assertEqual((answer.status, answer.code), (401, "signed-out"))
        self.assertEqual(forged.live().status, 401)

    def test_password(self):
        browser = page.Page(self.daemon.public)
        answer = browser.sign_in(user="grid-operator", password="wrong")
        self.assertEqual((answer.status, answer.code), (401, "wrong-password"))
        answer = browser.sign_in(user="grid-operator", password=self.secrets["grid-operator"])
        self.assertEqual(answer.status, 200, answer.body)
        # of another account: sees no site of this one
        self.assertEqual(browser.get("sites").json["sites"], [])
        self.assertEqual(browser.get("map").json["features"], [])
        for path in ("sites/1/snapshot", "sites/1/history", "devices/111"):
            self.assertEqual(browser.get(path).status, 404)
        self.assertEqual(browser.live().status, 404)
        # nothing granted: nothing to see
        answer = page.Page(self.daemon.public).sign_in(user="ven-martinique", password=self.secrets["ven-martinique"])
        self.assertEqual((answer.status, answer.code), (403, "role"))

    def test_sign_out(self):
        browser = self.signed_in("viewer")
        live = browser.live()
        self.assertEqual(live.message()["type"], "snapshot")
        self.assertEqual(browser.ask("DELETE", "api/session").status, 204)
        while live.message() is not None:
            pass
        self.assertEqual(live.code, 4401)
        self.assertEqual(browser.get("session").code, "signed-out")  # the old cookie is worth nothing

    def test_survives_restart(self):
        browser = self.signed_in("viewer")
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(browser.get("session").status, 200)

    def test_foreign_pages(self):
        browser = self.signed_in()
        for origin in ("http://evil.example", "null", None):
            answer = browser.ask("POST", "api/devices/111/command", {"command": "Reset"}, Origin=origin)
            self.assertEqual((answer.status, answer.code), (403, "origin"))
            self.assertEqual(browser.ask("DELETE", "api/session", Origin=origin).status, 403)
        self.assertEqual(browser.live(Origin="http://evil.example").status, 403)
        self.assertEqual(browser.get("session").status, 200)

    # --- bad input

    def test_bad_input(self):
        browser = self.signed_in()
        for body in (b"", b"{", b"[]", b"\xff\xfe", b'{"command":3}', b'{"command":"R","x":1}',
                     b'{"command":"R","arguments":' + b"[" * 5000):
            answer = browser.ask("POST", "api/devices/111/command", body)
            self.assertEqual((answer.status, answer.code), (400, "syntax"), body[:40])
        answer = browser.ask("POST", "api/devices/111/command", b"{" + b" " * 70000 + b"}")
        self.assertEqual((answer.status, answer.code), (413, "too-large"))
        self.assertEqual(browser.ask("PATCH", "api/sites").code, "method")
        for path in ("nothing", "sites/x/snapshot", "sites/999/snapshot", "devices/1", "devices/84"):
            self.assertEqual(browser.get(path).code, "not-found", path)
        for day in ("2025-13-01", "x", "2025-10-01%20"):
            self.assertEqual(browser.get(f"sites/1/history?day={day}").code, "syntax")
        live = browser.live()
        live.send("{nonsense")
        while live.message() is not None:
            pass
        self.assertEqual(live.code, 1008)

    def test_commands(self):
        viewer, operator = self.signed_in("viewer"), self.signed_in()
        for path in ("devices/111/commands", "devices/111/messages"):
            self.assertEqual(viewer.get(path).code, "role")
        answer = viewer.ask("POST", "api/devices/111/command", {"command": "Reset"})
        self.assertEqual((answer.status, answer.code), (403, "role"))
        self.assertEqual(operator.get("devices/111/messages").json, {"messages": []})
        names = {command["name"] for command in operator.get("devices/111/commands").json["commands"]}
        self.assertIn("Reset", names)
        self.assertNotIn("StationMessages", names)  # it has a place of its own
        # no station has ever connected here
        answer = operator.ask("POST", "api/devices/111/command",
                              {"command": "Reset", "arguments": {"type": "OnIdle"}})
        self.assertEqual((answer.status, answer.code), (503, "unavailable"))
        self.assertIn("CP001", answer.json["error"]["message"])

    # --- what is shown

    def test_equals_ctl(self):
        token = {"Authorization": f"Bearer {self.secrets['gateway-site']}", "Content-Type": "application/json"}
        body = json.dumps({"start": "2025-10-01T12:00:00Z", "duration": "PT1M", "values": [4.5], "unit": "kW"})
        answer = rig.ask(self.daemon.public, "POST", "/api/v3_0/sensors/108/data", body, token)
        self.assertEqual(answer.status, 200, answer.text)
        browser = self.signed_in("viewer")
        view = page.View().take(browser.get("sites/1/snapshot").json)
        status = json.loads(self.daemon.ctl("status", "--json").stdout)
        site, shown = status["engine"]["sites"][0], view.of("site")[1]
        for name in ("name", "state", "problem", "zone", "currency", "contract_kw", "limit_kw", "power_kw", "sessions"):
            self.assertEqual(shown[name], site[name], name)
        self.assertEqual(shown["price"], site["price_per_kwh"] * 1000)
        devices = json.loads(self.daemon.ctl("devices", "--json").stdout)["devices"]
        self.assertEqual(set(view.of("device")), {device["asset"] for device in devices})
        for device in devices:
            item = view.of("device")[device["asset"]]
            self.assertEqual(item["station_name"], device["station"])
            self.assertEqual(item["evse"], device["evse"])
            for name in ("connected", "plugged", "charging", "steerable", "faulted"):
                self.assertEqual(item[name], device[name], name)
        sensors = {sensor["id"] for sensor in json.loads(self.daemon.ctl("sensors", "--json").stdout)["sensors"]}
        self.assertLessEqual({item["sensor"] for item in view.of("series").values()}, sensors)
        names = {link["subject"] for link in view.of("link").values()}
        self.assertLessEqual({i["name"] for i in status["instances"] if i["kind"] == "adapter"}, names)
        self.assertEqual(browser.get("sites").json["sites"][0]["name"], shown["name"])
        self.assertEqual(len(browser.get("map").json["features"]), 11)
        detail = browser.get("devices/111").json
        self.assertEqual(detail["device"], view.of("device")[111])
        self.assertEqual((detail["rated_kw"], detail["station"]["identity"]), (22, "CP001"))

    def test_live_delta(self):
        browser = self.signed_in("viewer")
        live = browser.live()
        view = page.View().take(live.message())
        start = int(time.time()) // 900 * 900
        text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start))
        token = {"Authorization": f"Bearer {self.secrets['gateway-weather']}", "Content-Type": "application/json"}
        body = json.dumps({"start": text, "duration": "PT15M", "values": [2.25], "unit": "kW"})
        self.assertEqual(rig.ask(self.daemon.public, "POST", "/api/v3_0/sensors/41/data", body, token).status, 200)
        until = time.monotonic() + 10
        while view.items[("series", "pv/112")]["steps"].get(start) != 2.25:
            self.assertLess(time.monotonic(), until)
            view.take(live.message())
        # back after a drop: only what was missed; then nothing is missing
        at, pv = view.at, view.items[("series", "pv/112")]["steps"]
        live.close()
        again = browser.live(f"?site=1&since={at}")
        message = again.message()
        self.assertEqual(message["type"], "delta")
        self.assertEqual(view.take(message).items[("series", "pv/112")]["steps"], pv)
        fresh = page.View().take(browser.live().message())
        self.assertEqual(fresh.items[("series", "pv/112")]["steps"], pv)
        again.send({"type": "ping", "echo": 5})
        while True:
            message = again.message()
            if message["type"] == "pong":
                break
        self.assertEqual(message["echo"], 5)

    def test_history(self):
        token = {"Authorization": f"Bearer {self.secrets['gateway-site']}", "Content-Type": "application/json"}
        for sensor, unit, value in ((101, "kW", 8), (84, "EUR/MWh", 100)):
            body = json.dumps({"start": "2025-09-01T04:00:00Z", "duration": "PT24H", "values": [value] * 96, "unit": unit})
            answer = rig.ask(self.daemon.public, "POST", f"/api/v3_0/sensors/{sensor}/data", body, token)
            self.assertEqual(answer.status, 200, answer.text)
        day = self.signed_in("viewer").get("sites/1/history?day=2025-09-01").json
        self.assertEqual((day["start"], day["end"]), ("2025-09-01T04:00:00Z", "2025-09-02T04:00:00Z"))
        series = {item["id"]: item for item in day["series"]}
        self.assertEqual(series["site-power"]["runs"], [[1756699200, 96, 8]])
        self.assertEqual(day["energy_kwh"]["site"], 192)
        self.assertAlmostEqual(day["cost"], 19.2)
        other = self.signed_in("viewer").get("sites/1/history?day=2025-09-02").json
        self.assertIsNone(other["energy_kwh"]["site"])
        # of today: what has passed
        now = datetime.datetime.now(datetime.timezone.utc)
        midnight = (now - datetime.timedelta(hours=4)).replace(hour=4, minute=0, second=0, microsecond=0)
        quarters = max(1, int((now - midnight).total_seconds() // 900))
        for sensor, unit, value, count in ((101, "kW", 8, quarters), (84, "EUR/MWh", 100, 96)):
            body = json.dumps({"start": midnight.isoformat(), "duration": f"PT{count * 15}M", "values": [value] * count, "unit": unit})
            answer = rig.ask(self.daemon.public, "POST", f"/api/v3_0/sensors/{sensor}/data", body, token)
            self.assertEqual(answer.status, 200, answer.text)
        today = self.signed_in("viewer").get("sites/1/history").json
        self.assertEqual(today["energy_kwh"]["site"], 2 * quarters)
        self.assertAlmostEqual(today["cost"], 0.2 * quarters)

    # --- back-pressure and files

    def test_slow_page(self):
        browser = self.signed_in("viewer")
        slow = browser.live(receive=4096)
        self.assertEqual(slow.message()["type"], "snapshot")
        # it does not read while others do; the daemon keeps nothing for it, and it catches up
        for _ in range(3):
            self.assertEqual(browser.live().message()["type"], "snapshot")
        time.sleep(2)
        view = page.View()
        view.at = None
        slow.send({"type": "site", "site": 1})
        while True:
            message = slow.message()
            if message["type"] == "snapshot":
                break
        self.assertEqual(set(view.take(message).of("device")), set(
            page.View().take(browser.get("sites/1/snapshot").json).of("device")))

    def test_files(self):
        browser = page.Page(self.daemon.public)
        answer = browser.ask("GET", "")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Content-Encoding"], "gzip")
        html = gzip.decompress(answer.body).decode()
        plain = browser.ask("GET", "", Accept_Encoding="identity")
        self.assertIsNone(plain.headers["Content-Encoding"])
        self.assertEqual(plain.body.decode(), html)
        self.assertIn("default-src 'self'", answer.headers["Content-Security-Policy"])
        self.assertIn("frame-ancestors 'none'", answer.headers["Content-Security-Policy"])
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        again = browser.ask("GET", "", If_None_Match=answer.headers["ETag"])
        self.assertEqual((again.status, again.body), (304, b""))
        # nothing inline, nothing from elsewhere
        self.assertIsNone(re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style|(src|href)=\"(https?:)?//", html))
        moved = rig.ask(self.daemon.public, "GET", "/ui")
        self.assertEqual((moved.status, moved.headers["Location"]), (308, "/ui/"))
        self.assertEqual(browser.ask("GET", "nothing.html").code, "not-found")


rig.main(Ui)
