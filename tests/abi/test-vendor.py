#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A vendor's first hour: from installed files alone, the template and the plugin of the page are built, tested,
inspected and run in the installed daemon."""

import pathlib
import re
import shutil
import sqlite3
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import heater  # noqa: E402
from staging import Staging  # noqa: E402

BUILD = sys.argv[1]
LINES_MOST = 120


def setUpModule():
    global staging
    staging = Staging(BUILD)
    unittest.addModuleCleanup(staging.close)


class Case(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="cfx-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)


class Installed(Case):
    def test_layout(self):
        include = staging.prefix / "include" / "cariflex-1"
        for name in ("cariflex/cfx.h", "cariflex/cfx-adapter.h", "kit/cfx-time.h", "harness/cfx-harness.h"):
            self.assertTrue((include / name).is_file(), name)
        self.assertEqual(sorted(p.name for p in include.iterdir()), ["cariflex", "harness", "kit"])
        self.assertEqual(sorted(p.stem for p in staging.pkgconfig.glob("*.pc")),
                         ["cariflex-harness-1", "cariflex-kit-1", "cariflex-plugin-1"])
        plugins = pathlib.Path(staging.variable("plugindir"))
        self.assertTrue((plugins / "sqlite.so").is_file())
        self.assertTrue(str(plugins).endswith("/cariflex/plugins-1"))
        for library in ("libcfx-kit.a", "libcariflex-harness.a"):
            self.assertTrue((staging.pkgconfig.parent / library).is_file(), library)

    def test_nothing_of_the_core_is_installed(self):
        installed = {p.name for p in (staging.prefix / "include").rglob("*.h")}
        self.assertEqual([n for n in installed if n.endswith("-private.h")], [])
        for text in (p.read_text() for p in (staging.prefix / "include").rglob("*.h")):
            self.assertNotIn('"core/', text)


class Template(Case):
    def setUp(self):
        super().setUp()
        self.work = self.folder / "mine"
        shutil.copytree(staging.variable("templatedir"), self.work)
        staging.run("meson", "setup", "build", *staging.options, cwd=self.work)
        staging.run("meson", "compile", "-C", "build", cwd=self.work)

    def test_template(self):
        staging.run("meson", "test", "-C", "build", "--print-errorlogs", cwd=self.work)
        shown = staging.run("cariflex-plugin-inspect", "build/file-device.so", cwd=self.work)
        self.assertIn("power-file (file, required)", shown)
        warnings = staging.run("ninja", "-C", "build", "-t", "commands", cwd=self.work)
        self.assertNotIn(str(pathlib.Path(__file__).parents[2] / "api"), warnings)
        heater.see_it_work(self, self.work, "build", staging.environment)


class Documents(Case):
    """Followed to the letter: files are written, commands run, answers compared."""

    def follow(self, document, folder):
        blocks = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", document.read_text(), re.M | re.S)
        self.assertGreater(len(blocks), 2)
        answer = ""
        for kind, name, text in blocks:
            if kind == "sh" and name == "install":
                continue
            if kind == "sh":
                if staging.options:  # as the libraries are built
                    text = text.replace("meson setup build", "meson setup build " + " ".join(staging.options))
                answer = staging.run("bash", "-euo", "pipefail", "-c", text, cwd=folder)
            elif kind == "text":
                for line in text.splitlines():
                    self.assertIn(" ".join(line.split()), " ".join(answer.split()), answer)
            else:
                (folder / name).write_text(text)

    def test_page(self):
        self.follow(staging.prefix / "share" / "doc" / "cariflex" / "plugin-in-an-hour.md", self.folder)
        lines = (self.folder / "file-sensor.c").read_text().count("\n")
        self.assertLess(lines, LINES_MOST, "the smallest useful plugin has grown")
        with sqlite3.connect(self.folder / "run" / "site.db") as store:
            found = [v for (v,) in store.execute("SELECT value FROM v_beliefs WHERE sensor = 5")]
        self.assertEqual(set(found), {19.0})

    def test_readme_of_the_template(self):
        work = self.folder / "mine"
        shutil.copytree(staging.variable("templatedir"), work)
        self.follow(work / "README.md", work)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
