#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ABI promise against what is committed: layout-1.N.txt of every minor is a prefix of today's headers, and that
of the present minor equals them; so does 1.N.abi.xml, as abidiff sees it.

    baseline.py --write    makes today's headers the baseline of the present minor. Commit it together with the change,
                           and with the reason. After the first release only together with a raised CFX_ABI_MINOR.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import headers  # noqa: E402

HERE = pathlib.Path(__file__).parent
TODAY = HERE.parents[1] / "api" / "cariflex"


def minor_of(folder):
    text = (pathlib.Path(folder) / "cfx-abi.h").read_text()
    return int(re.search(r"#define CFX_ABI_MINOR (\d+)", text).group(1))


def by_owner(lines):
    """Lines of each struct in their order, and single lines by their name."""
    members, single = {}, {}
    for line in lines:
        word, name, rest = line.split(" ", 2)
        if word in ("member", "frozen"):
            members.setdefault(name.split(".")[0], []).append(f"{word} {name} {rest}")
        else:
            single[f"{word} {name}"] = rest
    return members, single


def broken(old, new):
    """What of the old layout is not in the new one as it was."""
    found = []
    old_members, old_single = by_owner(old)
    new_members, new_single = by_owner(new)
    for name, lines in old_members.items():
        there = new_members.get(name, [])
        for i, line in enumerate(lines):
            if i >= len(there):
                found.append(f"gone: {line}")
            elif there[i] != line:
                found.append(f"was: {line}; is: {there[i]}")
    for name, rest in old_single.items():
        if new_single.get(name) != rest:
            found.append(f"was: {name} {rest}; is: {new_single.get(name, 'gone')}")
    return found


def appended(old, new):
    return [line for line in new if line not in set(old)]


def check_layout(folder):
    """Problems of the headers in a folder; none: the promise is kept."""
    new, minor = headers.layout(folder), minor_of(folder)
    problems = []
    for n in range(minor + 1):
        file = HERE / f"layout-1.{n}.txt"
        if not file.exists():
            problems.append(f"{file.name} is missing: tests/abi/baseline.py --write")
            continue
        old = [line for line in file.read_text().splitlines() if not line.startswith("#")]
        problems += [f"1.{n} is broken; {text}" for text in broken(old, new)]
        if n == minor and not problems:
            problems += [f"appended to 1.{n}, which the baseline does not know (baseline.py --help); {line}"
                         for line in appended(old, new)]
    return problems


def build_witness(folder, to):
    source = headers.witness(folder)
    subprocess.run(["cc", "-w", "-g", "-gdwarf-4", "-O0", "-shared", "-fPIC", "-x", "c", "-", "-o", to,
                    f"-I{pathlib.Path(folder).parent}", *headers.glib_flags()], input=source, text=True, check=True)


def check_witness(folder):
    """What abidiff says; "": no difference."""
    with tempfile.TemporaryDirectory(prefix="cfx-") as temporary:
        library = pathlib.Path(temporary) / "libwitness.so"
        build_witness(folder, library)
        done = subprocess.run(["abidiff", "--harmless", HERE / f"1.{minor_of(folder)}.abi.xml", library],
                              capture_output=True, text=True)
        return (done.stdout + done.stderr) if done.returncode != 0 else ""


def write():
    minor = minor_of(TODAY)
    text = ["# The plugin ABI as it is promised; written by baseline.py --write. Offsets and sizes: 64-bit machines.",
            *headers.layout(TODAY)]
    (HERE / f"layout-1.{minor}.txt").write_text("\n".join(text) + "\n")
    frozen = HERE / f"frozen-1.{minor}" / "cariflex"
    shutil.rmtree(frozen, ignore_errors=True)
    shutil.copytree(TODAY, frozen, ignore=shutil.ignore_patterns("meson.build"))
    plugin = HERE / f"frozen-1.{minor}" / "plugin"
    if not plugin.exists():
        plugin.mkdir()
        for path in sorted((TODAY.parent / "template").iterdir()):
            if path.suffix in (".c", ".h", ".conf", ".json") and not path.name.startswith("test-"):
                shutil.copy(path, plugin)
    if shutil.which("abidw") is None:
        sys.exit("abidw is not here (package abigail-tools): the XML of the witness was not written")
    with tempfile.TemporaryDirectory(prefix="cfx-") as temporary:
        library = pathlib.Path(temporary) / "libwitness.so"
        build_witness(TODAY, library)
        subprocess.run(["abidw", "--no-show-locs", "--no-comp-dir-path", "--no-corpus-path",
                        "--out-file", HERE / f"1.{minor}.abi.xml", library], check=True)


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    write()
