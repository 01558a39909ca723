# SPDX-License-Identifier: LGPL-2.1-or-later
"""The demo's site with its world, stopped at a moment where there is something to see."""

import argparse
import json
import pathlib
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "data" / "demo"))
sys.path.insert(0, str(TOP / "tests" / "integration"))

import site_run  # noqa: E402
import station  # noqa: E402


class Site:
    """A daemon and its world; `to()` lets time run to an hour of the site and pauses there."""

    def __init__(self, build, seed=1):
        options = argparse.Namespace(once=False, seed=seed, rate=1440.0, scheduler="scheduler-flow",
                                     prices=None)
        self.run = site_run.SiteRun(build, options)
        self.page = f"{self.run.api}/ui/"
        try:
            self.run.prepare_clock()
            self.run.start_daemon()
            self.run.wait_ready()
            self.run.ctl("import", self.run.data / "site.json", "--secrets", self.run.folder / "secrets")
            self.run.start_world()
        except BaseException:
            self.run.stop()
            raise

    def world(self, *words):
        self.run.ctl("demo", *words, "--world", self.run.folder / "world-run" / "control")

    def now(self):
        return self.run.ctl_json("status")["clock"]["site"]

    def to(self, instant, seconds=90):
        """Until an instant in ISO 8601, UTC; then the world stands still."""
        end = time.monotonic() + seconds
        while self.now() < instant:
            if time.monotonic() > end:
                raise SystemExit(f"the site did not reach {instant} in {seconds} s; it is {self.now()}")
            time.sleep(0.2)
        self.world("pause")
        time.sleep(1.5)  # what is under way arrives

    def link(self, role):
        answer = self.run.ctl_json("login", "--role", role)
        return answer["links"][0]["url"]

    def add_person(self, name, password):
        """An operator of the site's account with a password."""
        folder = self.run.folder / "person"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(password + "\n")
        (folder / "person.json").write_text(json.dumps({
            "format": "cariflex-import", "version": 1, "principals": [
                {"name": name, "kind": "person", "account": 2, "credentials": [{"kind": "password", "secret": name}],
                 "grants": [{"right": right, "account": 2} for right in ("read", "control")]}]}))
        self.run.ctl("import", folder / "person.json", "--secrets", folder)

    def knock(self, identity):
        """A station that nobody has let in comes to the daemon's door and is sent away."""
        try:
            station.Station(self.run.ports["internal"], identity, "whatever-it-is").close()
        except RuntimeError:
            pass

    def stop(self):
        self.run.stop()


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--build", type=pathlib.Path, default=TOP / "build",
                        help="build folder (default: build)")
    return parser
