#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the VTN answers over the wire: tokens, scopes, wrong objects, and what outlives a kill."""

import json
import urllib.parse

import rig

BASE = "/openadr3/3.1.0"


class Vtn(rig.Site):
    def grant(self, name, secret=None, headers=None, kind="client_credentials", form=True):
        fields = {"grant_type": kind}
        if form:
            fields.update(client_id=name, client_secret=secret or self.secrets[name])
        return self.ask(self.grid, "POST", BASE + "/auth/token", urllib.parse.urlencode(fields),
                        {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})})

    def call(self, name, method, path, body=None):
        token = self.grant(name).json["access_token"]
        if body is not None and not isinstance(body, str):
            body = json.dumps(body)
        return self.ask(self.grid, method, BASE + path, body,
                        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})

    def test_token_server(self):
        self.assertIn("tokenURL", self.ask(self.grid, "GET", BASE + "/auth/server").json)

    def test_token_refusals(self):
        name = "ven-martinique"
        basic = {"Authorization": self.basic(name, self.secrets[name])}
        self.assertEqual(self.grant(name, headers=basic, form=False).status, 200)
        self.assertEqual(self.grant(name, headers=basic).status, 400)
        answer = self.grant(name, secret="wrong")
        self.assertEqual((answer.status, answer.json["error"]), (401, "invalid_client"))
        self.assertIn("no-store", answer.headers["Cache-Control"])
        self.assertEqual(self.grant(name, kind="password").json["error"], "unsupported_grant_type")

    def test_bad_token(self):
        answer = self.ask(self.grid, "GET", BASE + "/programs", None, {"Authorization": "Bearer x"})
        self.assertEqual(answer.status, 401)
        self.assertIn("Bearer", answer.headers["WWW-Authenticate"])
        # the API file of OpenADR 3.1 sends problems as application/json
        self.assertIn("application/json", answer.headers["Content-Type"])
        self.assertEqual(answer.json["status"], 401)

    def test_scopes(self):
        answer = self.call("ven-martinique", "POST", "/programs", {"programName": "forbidden"})
        self.assertEqual(answer.status, 403)

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
        self.kill()
        self.start()
        old = self.ask(self.grid, "GET", BASE + "/programs", None, {"Authorization": f"Bearer {token}"})
        self.assertEqual(old.status, 401)
        self.assertEqual(self.call(operator, "GET", "/programs/" + program["id"]).json, program)
        gone = self.call(operator, "DELETE", "/programs/" + program["id"])
        self.assertEqual((gone.status, gone.json["id"]), (200, program["id"]))


rig.main(Vtn)
