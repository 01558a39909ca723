# SPDX-License-Identifier: LGPL-2.1-or-later
"""The conformance program of the crate openadr against our VTN: each check ends as the README says.

usage: peer.py CARIFLEXD CARIFLEXCTL SITE (the program stands in CARIFLEX_PEER)"""

import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "integration"))
import rig  # noqa: E402


def expected():
    """{check: outcome} of the table in the README, which says why."""
    rows = [row.split("|") for row in (HERE / "README.md").read_text().splitlines() if row.startswith("| `")]
    return {row[1].strip(" `"): row[2].strip() for row in rows}


class Conformance(rig.Site):
    def test_outcomes(self):
        def client(name):
            return f"{name}:{self.secrets[name]}"
        done = subprocess.run(
            [os.environ["CARIFLEX_PEER"], "conformance", "--json",
             "--url", f"http://127.0.0.1:{self.daemon.grid}/openadr3/3.1.0",
             "--bl-client", client("grid-operator"), "--ven-client", client("ven-martinique"),
             "--ven-client-id", "ven-martinique"], text=True, capture_output=True, timeout=120)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        found = {}
        for check in json.loads(done.stdout)["findings"]:
            found[check["id"]] = check["outcome"]
            print("#", check["outcome"], check["id"], check.get("detail") or "")
        self.assertEqual(found, expected())


rig.main(Conformance)
