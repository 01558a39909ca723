#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""cariflex-plugin-inspect accepts each plugin of the tree, and refuses a bad one by its reason."""

import pathlib
import subprocess
import sys

program, plugins, abi = sys.argv[1:4]


def inspect(*arguments):
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)


modules = sorted(pathlib.Path(plugins).glob("*/*.so"))
assert modules
for module in modules:
    done = inspect(module)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(module.name + ": "), done.stdout
    assert ".SS plugin=" in inspect("--man", module).stdout
done = inspect(pathlib.Path(abi) / "bad-symbol_v2.so")
assert done.returncode == 1
assert "built for plugin ABI 2, this host speaks 1" in done.stderr
assert inspect().returncode == 2
print(f"{len(modules)} plugins inspected")
