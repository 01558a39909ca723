#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares our message tables with the JSON schemas of the Python package `ocpp`.

usage: compare-schemas.py DUMP-TABLES VENV-FOLDER

The package is looked for in this Python, then installed into VENV-FOLDER; where neither works the
test is skipped by name (TAP).
"""

import json
import pathlib
import subprocess
import sys

PACKAGE = "ocpp>=2.0,<3"


def find_schemas(venv):
    """The folder with the schemas of 2.0.1, or None."""
    code = "import ocpp, os; print(os.path.join(os.path.dirname(ocpp.__file__), 'v201', 'schemas'))"
    for python in (pathlib.Path(sys.executable), venv / "bin" / "python3"):
        if not python.exists():
            continue
        done = subprocess.run([python, "-c", code], capture_output=True, text=True)
        if done.returncode == 0 and pathlib.Path(done.stdout.strip()).is_dir():
            return pathlib.Path(done.stdout.strip())
    return None


def install(venv):
    done = subprocess.run([sys.executable, "-m", "venv", venv], capture_output=True)
    if done.returncode == 0:
        subprocess.run([venv / "bin" / "pip", "install", "--quiet", PACKAGE], capture_output=True,
                       timeout=180)


class Comparison:
    def __init__(self, schema, where):
        self.definitions = schema.get("definitions", {})
        self.problems = []
        self.where = where
        self.seen = set()

    def say(self, path, text):
        self.problems.append(f"{self.where}{path}: {text}")

    def resolve(self, schema):
        if "$ref" in schema:
            return self.definitions[schema["$ref"].split("/")[-1]]
        return schema

    def equal(self, path, what, ours, theirs):
        if ours != theirs:
            self.say(path, f"{what} is {ours}, the schema says {theirs}")

    def item(self, path, ours, schema):
        schema = self.resolve(schema)
        if "enum" in schema:
            self.equal(path, "type", ours["type"], "enum")
            self.equal(path, "enumeration", ours.get("enum"), schema["enum"])
            return
        kind = schema.get("type", "any")
        if kind == "string" and schema.get("format") == "date-time":
            kind = "time"
        self.equal(path, "type", ours["type"], kind)
        for bound in ("maxLength", "minimum", "maximum"):
            self.equal(path, bound, ours.get(bound), schema.get(bound))
        if kind == "object" and "object" in ours:
            self.table(path, ours["object"], schema)

    def field(self, path, ours, schema):
        resolved = self.resolve(schema)
        is_array = resolved.get("type") == "array"
        self.equal(path, "array", ours["array"], is_array)
        if not is_array:
            self.item(path, ours, schema)
            return
        for bound in ("minItems", "maxItems"):
            self.equal(path, bound, ours.get(bound), resolved.get(bound))
        self.item(path + "[]", ours, resolved["items"])

    def table(self, path, ours, schema):
        members = schema.get("properties", {})
        names = [field["name"] for field in ours["fields"]]
        self.equal(path, "open", ours["open"], schema.get("additionalProperties", True) is not False)
        for name in sorted(set(members) - set(names)):
            self.say(path, f"misses {name}")
        for name in sorted(set(names) - set(members)):
            self.say(path, f"{name} is not in the schema")
        if len(set(names)) != len(names):
            self.say(path, "a member is there twice")
        for field in ours["fields"]:
            name = field["name"]
            if name not in members:
                continue
            self.equal(f"{path}.{name}", "required", field["required"],
                       name in schema.get("required", []))
            self.field(f"{path}.{name}", field, members[name])


def main():
    venv = pathlib.Path(sys.argv[2])
    schemas = find_schemas(venv)
    if schemas is None:
        try:
            install(venv)
        except (OSError, subprocess.SubprocessError):
            pass
        schemas = find_schemas(venv)
    if schemas is None:
        print("1..0 # SKIP the Python package ocpp is missing")
        return
    tables = json.loads(subprocess.run([sys.argv[1]], capture_output=True, check=True).stdout)
    print(f"1..{2 * len(tables)}")
    number = 0
    for action, sides in tables.items():
        for side, ours in sides.items():
            number += 1
            schema = json.loads((schemas / f"{action}{side}.json").read_text("utf-8-sig"))
            comparison = Comparison(schema, action + side)
            comparison.table("", ours, schema)
            for problem in comparison.problems:
                print(f"# {problem}")
            print(f"{'not ok' if comparison.problems else 'ok'} {number} {action}{side}")


main()
