#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every language is complete and well formed; every file with texts for people is listed."""

import pathlib
import re
import subprocess
import sys
import tempfile

root = pathlib.Path(sys.argv[1])
po = root / "po"
words = lambda name: [l for l in (po / name).read_text().split("\n") if l and l[0] != "#"]
bad = []
listed = set(words("POTFILES.in"))
texts = {str(p.relative_to(root)) for p in (root / "core").rglob("*.c")
         if re.search(r'\bN?_\("', p.read_text())}
bad += [f"{name} has texts and is not in po/POTFILES.in" for name in sorted(texts - listed)]
bad += [f"{name} is in po/POTFILES.in and has no texts" for name in sorted(listed - texts)]
with tempfile.TemporaryDirectory() as folder:
    pot = pathlib.Path(folder) / "x.pot"
    subprocess.run(["xgettext", "--from-code=UTF-8", "-k_", "-kN_", "-o", pot, *sorted(listed)],
                   cwd=root, check=True)
    for language in words("LINGUAS"):
        done = subprocess.run(["msgfmt", "-c", "-o", "/dev/null", po / f"{language}.po"],
                              capture_output=True, text=True)
        if done.returncode != 0:
            bad.append(done.stderr)
        done = subprocess.run(["msgcmp", po / f"{language}.po", pot], capture_output=True, text=True)
        if done.returncode != 0:
            bad.append(done.stderr)
print("\n".join(bad))
sys.exit(1 if bad else 0)
