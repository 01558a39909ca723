#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each plugin exports exactly its entry point, and needs no symbol of the host."""

import pathlib
import subprocess
import sys

ENTRY = "cfx_plugin_query_v1"
# what linkers and sanitizers add
IGNORED = {"_init", "_fini", "_edata", "_end", "__bss_start"}
modules = sorted(pathlib.Path(sys.argv[1]).glob("*/*.so"))
bad = 0
for module in modules:
    names = subprocess.run(["nm", "-D", module], capture_output=True, text=True, check=True).stdout
    defined, wanted = set(), set()
    for line in names.splitlines():
        *_, kind, name = line.split()
        name = name.split("@")[0]
        if kind == "U":
            wanted.add(name)
        elif kind in "TDBRVWi" and not name.startswith("__") and name not in IGNORED:
            if len(line.split()) == 3:
                defined.add(name)
    host = sorted(name for name in wanted if name.startswith("cfx_"))
    if defined != {ENTRY}:
        bad += 1
        print(f"{module.name} exports {sorted(defined)}, not {ENTRY} alone")
    if host:
        bad += 1
        print(f"{module.name} needs {host} of the host; services are passed in, not linked")
print(f"{len(modules)} plugins looked at, {bad} problems")
sys.exit(1 if bad or not modules else 0)
