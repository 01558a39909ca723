#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The VEN of the real daemon: a VTN that is away, slow, or answers nonsense; and a real VTN that restarts."""

import http.server
import json
import sqlite3
import threading
import time
import urllib.parse

import rig

BASE = "/openadr3/3.1.0"
HOUR = 3600


def text_of(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def next_hour(offset=1):
    return (int(time.time()) // HOUR + offset) * HOUR


def event(program, start, kind, value, hours=1, **more):
    return {"programID": program,
            "intervalPeriod": {"start": text_of(start), "duration": f"PT{hours}H"},
            "intervals": [{"id": 0, "payloads": [{"type": kind, "values": [value]}]}], **more}


def ven(port, **more):
    """It polls often: each of these tests waits for several polls."""
    return rig.ven_group(f"http://127.0.0.1:{port}{BASE}", **{"poll-interval": "100ms", **more})


class Script(http.server.BaseHTTPRequestHandler):
    """A VTN that says whatever the test has put down for a path: good answers where nothing is."""

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path.removeprefix(BASE)
        self.server.asked.append(path)
        script = self.server.script.get(path)
        if callable(script):
            script(self)
        elif script is not None:
            self.say(*script)
        else:
            self.say(200, json.dumps(self.server.objects.get(path, [])))

    def say(self, status, body, kind="application/json", **headers):
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Vtn(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port=0, handler=Script):
        super().__init__(("127.0.0.1", port), handler)
        self.script, self.objects, self.asked = {}, {}, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, address):
        pass  # a client that has gone

    def close(self):
        self.shutdown()
        self.server_close()


class Nonsense(rig.Site):
    """One daemon; what the VTN says changes under it."""

    @classmethod
    def setUpClass(cls):
        cls.vtn = Vtn()
        cls.port = cls.vtn.server_address[1]
        super().setUpClass()
        cls.addClassCleanup(lambda: cls.vtn.close())

    @classmethod
    def new_daemon(cls, name, groups=""):
        return super().new_daemon(name, ven(cls.port))

    def setUp(self):
        self.vtn.script.clear()
        self.vtn.objects = {
            "/programs": [{"id": "p", "programName": "prices", "objectType": "PROGRAM"}],
            "/events": [dict(event("p", next_hour(), "x-loadControlCapacity", 0.5), id="e")]}
        self.wait_well()
        rig.until(lambda: self.remaining() == [50], "the event")

    def wait_well(self):
        rig.until(lambda: self.daemon.instance("ven") == ("running", ""), "a VEN that is well")

    def remaining(self):
        return self.daemon.series(86, text_of(next_hour()), "PT1M", "%25", "PT1M")

    def reason(self):
        state, reason = self.daemon.instance("ven")
        return state == "degraded" and reason

    def check(self, path, script, *words):
        """The VEN says what is wrong, keeps the event that it knows, and recovers."""
        self.vtn.script[path] = script
        reason = rig.until(self.reason, f"a reason ({words[0]})")
        for word in words:
            self.assertIn(word, reason)
        self.assertIn("the VTN has been silent for", reason)
        self.assertIn("known events run on", reason)
        self.assertEqual(self.remaining(), [50])
        self.vtn.script.clear()
        self.wait_well()
        self.assertEqual(self.remaining(), [50])

    def test_html(self):
        self.check("/events", (200, "<html><body>Under construction</body></html>", "text/html"),
                   "events", "no JSON")

    def test_truncated(self):
        whole = json.dumps(self.vtn.objects["/events"])
        self.check("/events", (200, whole[:-20]), "events", "no JSON")

        def cut(visit):
            visit.say(200, whole[:-20], Content_Length=str(len(whole)))
            visit.connection.close()
        self.check("/events", cut, "events")

    def test_errors(self):
        for status in (500, 503, 404, 403, 204):
            self.check("/programs", (status, ""), "programs", str(status))

    def test_redirect_without_end(self):
        self.check("/events", (302, "", "text/plain"), "events", "302")
        before = len(self.vtn.asked)

        def around(visit):
            visit.say(307, "", Location=f"http://127.0.0.1:{self.port}{BASE}/events")
        self.check("/events", around, "events", "307")
        # it is not followed: a poll, which begins with the programs, asks once
        asked = self.vtn.asked[before:]
        self.assertLessEqual(asked.count("/events"), asked.count("/programs") + 1)

    def test_gigantic(self):
        def without_end(visit):
            visit.send_response(200)
            visit.send_header("Content-Type", "application/json")
            visit.end_headers()
            try:
                while True:
                    visit.wfile.write(b" " * 65536)
            except OSError:
                pass
        self.check("/events", without_end, "events", "larger than")
        self.check("/events", (200, "[" * 100000), "events", "no JSON")

    def test_wrong_types(self):
        for body in ("null", "{}", '"x"', "17"):
            self.check("/events", (200, body), "events", "no list")

    def test_wrong_events(self):
        """One event that makes no sense does not take the others away, and is shown."""
        good = self.vtn.objects["/events"][0]
        for wrong in (None, 5, [], {}, {"id": 7}, dict(good, id="w", intervals="x"),
                      dict(good, id="w", intervalPeriod={"start": "soon"}),
                      dict(good, id="w", priority=-1e99),
                      dict(good, id="w", intervals=[{"payloads": [{"type": "PRICE", "values": ["x"]}]}])):
            self.vtn.objects["/events"] = [wrong, good]
            rig.until(self.reason, f"a reason ({wrong})")
            self.assertEqual(self.remaining(), [50])
        # what was known of an event stays in force when it comes as nonsense
        self.vtn.objects["/events"] = [dict(good, intervals="x")]
        polls = len(self.vtn.asked) + 6
        rig.until(lambda: len(self.vtn.asked) > polls)
        self.assertEqual(self.remaining(), [50])
        self.vtn.objects["/events"] = [good]
        self.wait_well()

    def test_slow(self):
        """A VTN that never ends its answer holds nothing up but its own poll."""
        let_go = threading.Event()
        self.addCleanup(let_go.set)
        impatient = super().new_daemon("impatient", ven(self.port, timeout="1s"))
        impatient.start()
        impatient.import_site()

        def remaining():
            return impatient.series(86, text_of(next_hour()), "PT1M", "%25", "PT1M")

        def reason():
            state, why = impatient.instance("ven")
            return state == "degraded" and why
        rig.until(lambda: remaining() == [50], "the event")

        def slow(visit):
            visit.send_response(200)
            visit.end_headers()
            visit.wfile.write(b"[")
            visit.wfile.flush()
            let_go.wait(30)
        self.vtn.script["/programs"] = slow
        rig.until(lambda: self.vtn.asked[-1] == "/programs")
        self.assertEqual(remaining(), [50])
        self.assertIn("no answer within 1 s", rig.until(reason, "a reason (slow)"))
        self.assertEqual(remaining(), [50])
        let_go.set()
        self.vtn.script.clear()
        rig.until(lambda: impatient.instance("ven") == ("running", ""), "a VEN that is well")
        self.wait_well()
        self.assertEqual(impatient.stop(), 0)

    def test_away(self):
        self.vtn.close()
        reason = rig.until(self.reason, "a reason (away)")
        self.assertIn("refused", reason)
        self.assertEqual(self.remaining(), [50])
        # the signal stays through a restart without the VTN
        self.assertEqual(self.daemon.stop(), 0)
        self.daemon.start()
        self.assertIn("has not answered yet", rig.until(self.reason, "a reason (away)"))
        self.assertEqual(self.remaining(), [50])
        type(self).vtn = Vtn(self.port)
        self.vtn.objects = {
            "/programs": [{"id": "p", "programName": "prices", "objectType": "PROGRAM"}],
            "/events": []}
        self.wait_well()
        # it was cancelled meanwhile
        rig.until(lambda: self.remaining() == [100], "the end of the event")

    def test_many_events(self):
        """Pages are asked for as long as they are full."""
        events = [dict(event("p", next_hour(2), "x-loadControlCapacity", 0.9), id=f"m{i}")
                  for i in range(120)]
        events.append(dict(event("p", next_hour(), "x-loadControlCapacity", 0.3), id="last"))

        def pages(visit):
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(visit.path).query)
            skip, limit = int(query["skip"][0]), int(query["limit"][0])
            visit.say(200, json.dumps(events[skip:skip + limit]))
        self.vtn.script["/events"] = pages
        rig.until(lambda: self.remaining() == [30], "the last event")
        self.assertEqual(self.daemon.instance("ven"), ("running", ""))

    def test_list_that_shrinks(self):
        """An event that slips from one page to the one before while the VEN reads is not cancelled."""
        events = [dict(event("p", next_hour(2), "x-loadControlCapacity", 0.9), id=f"s{i}")
                  for i in range(70)]
        polls = []

        def pages(visit):
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(visit.path).query)
            skip, limit = int(query["skip"][0]), int(query["limit"][0])
            polls.append(skip)
            visit.say(200, json.dumps(events[skip:skip + limit]))
            if polls.count(0) in (2, 4) and skip == 0:
                events.pop(0)  # "s50", which was the first of the next page, is now on this one
        self.vtn.script["/events"] = pages
        rig.until(lambda: polls.count(0) > 7)
        gone = [line for line in self.daemon.log().splitlines()
                if " s" in line and line.endswith("cancelled")]
        self.assertEqual([line.split(" event ")[1] for line in gone], ["s0: cancelled", "s1: cancelled"])

    def test_foreign_currency(self):
        """Without a rate a price is refused, and said; 84 stays as it is. With one it is converted."""
        start = text_of(next_hour(3))

        def price():
            return self.daemon.series(84, start, "PT15M", "EUR/MWh")

        def publish(currency):
            self.vtn.objects["/programs"] = [{
                "id": "p", "programName": "prices", "payloadDescriptors": [{
                    "objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE",
                    "units": "KWH", "currency": currency}]}]
            self.vtn.objects["/events"] = [dict(event("p", next_hour(3), "PRICE", 2.0), id="c")]

        publish("XAF")
        reason = rig.until(self.reason, "a reason (currency)")
        self.assertIn("XAF", reason)
        self.assertEqual(price(), [None])
        publish("SEK")  # the site has a rate
        rig.until(lambda: price() != [None], "a price")
        self.assertAlmostEqual(price()[0], 2.0 * 1000 * 0.0905, 6)
        self.wait_well()


class Restart(rig.Site):
    """A real VTN in a daemon of its own, and the VEN of another."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vtn = cls.daemon
        secret = cls.vtn.folder / "secrets" / "ven-martinique"
        cls.site = cls.new_daemon("ven-site", ven(
            cls.vtn.grid, **{"client-id": "ven-martinique", "client-secret-file": str(secret)}))
        cls.site.start()
        cls.site.import_site()
        rig.until(lambda: cls.site.instance("ven") == ("running", ""), "a VEN that is well")

    def operate(self, method, path, body=None):
        name = "grid-operator"
        token = rig.ask(self.vtn.grid, "POST", BASE + "/auth/token", urllib.parse.urlencode({
            "grant_type": "client_credentials", "client_id": name,
            "client_secret": self.secrets[name]}),
            {"Content-Type": "application/x-www-form-urlencoded"}).json["access_token"]
        answer = rig.ask(self.vtn.grid, method, BASE + path, json.dumps(body) if body else None,
                         {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        self.assertIn(answer.status, (200, 201), answer.text)
        return answer.json

    def remaining(self, start):
        return self.site.series(86, text_of(start), "PT1M", "%25", "PT1M")[0]

    def test_restart_of_vtn(self):
        """Also of one that has forgotten its tokens: the VEN gets a new one and goes on, without a word."""
        program = self.operate("POST", "/programs", {"programName": "restart"})["id"]
        start = next_hour()
        made = self.operate("POST", "/events", event(program, start, "x-loadControlCapacity", 0.5))
        rig.until(lambda: self.remaining(start) == 50, "the event")
        for end in (self.vtn.kill, self.vtn.stop):
            before = len(self.site.log())
            end()
            if end == self.vtn.kill:
                with sqlite3.connect(self.vtn.database) as database:
                    database.execute("DELETE FROM records WHERE collection = 'openadr.token'")
                database.close()
            self.vtn.start()
            made = self.operate("PUT", "/events/" + made["id"], event(
                program, start, "x-loadControlCapacity", 0.25 if end == self.vtn.kill else 0.75))
            value = 25 if end == self.vtn.kill else 75
            rig.until(lambda: self.remaining(start) == value, "the change")
            rig.until(lambda: self.site.instance("ven") == ("running", ""), "a VEN that is well")
            self.assertNotIn("warning", self.site.log()[before:].replace("site:", ""))
        self.operate("DELETE", "/events/" + made["id"])
        rig.until(lambda: self.remaining(start) == 100, "the end of the event")

    def test_outage_of_ven(self):
        """What was changed or cancelled while the VEN was down counts as soon as it is up."""
        program = self.operate("POST", "/programs", {"programName": "outage"})["id"]
        starts = {key: next_hour(n) for n, key in enumerate(("same", "changed", "moved", "gone"), 2)}
        events = {key: self.operate("POST", "/events", event(
            program, start, "x-loadControlCapacity", 0.5))["id"] for key, start in starts.items()}
        for start in starts.values():
            rig.until(lambda at=start: self.remaining(at) == 50, "an event")
        self.site.kill()
        self.operate("PUT", "/events/" + events["changed"], event(
            program, starts["changed"], "x-loadControlCapacity", 0.2))
        self.operate("PUT", "/events/" + events["moved"], event(
            program, starts["moved"] + 5 * HOUR, "x-loadControlCapacity", 0.5))
        self.operate("DELETE", "/events/" + events["gone"])
        self.site.start()
        wanted = {starts["same"]: 50, starts["changed"]: 20, starts["moved"]: 100,
                  starts["moved"] + 5 * HOUR: 50, starts["gone"]: 100}
        rig.until(lambda: {at: self.remaining(at) for at in wanted} == wanted, "what was changed")

    def test_clock_skew(self):
        """Events count by their own times, whatever the VTN's clock says of when it wrote them."""
        vtn = Vtn()
        self.addCleanup(vtn.close)
        start = next_hour(12)
        other = self.new_daemon("skew", ven(vtn.server_address[1]))
        other.start()
        other.import_site()
        for skew in (-365 * 24 * HOUR, -HOUR, HOUR, 365 * 24 * HOUR):
            stamp = text_of(time.time() + skew)
            vtn.objects = {"/programs": [{"id": "p", "programName": "p"}], "/events": [
                dict(event("p", start, "x-loadControlCapacity", 0.5), id=f"e{skew}",
                     createdDateTime=stamp, modificationDateTime=stamp)]}
            rig.until(lambda: other.series(86, text_of(start), "PT1M", "%25", "PT1M") == [50], "it")
            vtn.objects["/events"] = []
            rig.until(lambda: other.series(86, text_of(start), "PT1M", "%25", "PT1M") == [100], "end")


class Through(Script):
    """Passes everything on to a real VTN, but says of each token that it lives for long."""

    def do_GET(self):
        self.pass_on(None)

    def do_POST(self):
        self.pass_on(self.rfile.read(int(self.headers["Content-Length"])))

    def pass_on(self, body):
        path = urllib.parse.urlsplit(self.path).path.removeprefix(BASE)
        headers = {name: self.headers[name] for name in ("Host", "Authorization", "Content-Type")
                   if name in self.headers}
        answer = rig.ask(self.server.to, self.command, self.path, body, headers)
        text = answer.text
        if path == "/auth/token" and answer.status == 200:
            text = json.dumps({**answer.json, "expires_in": 24 * HOUR})
        self.server.asked.append((path, answer))
        more = {name: value for name, value in answer.headers.items() if name == "WWW-Authenticate"}
        self.say(answer.status, text, answer.headers["Content-Type"], **more)


class Expiry(rig.Site):
    """Tokens that end: a real VTN that gives them short lives, and a VEN that was told of long ones."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vtn = cls.daemon

    @classmethod
    def new_daemon(cls, name, groups="[adapter:vtn]\ntoken-lifetime=2s\n"):
        return super().new_daemon(name, groups)

    def grant(self, name):
        answer = rig.ask(self.vtn.grid, "POST", BASE + "/auth/token", urllib.parse.urlencode({
            "grant_type": "client_credentials", "client_id": name,
            "client_secret": self.secrets[name]}), {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(answer.status, 200, answer.text)
        return answer.json

    def programs(self, token):
        return rig.ask(self.vtn.grid, "GET", BASE + "/programs", None, {"Authorization": f"Bearer {token}"})

    def check_problem(self, answer):
        self.assertEqual(answer.status, 401, answer.text)
        self.assertEqual(answer.json["status"], 401)
        self.assertTrue(answer.json["title"])
        self.assertIn("Bearer", answer.headers["WWW-Authenticate"])

    def test_problem(self):
        """A token is good until the end that was said, and no longer."""
        begin = time.monotonic()
        granted = self.grant("ven-martinique")
        self.assertEqual(granted["expires_in"], 2)
        self.assertEqual(self.programs(granted["access_token"]).status, 200)
        rig.until(lambda: self.programs(granted["access_token"]).status != 200, "the end of the token")
        self.assertGreater(time.monotonic(), begin + 1.95)
        self.check_problem(self.programs(granted["access_token"]))
        self.assertEqual(self.programs(self.grant("ven-martinique")["access_token"]).status, 200)

    def test_ven_gets_a_new_one(self):
        vtn = Vtn(handler=Through)
        self.addCleanup(vtn.close)
        vtn.to = self.vtn.grid
        secret = self.vtn.folder / "secrets" / "ven-martinique"
        site = self.new_daemon("site-of-ven", ven(vtn.server_address[1], **{
            "client-id": "ven-martinique", "client-secret-file": str(secret)}))
        site.start()
        site.import_site()

        def expired():
            return [i for i, (path, answer) in enumerate(vtn.asked)
                    if answer.status == 401 and len(vtn.asked) > i + 3]
        refusals = rig.until(lambda: len(expired()) >= 2 and expired(), "two tokens that have ended")
        for i in refusals:
            self.check_problem(vtn.asked[i][1])
            # it gets one and asks the same again, at once
            after = [(path, answer.status) for path, answer in vtn.asked[i + 1:i + 3]]
            self.assertEqual(after, [("/auth/token", 200), (vtn.asked[i][0], 200)])
        self.assertEqual(site.instance("ven"), ("running", ""))
        self.assertNotIn("poll: ", site.log())
        self.assertEqual(site.stop(), 0)


rig.main(Nonsense, Restart, Expiry)
