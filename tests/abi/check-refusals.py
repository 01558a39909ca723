#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each refusal that api/doc/refusals.md lists is said by the code and pinned by a test."""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])


def texts_of(*patterns):
    """Sources with their string literals in one piece."""
    found = ""
    for pattern in patterns:
        for path in sorted(root.glob(pattern)):
            text = re.sub(r'"\s*\n\s*"', "", path.read_text())
            found += text.replace('\\"', '"').replace('" CFX_PLUGIN_ENTRY "', "cfx_plugin_query_v1") + "\n"
    return found


tests = texts_of("tests/abi/test-refusals.c", "tests/abi/test-inspect.py", "tests/abi/test-ages.py")
code = texts_of("core/loader/*.c", "core/inspect/*.c")
rows = re.findall(r"^\| `([^`]+)` \|", (root / "api" / "doc" / "refusals.md").read_text(), re.M)
bad = []
for row in rows:
    if row not in tests and row.replace("NAMES", "{}") not in tests:
        bad.append(f"no test pins: {row}")
    # the longest run of words that no placeholder interrupts
    words = max(re.split(r'"?\b(?:[A-Z]{4,}|KEY|ID|N|M|KIND|FUNCTION)\b(?:\(\))?"?|1\.0|0xN|cfx_plugin_query_v1', row), key=len).strip()
    if words not in code:
        bad.append(f"the code does not say: {words} ({row})")
print("\n".join(bad))
print(f"{len(rows)} refusals, {len(bad)} problems")
sys.exit(1 if bad or len(rows) < 30 else 0)
