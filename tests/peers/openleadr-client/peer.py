# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Rust client openleadr-client against our VTN, and our VEN reading what it published.

usage: peer.py CARIFLEXD CARIFLEXCTL SITE (the program stands in CARIFLEX_PEER)"""

import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))
import rig  # noqa: E402

BASE = "/openadr3/3.1.0"
HOUR = 3600


def text_of(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Client(rig.Site):
    def ask_peer(self, *words):
        url = f"http://127.0.0.1:{self.daemon.grid}{BASE}/"
        return subprocess.run(
            [os.environ["CARIFLEX_PEER"], *words], text=True, capture_output=True, timeout=60,
            env={"VTN_URL": url, "TOKEN_URL": url + "auth/token",
                 "BUSINESS_ID": "grid-operator", "BUSINESS_SECRET": self.secrets["grid-operator"],
                 "VEN_ID": "ven-martinique", "VEN_SECRET": self.secrets["ven-martinique"]})

    def test_client(self):
        done = self.ask_peer("check")
        for line in done.stdout.splitlines():
            print("#", line)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_published_events_reach_a_site(self):
        start = (int(time.time()) // HOUR + 2) * HOUR
        done = self.ask_peer("publish", text_of(start))
        self.assertEqual(done.returncode, 0, done.stderr)
        secret = self.daemon.folder / "secrets" / "ven-martinique"
        site = self.new_daemon("ven", rig.ven_group(f"http://127.0.0.1:{self.daemon.grid}{BASE}", **{
            "client-id": "ven-martinique", "client-secret-file": secret}))
        site.start()
        site.import_site()
        rig.until(lambda: site.series(86, text_of(start), "PT1M", "%25", "PT1M") == [50], "load control")
        rig.until(lambda: site.series(84, text_of(start), "PT15M", "EUR/MWh") == [250], "a price")
        self.assertEqual(site.instance("ven"), ("running", ""))


rig.main(Client)
