# SPDX-License-Identifier: LGPL-2.1-or-later
"""Judges one run: python3 -m judge --run FOLDER --site FILE --api URL [--json]."""

import argparse
import json
import pathlib
import sys
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timezone

from .checks import CHECKS, Case
from .store import Store
from .worldlog import World


class Reader:
    """The HTTP API, with the judge's own token."""

    def __init__(self, base, token):
        self.base, self.token = base, token

    def series(self, sensor, start, end, unit):
        query = urllib.parse.urlencode({
            "start": datetime.fromtimestamp(start / 1e6, timezone.utc).isoformat(),
            "duration": f"PT{(end - start) // 3_600_000_000}H", "unit": unit,
            "resolution": "PT15M"})
        request = urllib.request.Request(
            f"{self.base}/api/v3_0/sensors/{sensor}/data?{query}",
            headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)["values"]


def main():
    parser = argparse.ArgumentParser(description="Judges one run of the demo from outside.")
    parser.add_argument("--run", type=pathlib.Path, required=True, help="run folder")
    parser.add_argument("--site", type=pathlib.Path, required=True, help="import file of the site")
    parser.add_argument("--api", required=True, help="address of the HTTP API")
    parser.add_argument("--report", type=pathlib.Path, required=True, help="the daemon's report")
    parser.add_argument("--check", action="append", metavar="NAME", help="this check only")
    parser.add_argument("--so-far", action="store_true", help="the day still goes on")
    arguments = parser.parse_args()

    world = World(arguments.run / "world.log", arguments.so_far)
    site = next(a for a in json.loads(arguments.site.read_text())["assets"] if a["type"] == "site")
    report = json.loads(arguments.report.read_text())
    token = (arguments.run / "secrets" / "judge").read_text().strip()
    case = Case(world, site, report, Reader(arguments.api, token),
                Store(arguments.run / "state" / "cariflex.db"))
    report["checks"] = []
    for name, check in CHECKS:
        if arguments.check and name not in arguments.check:
            continue
        try:
            ok, text = check(case)
        except (KeyError, ValueError, TypeError, IndexError, urllib.error.URLError) as error:
            ok, text = False, f"{type(error).__name__}: {error}"
        report["checks"].append({"name": name, "ok": bool(ok), "text": text})
    report["ok"] = all(c["ok"] for c in report["checks"])
    print(json.dumps(report))
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
