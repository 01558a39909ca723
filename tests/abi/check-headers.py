#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each public header compiles alone, as C and as C++, without warnings."""

import pathlib
import shutil
import subprocess
import sys

root = pathlib.Path(sys.argv[1])
flags = subprocess.run(["pkg-config", "--cflags", "gio-2.0"], capture_output=True, text=True,
                       check=True).stdout.split()
compilers = [("cc", ["-std=gnu11", "-x", "c", "-Wpedantic"])]
if shutil.which("c++"):
    compilers.append(("c++", ["-std=c++17", "-x", "c++"]))
else:
    print("# no c++ here: headers are checked as C only")
headers = [h for part in ("cariflex", "kit", "harness") for h in sorted((root / "api" / part).glob("*.h"))]
headers = [h for h in headers if not h.name.endswith("-private.h")]
bad = 0
for header in headers:
    for compiler, language in compilers:
        done = subprocess.run(
            [compiler, "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", *language,
             f"-I{root}/api", *flags, "-"], text=True, capture_output=True,
            input=f'#include "{header.parent.name}/{header.name}"\n')
        if done.returncode != 0:
            bad += 1
            print(f"{header.name} as {language[0]}:\n{done.stderr}")
print(f"{len(headers)} headers, {bad} refused")
sys.exit(1 if bad or not headers else 0)
