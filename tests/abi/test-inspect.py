#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""cariflex-plugin-inspect accepts each plugin of the tree, and refuses bad ones in the words of refusals.md, before
any of their code has run."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM, PLUGINS, MODULES, REFUSALS = sys.argv[1:5]
MODULES = pathlib.Path(MODULES)


def inspect(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=60)


class Inspect(unittest.TestCase):
    def refused(self, path, *texts):
        done = inspect(path)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr.splitlines(), [f"{path}: {text}" for text in texts])
        shown = json.loads(inspect("--json", path).stdout)
        self.assertEqual(shown, {"file": str(path), "refused": list(texts)})

    def listed(self, text):
        self.assertIn(f"`{text}`", pathlib.Path(REFUSALS).read_text())

    def stripped(self, name):
        folder = tempfile.TemporaryDirectory(prefix="cfx-")
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name).resolve() / name
        shutil.copy(MODULES / name, path)
        subprocess.run(["strip", path], check=True)
        return path

    def test_plugins_of_the_tree(self):
        modules = sorted(pathlib.Path(PLUGINS).glob("*/*.so"))
        self.assertTrue(modules)
        for module in modules:
            done = inspect(module)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertTrue(done.stdout.startswith(module.name + ": "), done.stdout)
            shown = json.loads(inspect("--json", module).stdout)
            manual = inspect("--man", module).stdout
            for factory in shown["factories"]:
                self.assertTrue(factory["known"])
                name = factory["name"].replace("-", "\\-")
                self.assertIn(f"plugin={name}\n", manual)
                for key in factory["keys"]:
                    self.assertIn(f".B {key['name']}\n".replace("-", "\\-"), manual)
                    self.assertIn(f"\n    {key['name']} (", done.stdout)
                    self.assertTrue(key["summary"], f"{module.name}: {key['name']} says nothing of itself")

    def test_manual_is_roff(self):
        if shutil.which("man") is None:
            self.skipTest("there is no man here")
        for module in sorted(pathlib.Path(PLUGINS).glob("*/*.so")):
            page = '.TH X 5\n.SH OPTIONS\n' + inspect("--man", module).stdout
            done = subprocess.run(["man", "--warnings=all", "-E", "UTF-8", "-l", "-Tutf8", "-"], input=page, text=True,
                                  capture_output=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_constructor(self):
        text = "runs code when it is opened, before any check: {}; a module has no constructors"
        self.refused(MODULES / "bad-constructor.so", text.format("runs_at_once"))
        self.listed(text.format("NAMES"))

    def test_constructor_of_a_stripped_module(self):
        done = inspect(self.stripped("bad-constructor.so"))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "runs code when it is opened, before any check: at 0x")
        self.assertNotIn("has run", done.stderr)
        if "libasan" not in inspect(MODULES / "good-thing.so").stdout:  # it brings a second one
            self.assertEqual(inspect(self.stripped("good-thing.so")).returncode, 0)

    def test_exports(self):
        self.refused(MODULES / "bad-export.so",
                     "exports something_else: a plugin exports cfx_plugin_query_v1 alone")
        self.listed("exports NAMES: a plugin exports cfx_plugin_query_v1 alone")

    def test_needs_the_host(self):
        done = inspect(MODULES / "bad-undefined.so")
        self.assertEqual(done.returncode, 1)
        first, second = done.stderr.splitlines()
        self.assertIn("needs cfx_nobody_has_this of the host: services are passed in, not linked", first)
        self.assertIn("cannot be opened: ", second)
        self.listed("needs NAMES of the host: services are passed in, not linked")

    def test_gates(self):
        done = inspect(MODULES / "bad-symbol_v2.so")
        self.assertEqual(done.returncode, 1)
        self.assertIn("built for plugin ABI 2, this host speaks 1", done.stderr)

    def test_no_module(self):
        for path in (REFUSALS, "/nonexistent", sys.executable):
            done = inspect(path)
            self.assertEqual((done.returncode, done.stdout), (1, ""), path)
            self.assertIn(": cannot be opened: ", done.stderr)

    def test_cut_off(self):
        with tempfile.TemporaryDirectory(prefix="cfx-") as folder:
            path = pathlib.Path(folder) / "x.so"
            whole = (MODULES / "good-thing.so").read_bytes()
            for size in range(0, 1200, 61):
                path.write_bytes(whole[:size])
                done = inspect(path)
                self.assertEqual(done.returncode, 1, f"{size}: {done.stdout}")

    def test_kind_of_another_host(self):
        shown = json.loads(inspect("--json", MODULES / "bad-kind.so").stdout)
        self.assertEqual([f["known"] for f in shown["factories"]], [False])
        self.assertIn("a kind that this host does not speak", inspect(MODULES / "bad-kind.so").stdout)

    def test_usage(self):
        self.assertEqual(inspect().returncode, 2)
        self.assertEqual(inspect("a", "b").returncode, 2)
        self.assertEqual(inspect("--man", "--json", "a").returncode, 2)
        self.assertIn("Examples:", inspect("--help").stdout)
        self.assertRegex(inspect("--version").stdout, r"^cariflex-plugin-inspect \S+, plugin ABI 1\.\d+\n$")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
