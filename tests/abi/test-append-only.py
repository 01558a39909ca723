#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The public headers against the committed baselines: layout (always) or witness (with abidiff). What would break the
promise is tried on copies of the headers, so that a check that sees nothing is seen."""

import pathlib
import re
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import baseline  # noqa: E402
import headers  # noqa: E402

LINES_MOST = 2000

# what is done to the headers, the file, a pattern, and what stands there afterwards: each breaks the promise
BREAKS = [
    ("removed", "cfx-host.h", r"    const CfxWebApi \*web;[^\n]*\n", ""),
    ("reordered", "cfx-adapter.h", r"(    double power_min_w;[^\n]*\n)(    double power_max_w;[^\n]*\n)", r"\2\1"),
    ("retyped", "cfx-web.h", r"gint64 timeout_us;", "double timeout_us;"),
    ("renamed", "cfx-web.h", r"gsize answer_max;", "gsize answer_most;"),
    ("changed function", "cfx-storage.h", r"(\(\*read_latest\)\(gpointer reader), gint64 now_us", r"\1"),
    ("changed callback", "cfx-abi.h", r"(\(\*CfxDone\)\(gpointer data), const GError", r"\1, GError"),
    ("changed constant", "cfx-config.h", r"#define CFX_KEY_REAL 4u", "#define CFX_KEY_REAL 5u"),
    ("changed error code", "cfx-abi.h", r"CFX_ERROR_AUTH = 3,", "CFX_ERROR_AUTH = 33,"),
    ("frozen type grown", "cfx-types.h", r"\} CfxInts;", "    gint64 more;\n} CfxInts;"),
]


class Case(unittest.TestCase):
    def copy(self):
        temporary = tempfile.TemporaryDirectory(prefix="cfx-")
        self.addCleanup(temporary.cleanup)
        folder = pathlib.Path(temporary.name) / "cariflex"
        shutil.copytree(baseline.TODAY, folder)
        return folder

    def appended(self, minor):
        folder = self.copy()
        headers.grow(folder, minor, only={"CfxHost"})
        return folder

    def breaks(self):
        for name, file, pattern, instead in BREAKS:
            folder = self.copy()
            text, n = re.subn(pattern, instead, (folder / file).read_text(), count=1)
            self.assertEqual(n, 1, f"{name}: this test must follow the headers")
            (folder / file).write_text(text)
            yield name, folder


class Layout(Case):
    def test_today(self):
        self.assertEqual(baseline.check_layout(baseline.TODAY), [])

    def test_what_breaks_it(self):
        for name, folder in self.breaks():
            with self.subTest(name):
                problems = baseline.check_layout(folder)
                self.assertTrue(problems)
                self.assertTrue(all(p.startswith("1.0 is broken; ") for p in problems), problems)

    def test_appending_needs_a_baseline(self):
        problems = baseline.check_layout(self.appended(baseline.minor_of(baseline.TODAY)))
        self.assertEqual(len(problems), 1)
        self.assertRegex(problems[0], r"^appended to 1\.\d+, which the baseline does not know \(baseline.py --help\); "
                                      r"member CfxHost.of_tomorrow \d+ 8 gpointer$")

    def test_appending_with_a_minor_keeps_it(self):
        minor = baseline.minor_of(baseline.TODAY) + 1
        self.assertEqual(baseline.check_layout(self.appended(minor)),
                         [f"layout-1.{minor}.txt is missing: tests/abi/baseline.py --write"])

    def test_frozen_headers_are_the_baseline(self):
        for file in baseline.HERE.glob("layout-1.*.txt"):
            minor = re.search(r"1\.(\d+)", file.name).group(1)
            old = [line for line in file.read_text().splitlines() if not line.startswith("#")]
            self.assertEqual(headers.layout(baseline.HERE / f"frozen-1.{minor}" / "cariflex"), old)

    def test_every_member_is_explained(self):
        api = headers.parse(baseline.TODAY)
        missing = [f"{name}.{m.name}" for name, members in api.structs.items() for m in members if not m.is_documented]
        self.assertEqual(missing, [])
        self.assertGreater(len(api.structs), 60)

    def test_every_struct_is_tight(self):
        text = "".join(p.read_text() for p in sorted(baseline.TODAY.glob("*.h")))
        for name, members in headers.parse(baseline.TODAY).structs.items():
            if name in headers.FROZEN and f"CFX_ASSERT_TIGHT({name}, " not in text:
                continue  # pinned by the baseline, size and all
            self.assertIn(f"CFX_ASSERT_TIGHT({name}, {members[-1].name});", text)

    def test_growing_structs_begin_with_their_size(self):
        for name, members in headers.parse(baseline.TODAY).structs.items():
            if name not in headers.FROZEN and name != "CfxConfigKey":  # CfxFactory.key_size
                self.assertEqual((members[0].name, members[0].type), ("struct_size", "guint32"), name)

    def test_headers_are_short(self):
        lines = sum(p.read_text().count("\n") for p in baseline.TODAY.glob("*.h"))
        self.assertLess(lines, LINES_MOST)


class Witness(Case):
    def test_today(self):
        self.assertEqual(baseline.check_witness(baseline.TODAY), "")

    def test_what_breaks_it(self):
        for name, folder in self.breaks():
            if name == "changed constant":
                continue  # debug information knows no macros
            with self.subTest(name):
                self.assertNotEqual(baseline.check_witness(folder), "")

    def test_appending_is_seen(self):
        self.assertIn("of_tomorrow", baseline.check_witness(self.appended(baseline.minor_of(baseline.TODAY))))


if __name__ == "__main__":
    which = sys.argv[1]
    if which == "Witness" and shutil.which("abidiff") is None:
        print("abidiff is not here (package abigail-tools)")
        sys.exit(77)
    unittest.main(argv=["", which], verbosity=2)
