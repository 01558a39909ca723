#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plugins and hosts of different minors. Old: a plugin that is frozen beside the headers of its minor, in the host of
the build. New: plugins of a later minor, whose structs are all larger, in the host of the build."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import heater  # noqa: E402
import headers  # noqa: E402

HERE = pathlib.Path(__file__).parent
TOP = HERE.parents[1]
BUILD = pathlib.Path(sys.argv[2]).resolve()
LATER = 9
PROGRAMS = {"daemon": BUILD / "core" / "daemon" / "cariflexd", "ctl": BUILD / "core" / "ctl" / "cariflexctl"}


class Case(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="cfx-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name).resolve()
        self.environment = dict(os.environ, CARIFLEX_PLUGIN_DIR=str(BUILD / "plugins"))

    def compile(self, include, sources, name, *flags):
        to = self.folder / "build"
        to.mkdir(exist_ok=True)
        module = to / f"{name}.so"
        subprocess.run(["cc", "-std=gnu11", "-w", "-g", "-shared", "-fPIC", "-fvisibility=hidden", "-Wl,-z,defs", *flags,
                        f"-I{include}", *map(str, sources), "-o", module, *headers.glib_flags()], check=True)
        return module

    def inspect(self, *arguments):
        return subprocess.run([BUILD / "core" / "inspect" / "cariflex-plugin-inspect", *map(str, arguments)],
                              text=True, capture_output=True)

    def template(self, folder):
        for name in ("example.conf", "example-site.json"):
            shutil.copy(folder / name, self.folder)
        return sorted(p for p in folder.glob("*.c") if not p.name.startswith("test-"))


class Old(Case):
    def test_each_minor(self):
        frozen = sorted(HERE.glob("frozen-1.*"))
        self.assertTrue(frozen)
        for age in frozen:
            with self.subTest(age.name):
                self.folder = self.folder / age.name
                self.folder.mkdir()
                sources = self.template(age / "plugin")
                self.compile(age, sources, "file-device")
                heater.see_it_work(self, self.folder, "build", self.environment, **PROGRAMS)


class New(Case):
    def setUp(self):
        super().setUp()
        shutil.copytree(TOP / "api" / "cariflex", self.folder / "later" / "cariflex")
        headers.grow(self.folder / "later" / "cariflex", LATER)

    def test_template(self):
        module = self.compile(self.folder / "later", self.template(TOP / "api" / "template"), "file-device")
        done = self.inspect(module)
        self.assertIn(f"plugin ABI 1.{LATER}, hosts from 1.0", done.stdout, done.stderr)
        self.assertIn("limit-file (file)", done.stdout)  # keys are wider than ours
        heater.see_it_work(self, self.folder, "build", self.environment, **PROGRAMS)

    def test_it_lives_without(self):
        self.template(TOP / "api" / "template")
        module = self.compile(self.folder / "later", [HERE / "new-plugin.c"], "newer")
        shown = json.loads(self.inspect("--json", module).stdout)
        self.assertEqual([(f["name"], f["known"]) for f in shown["factories"]],
                         [("newer", True), ("newer-teapot", False)])
        conf = self.folder / "example.conf"
        conf.write_text(re.sub(r"\[adapter:boiler\].*?\n\n", "[adapter:new]\nplugin=newer\n\n", conf.read_text(), flags=re.S))
        with heater.Daemon(self, self.folder, "build", self.environment, **PROGRAMS) as daemon:
            wanted = 'yes; without of_tomorrow; stored; {"a":1}'
            heater.until(self, wanted, lambda: wanted in daemon.ctl("status").stdout)
            heater.until(self, "a knock", lambda: "newcomer" in daemon.ctl("stations").stdout)

    def test_it_needs_a_later_host(self):
        minor = re.search(r"CFX_ABI_MINOR (\d+)", (TOP / "api" / "cariflex" / "cfx-abi.h").read_text()).group(1)
        text = f"needs a host with plugin ABI 1.{LATER}, this one has 1.{minor}: update cariflex"
        self.template(TOP / "api" / "template")
        module = self.compile(self.folder / "later", [HERE / "new-plugin.c"], "newer", "-DNEEDS_ITS_OWN")
        done = self.inspect(module)
        self.assertEqual((done.returncode, done.stderr), (1, f"{module}: {text}\n"))
        listed = text.replace(f"1.{LATER}", "N.M").replace(f"1.{minor}", "1.0")
        self.assertIn(f"`{listed}`", (TOP / "api" / "doc" / "refusals.md").read_text())
        conf = self.folder / "example.conf"
        conf.write_text("[adapter:new]\nplugin=newer\n")
        done = subprocess.run([PROGRAMS["daemon"], "--plugin-dir", "build", "--config", conf, "--check-config"],
                              cwd=self.folder, env=self.environment, text=True, capture_output=True)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, rf"example.conf:2: \[adapter:new\] plugin=newer: \S*newer.so: {re.escape(text)}")


if __name__ == "__main__":
    unittest.main(argv=["", sys.argv[1]], verbosity=2)
