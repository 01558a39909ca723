#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""data/doc/architecture.md names each folder of api, core and plugins, and no other."""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
page = (root / "data" / "doc" / "architecture.md").read_text()
named = set(re.findall(r"`((?:api|core|plugins)/[a-z-]+)`", page))
there = {f"{top}/{p.name}" for top in ("api", "core", "plugins") for p in (root / top).iterdir()
         if p.is_dir() and any(p.iterdir())}
bad = [f"{name} is not on the page" for name in sorted(there - named)]
bad += [f"{name} is on the page and not in the tree" for name in sorted(named - there)]
print("\n".join(bad))
sys.exit(1 if bad else 0)
