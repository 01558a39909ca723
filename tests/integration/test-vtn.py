#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the VTN answers over the wire: tokens, scopes, wrong objects, and what outlives a kill."""

import json
import os
import pathlib
import urllib.parse

import rig

BASE = "/openadr3/3.1.0"


class Vtn(rig.Site):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.import_other()

    @classmethod
    def import_other(cls):
        """A second VEN, of an account of its own; again: it gets a new secret."""
        site = json.loads(pathlib.Path(rig.SITE).read_text())
        cls.secrets["ven-other"] = os.urandom(16).hex()
        folder = cls.folder / "more"
        folder.mkdir(exist_ok=True)
        (folder / "ven-other").write_text(cls.secrets["ven-other"])
        (folder / "more.json").write_text(json.dumps({
            "format": site["format"], "version": site["version"],
            "accounts": [{"id": 3, "name": "other site", "zone": "Europe/Paris", "currency": "EUR"}],
            "principals": [{"name": "ven-other", "kind": "ven", "account": 3,
                            "grants": [{"right": "change", "account": 3}],
                            "credentials": [{"kind": "password", "secret": "ven-other"}]}]}))
        done = cls.daemon.ctl("import", folder / "more.json", "--secrets", folder)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def grant(self, name, secret=None, headers=None, kind="client_credentials", form=True,
              **more):
        fields = {"grant_type": kind, **more}
        if form:
            fields.update(client_id=name, client_secret=secret or self.secrets[name])
        return rig.ask(self.daemon.grid, "POST", BASE + "/auth/token", urllib.parse.urlencode(fields),
                        {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})})

    def call(self, name, method, path, body=None):
        token = self.grant(name).json["access_token"]
        if body is not None and not isinstance(body, str):
            body = json.dumps(body)
        return rig.ask(self.daemon.grid, method, BASE + path, body,
                        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})

    def test_token_server(self):
        self.assertIn("tokenURL", rig.ask(self.daemon.grid, "GET", BASE + "/auth/server").json)

    def test_token_refusals(self):
        name = "ven-martinique"
        basic = {"Authorization": self.basic(name, self.secrets[name])}
        self.assertEqual(self.grant(name, headers=basic, form=False).status, 200)
        self.assertEqual(self.grant(name, headers=basic).status, 400)
        answer = self.grant(name, secret="wrong")
        self.assertEqual((answer.status, answer.json["error"]), (401, "invalid_client"))
        self.assertIn("no-store", answer.headers["Cache-Control"])
        self.assertEqual(self.grant(name, kind="password").json["error"], "unsupported_grant_type")

    def test_new_secret_ends_tokens(self):
        """Who knew the old secret is out at once, not when the token ends."""
        def ask(token):
            return rig.ask(self.daemon.grid, "GET", BASE + "/programs", None,
                           {"Authorization": f"Bearer {token}"}).status
        old_secret = self.secrets["ven-other"]
        old = self.grant("ven-other").json["access_token"]
        others = self.grant("ven-martinique").json["access_token"]
        self.assertEqual(ask(old), 200)
        self.import_other()
        self.assertEqual(self.grant("ven-other", secret=old_secret).status, 401)
        self.assertEqual(ask(old), 401)
        self.assertEqual(ask(others), 200)
        self.assertEqual(ask(self.grant("ven-other").json["access_token"]), 200)

    def test_bad_token(self):
        answer = rig.ask(self.daemon.grid, "GET", BASE + "/programs", None, {"Authorization": "Bearer x"})
        self.assertEqual(answer.status, 401)
        self.assertIn("Bearer", answer.headers["WWW-Authenticate"])
        # the API file of OpenADR 3.1 sends problems as application/json
        self.assertIn("application/json", answer.headers["Content-Type"])
        self.assertEqual(answer.json["status"], 401)

    def test_scopes(self):
        # the second owns the account of its site, which is not the grid operator's
        for name in ("ven-martinique", "ven-other"):
            answer = self.call(name, "POST", "/programs", {"programName": "forbidden"})
            self.assertEqual((name, answer.status), (name, 403))

    def test_wrong_objects(self):
        operator = "grid-operator"
        self.assertEqual(self.call(operator, "POST", "/programs", "{nonsense").status, 400)
        self.assertEqual(self.call(operator, "POST", "/programs", "[" * 5000).status, 400)
        answer = self.call(operator, "POST", "/programs", {})
        self.assertEqual(answer.status, 400)
        self.assertIn("programName", answer.text)
        self.assertEqual(self.call(operator, "GET", "/programs/nothing").status, 404)
        self.assertEqual(self.call(operator, "GET", "/programs?limit=51").status, 400)

    def test_object_outlives_kill(self):
        operator = "grid-operator"
        answer = self.call(operator, "POST", "/programs", {"programName": "kept"})
        self.assertEqual(answer.status, 201, answer.text)
        program = answer.json
        again = self.call(operator, "POST", "/programs", {"programName": "kept"})
        self.assertEqual(again.status, 409)
        token = self.grant(operator).json["access_token"]
        narrow = self.grant(operator, scope="read_all").json["access_token"]
        self.daemon.kill()
        self.daemon.start()
        # clients use a token as long as it was said to live: it has to outlive us, and its scopes with it
        headers = {"Authorization": f"Bearer {token}"}
        self.assertEqual(rig.ask(self.daemon.grid, "GET", BASE + "/programs", None, headers).status, 200)
        headers["Authorization"] = f"Bearer {narrow}"
        self.assertEqual(rig.ask(self.daemon.grid, "GET", BASE + "/programs", None, headers).status, 200)
        self.assertEqual(rig.ask(self.daemon.grid, "DELETE", BASE + "/programs/" + program["id"], None,
                                 headers).status, 403)
        for name in self.daemon.folder.glob("site.db*"):
            self.assertNotIn(token.encode(), name.read_bytes())
        self.assertEqual(self.call(operator, "GET", "/programs/" + program["id"]).json, program)
        gone = self.call(operator, "DELETE", "/programs/" + program["id"])
        self.assertEqual((gone.status, gone.json["id"]), (200, program["id"]))


    # --- lists -------------------------------------------------------------------------------

    def publish(self, name, body=None, **more):
        program = self.call("grid-operator", "POST", "/programs", {"programName": name, **more})
        self.assertEqual(program.status, 201, program.text)
        return program.json

    def event(self, program, **more):
        body = {"programID": program, "intervalPeriod": {"start": "2025-10-01T00:00:00Z",
                                                         "duration": "PT1H"},
                "intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [0.2]}]}], **more}
        answer = self.call("grid-operator", "POST", "/events", body)
        self.assertEqual(answer.status, 201, answer.text)
        return answer.json

    def test_paging(self):
        program = self.publish("pages")["id"]
        names = [self.event(program, eventName=f"e{i}")["eventName"] for i in range(7)]
        query = f"/events?programID={program}"

        def page(more):
            answer = self.call("grid-operator", "GET", query + more)
            self.assertEqual(answer.status, 200, answer.text)
            return [event["eventName"] for event in answer.json]

        self.assertEqual(page(""), names)
        # what one may see is not for the next who asks the same
        self.assertIn("private", self.call("grid-operator", "GET", query).headers["Cache-Control"])
        self.assertEqual(page("&skip=0&limit=3"), names[:3])
        self.assertEqual(page("&skip=3&limit=3"), names[3:6])
        self.assertEqual(page("&skip=6&limit=50"), names[6:])
        self.assertEqual(page("&skip=7"), [])
        self.assertEqual(page("&skip=2147483647"), [])
        for wrong in ("skip=-1", "skip=x", "skip=", "skip=99999999999999999999", "limit=-1",
                      "limit=51", "limit=1.5", "skip=%zz"):
            answer = self.call("grid-operator", "GET", "/events?" + wrong)
            self.assertEqual((wrong, answer.status), (wrong, 400))
            self.assertEqual(answer.json["status"], 400)

    def test_space_in_query(self):
        """A space comes as %20 or as a plus, a plus as %2B."""
        program = self.publish("spaces")["id"]
        for target in ("north west", "north+west"):
            self.event(program, eventName=target, targets=[target])
        for query, found in (("north%20west", "north west"), ("north+west", "north west"),
                             ("north%2Bwest", "north+west")):
            answer = self.call("grid-operator", "GET", f"/events?programID={program}&targets={query}")
            self.assertEqual((query, [e["eventName"] for e in answer.json]), (query, [found]))

    # --- objects -----------------------------------------------------------------------------

    def test_put(self):
        program = self.publish("put")
        path = "/programs/" + program["id"]
        answer = self.call("grid-operator", "PUT", path, {"programName": "put", "country": "MQ"})
        self.assertEqual(answer.status, 200, answer.text)
        now = answer.json
        self.assertEqual((now["id"], now["createdDateTime"], now["country"]),
                         (program["id"], program["createdDateTime"], "MQ"))
        self.assertGreater(now["modificationDateTime"], program["modificationDateTime"])
        self.assertEqual(self.call("grid-operator", "GET", path).json, now)
        # what is wrong leaves it as it is
        self.assertEqual(self.call("grid-operator", "PUT", path, {"country": "FR"}).status, 400)
        other = self.publish("put-other")
        taken = self.call("grid-operator", "PUT", path, {"programName": "put-other"})
        self.assertEqual(taken.status, 409)
        self.assertEqual(self.call("ven-martinique", "PUT", path, {"programName": "put"}).status, 403)
        self.assertEqual(self.call("grid-operator", "GET", path).json, now)
        self.assertEqual(self.call("grid-operator", "PUT", "/programs/none",
                                   {"programName": "none"}).status, 404)
        # a program's id does not name an event
        self.assertEqual(self.call("grid-operator", "GET", "/events/" + other["id"]).status, 404)

    def test_delete(self):
        program = self.publish("deleted")
        event = self.event(program["id"])
        path = "/programs/" + program["id"]
        self.assertEqual(self.call("ven-martinique", "DELETE", path).status, 403)
        answer = self.call("grid-operator", "DELETE", path)
        self.assertEqual(answer.status, 409)
        self.assertIn("events", answer.json["detail"])
        answer = self.call("grid-operator", "DELETE", "/events/" + event["id"])
        self.assertEqual((answer.status, answer.json), (200, event))
        self.assertEqual(self.call("grid-operator", "DELETE", "/events/" + event["id"]).status, 404)
        self.assertEqual(self.call("grid-operator", "DELETE", path).status, 200)
        self.assertEqual(self.call("grid-operator", "GET", path).status, 404)
        again = self.call("grid-operator", "POST", "/programs", {"programName": "deleted"})
        self.assertEqual(again.status, 201)

    def test_values_as_written(self):
        values = "[0.10, 1e2, 100.0, -0, 12345678901234567890, 0.1000000000000000055, \"\\u00e9\", true]"
        program = self.publish("as-written")["id"]
        body = (f'{{"programID": "{program}", "eventName": "as \\u0077ritten",'
                '"x-own": {"a": [1.50]},'
                '"intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": ' + values + '}]}]}')
        answer = self.call("grid-operator", "POST", "/events", body)
        self.assertEqual(answer.status, 201, answer.text)
        for text in (answer.text, self.call("grid-operator", "GET",
                                            "/events/" + answer.json["id"]).text):
            self.assertIn(values.replace(" ", ""), text.replace(" ", ""))
            self.assertIn('"a":[1.50]', text.replace(" ", ""))

    def test_body_says_no_metadata(self):
        answer = self.call("grid-operator", "POST", "/programs", {
            "programName": "metadata", "id": "mine", "createdDateTime": "1970-01-01T00:00:00Z",
            "objectType": "VEN"})
        self.assertEqual(answer.status, 201, answer.text)
        self.assertNotEqual(answer.json["id"], "mine")
        self.assertEqual(answer.json["objectType"], "PROGRAM")
        self.assertNotIn("1970", answer.text)
        self.assertEqual(answer.text.count('"id"'), 1)

    def test_problems(self):
        operator = "grid-operator"
        program = self.publish("problems")["id"]
        for body, place in (("", None), ("null", None), ("[]", None), ('"x"', None), ("{", None),
                            ('{"programName": 5}', "programName"),
                            ('{"programName": ""}', "programName"),
                            ('{"programName": "' + "x" * 200 + '"}', "programName"),
                            ('{"programName": "nul \\u0000"}', None),
                            ('{"programName": "a"', None), ('{"programName": "a"} x', None),
                            (b'{"programName": "\xff"}', None)):
            token = self.grant(operator).json["access_token"]
            answer = rig.ask(self.daemon.grid, "POST", BASE + "/programs", body,
                             {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
            self.assertEqual((body, answer.status), (body, 400))
            self.assertEqual(answer.json["status"], 400)
            self.assertTrue(answer.json["detail"])
            if place:
                self.assertIn(place, answer.json["detail"])
        for more, place in (({"intervals": {}}, "intervals"), ({"intervals": [{}]}, "intervals"),
                            ({"priority": "high"}, "priority"),
                            ({"intervalPeriod": {"start": "yesterday"}}, "intervalPeriod")):
            answer = self.call(operator, "POST", "/events", {
                "programID": program, "intervals": [], **more})
            self.assertEqual((more, answer.status), (more, 400))
            self.assertIn(place, answer.json["detail"])
        answer = self.call(operator, "POST", "/events", {
            "programID": "none", "intervals": [{"id": 0, "payloads": []}]})
        self.assertEqual(answer.status, 409)
        self.assertIn("programID", answer.json["detail"])
        self.assertEqual(self.call(operator, "POST", "/programs/x", {}).status, 405)
        self.assertEqual(self.call(operator, "DELETE", "/programs").status, 405)
        self.assertEqual(self.call(operator, "GET", "/programs/..%2F..%2Fetc").status, 404)
        self.assertEqual(self.call(operator, "GET", "/reports").status, 501)
        self.assertEqual(self.call(operator, "POST", "/programs", "x" * (2 << 20)).status, 413)

    # --- privacy -----------------------------------------------------------------------------

    def test_privacy(self):
        """Two VENs: each sees its own objects, and what names one of its targets."""
        operator, first, second = "grid-operator", "ven-martinique", "ven-other"
        targets = {first: ["north", "shared"], second: ["south", "shared"]}
        vens = {}
        for name in targets:
            answer = self.call(operator, "POST", "/vens", {
                "objectType": "BL_VEN_REQUEST", "venName": name, "clientID": name,
                "targets": targets[name]})
            self.assertEqual(answer.status, 201, answer.text)
            vens[name] = answer.json["id"]
        program = self.publish("private")["id"]
        hidden = self.publish("hidden", targets=["south"])["id"]
        events = {key: self.event(program, eventName="p-" + key, targets=[key])["id"]
                  for key in ("north", "south", "shared")}
        self.event(program, eventName="p-all")
        below = self.event(hidden, eventName="p-below")["id"]

        def seen(name, path="/events", member="eventName"):
            listed = self.call(name, "GET", path)
            self.assertEqual(listed.status, 200, listed.text)
            return {o[member] for o in listed.json if str(o[member]).startswith(("p-", "ven-"))}

        self.assertEqual(seen(first), {"p-north", "p-shared", "p-all"})
        self.assertEqual(seen(second), {"p-south", "p-shared", "p-all", "p-below"})
        self.assertEqual(self.call(first, "GET", "/events/" + events["south"]).status, 404)
        self.assertEqual(self.call(first, "GET", "/events/" + below).status, 404)
        self.assertEqual(self.call(first, "GET", "/programs/" + hidden).status, 404)
        # not even by asking for the target, nor does it learn of targets that others have
        asked = self.call(first, "GET", "/events?targets=south")
        self.assertNotIn("p-south", asked.text)
        answer = self.call(operator, "PUT", "/events/" + events["shared"], {
            "programID": program, "eventName": "p-shared", "targets": ["north", "south"],
            "intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [1]}]}]})
        self.assertEqual(answer.status, 200, answer.text)
        self.assertNotIn("south", self.call(first, "GET", "/events/" + events["shared"]).text)
        # vens and resources of the other
        self.assertEqual(seen(first, "/vens", "venName"), {first})
        self.assertEqual(self.call(first, "GET", "/vens/" + vens[second]).status, 404)
        own = {"objectType": "VEN_VEN_REQUEST", "venName": "stolen"}
        self.assertEqual(self.call(first, "PUT", "/vens/" + vens[second], own).status, 404)
        self.assertEqual(self.call(first, "DELETE", "/vens/" + vens[second]).status, 404)
        answer = self.call(first, "POST", "/resources", {
            "objectType": "VEN_RESOURCE_REQUEST", "resourceName": "battery", "venID": vens[second]})
        self.assertEqual(answer.status, 404)
        # a VEN cannot grant itself a target
        answer = self.call(first, "PUT", "/vens/" + vens[first], {
            "objectType": "VEN_VEN_REQUEST", "venName": first, "targets": ["south"]})
        self.assertIn(answer.status, (200, 400))
        self.assertNotIn("p-south", seen(first))

    def test_resource_of_the_only_ven(self):
        """A VEN with one ven need not name it; with two it has to."""
        name = "ven-other"
        before = self.call(name, "GET", "/vens").json

        def make(what, **more):
            return self.call(name, "POST", what, {"objectType": "VEN_RESOURCE_REQUEST", **more})
        for ven in before:
            for resource in self.call(name, "GET", "/resources?venID=" + ven["id"]).json:
                self.call(name, "DELETE", "/resources/" + resource["id"])
            self.assertEqual(self.call(name, "DELETE", "/vens/" + ven["id"]).status, 200)
        answer = make("/resources", resourceName="nowhere")
        self.assertEqual((answer.status, "venID" in answer.text), (400, True))
        first, second = (self.call(name, "POST", "/vens", {
            "objectType": "VEN_VEN_REQUEST", "venName": text}).json["id"] for text in ("only", "more"))
        self.assertEqual(make("/resources", resourceName="of which").status, 400)
        self.assertEqual(self.call(name, "DELETE", "/vens/" + second).status, 200)
        made = make("/resources", resourceName="battery")
        self.assertEqual((made.status, made.json["venID"]), (201, first), made.text)
        path = "/resources/" + made.json["id"]
        put = self.call(name, "PUT", path, {"objectType": "VEN_RESOURCE_REQUEST", "resourceName": "renamed"})
        self.assertEqual((put.status, put.json["venID"]), (200, first), put.text)
        self.assertEqual(self.call("grid-operator", "POST", "/resources", {
            "objectType": "BL_RESOURCE_REQUEST", "resourceName": "whose"}).status, 400)
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.call(name, "GET", path).json, put.json)
        self.assertEqual(self.call(name, "DELETE", path).status, 200)
        self.assertEqual(self.call(name, "DELETE", "/vens/" + first).status, 200)


rig.main(Vtn)
