# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts what the tests of a run said: the closing line of packaging/check."""

import json
import pathlib
import re
import sys

LINE = re.compile(r"^\s*(not ok|ok)\b(.*)$")


def count_tap(text):
    passed = failed = skipped = 0
    for line in text.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        if re.search(r"#\s*SKIP", match.group(2), re.IGNORECASE):
            skipped += 1
            print("skipped:", match.group(2).strip(" -"))
        elif match.group(1) == "ok":
            passed += 1
        else:
            failed += 1
            print("failed:", match.group(2).strip(" -"))
    return passed, failed, skipped


def count_meson(path):
    totals = [0, 0, 0]
    for line in path.read_text().splitlines():
        test = json.loads(line)
        counts = count_tap(test.get("stdout", ""))
        result = test["result"]
        if sum(counts) == 0:
            counts = (result == "OK", 0, result == "SKIP")
        if result not in ("OK", "SKIP", "EXPECTEDFAIL") and counts[1] == 0:
            print("failed:", test["name"], result)
            counts = (counts[0], 1, counts[2])
        totals = [a + b for a, b in zip(totals, counts)]
    return totals


def main():
    folder = pathlib.Path(sys.argv[1])
    totals = [0, 0, 0]
    for path in sorted(folder.glob("*.json")):
        totals = [a + b for a, b in zip(totals, count_meson(path))]
    for path in sorted(folder.glob("*.tap")):
        totals = [a + b for a, b in zip(totals, count_tap(path.read_text()))]
    print(f"{totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main())
