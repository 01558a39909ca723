#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Arrows between the parts only point left; private headers stay at home; no plugin knows another."""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
LAYERS = {"base": [], "loop": ["base"]}
LAYERS["model"] = ["base", "loop"]
LAYERS["config"] = LAYERS["loader"] = ["base", "loop", "model"]
LAYERS["store"] = ["base", "loop", "model", "config", "loader"]
LAYERS["register"] = LAYERS["store"] + ["store"]
LAYERS["engine"] = LAYERS["register"] + ["register"]
LAYERS["web"] = LAYERS["dbus"] = LAYERS["engine"] + ["engine"]
LAYERS["daemon"] = LAYERS["web"] + ["web", "dbus"]
PUBLIC = ("cariflex/", "kit/", "harness/")
LAYERS["inspect"] = ["base", "loop", "model", "loader"]
LAYERS["ctl"] = ["base"]

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)
owner = {}
for path in (root / "core").rglob("*.h"):
    part = path.relative_to(root / "core").parts[0]
    owner.setdefault(path.name, set()).add(part)

bad = []
for path in sorted((root / "core").rglob("*.[ch]")):
    part = path.relative_to(root / "core").parts[0]
    for _, name in INCLUDE.findall(path.read_text()):
        base = pathlib.PurePath(name).name
        if name.startswith(PUBLIC) or base not in owner or part in owner[base]:
            continue
        if not owner[base] & set(LAYERS[part]):
            bad.append(f"{path.relative_to(root)}: {name} is of core/{'/'.join(owner[base])}, "
                       f"which does not stand to the left of {part}")
        elif base.endswith("-private.h"):
            bad.append(f"{path.relative_to(root)}: {name} is private to core/{'/'.join(owner[base])}")

for path in sorted((root / "api").rglob("*.[ch]")):
    for _, name in INCLUDE.findall(path.read_text()):
        if not name.startswith(PUBLIC) and pathlib.PurePath(name).name in owner:
            bad.append(f"{path.relative_to(root)}: api knows nothing of core ({name})")

plugins = root / "plugins"
folders = [p for p in plugins.iterdir() if p.is_dir()]
heads = {}
for folder in folders:
    for path in folder.rglob("*.h"):
        heads.setdefault(path.name, set()).add(folder.name)
for folder in folders:
    for path in sorted(folder.rglob("*.[ch]")):
        if "tests" in path.relative_to(folder).parts[:-1]:
            continue  # a test may play the host
        for quote, name in INCLUDE.findall(path.read_text()):
            base = pathlib.PurePath(name).name
            if name.startswith("harness/"):
                bad.append(f"{path.relative_to(root)}: {name} is for tests")
            if name.startswith(PUBLIC):
                continue
            if base in owner and folder.name not in heads.get(base, ()):
                bad.append(f"{path.relative_to(root)}: {name} is of core/")
            others = heads.get(base, set()) - {folder.name, "common"}
            if quote == '"' and others and not heads[base] & {folder.name, "common"}:
                bad.append(f"{path.relative_to(root)}: {name} is of plugins/{'/'.join(others)}")

# the core knows no plugin by name
names = [f.name for f in folders if f.name != "common"]
for path in sorted((root / "core").rglob("*.c")):
    for name in names:
        if re.search(rf'^[^/*\n]*"{name}"', path.read_text(), re.M):
            bad.append(f'{path.relative_to(root)}: names the plugin "{name}"')

print("\n".join(bad))
print(f"{len(bad)} includes point the wrong way")
sys.exit(1 if bad else 0)
