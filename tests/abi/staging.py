# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an installed Cariflex looks like: into a folder of its own, for tests that build against it."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

TAGS = "runtime,devel,doc,man,plugin-sqlite,plugin-scheduler-rules"


class Staging:
    def __init__(self, build):
        self.meson = shutil.which("meson", path="/usr/bin") or shutil.which("meson")
        self.temporary = tempfile.TemporaryDirectory(prefix="cfx-staging-")
        root = pathlib.Path(self.temporary.name)
        subprocess.run([self.meson, "install", "-C", build, "--no-rebuild", "--quiet",
                        "--destdir", root, "--tags", TAGS],
                       check=True, stdout=subprocess.DEVNULL)
        options = {o["name"]: o["value"] for o in json.loads(subprocess.run(
            [self.meson, "introspect", "--buildoptions", build], check=True, capture_output=True).stdout)}
        self.prefix = root / options["prefix"].lstrip("/")
        # as a package manager does that installs elsewhere
        for file in self.prefix.rglob("cariflex-*.pc"):
            file.write_text(re.sub(r"^prefix=.*$", f"prefix={self.prefix}", file.read_text(), flags=re.M))
            self.pkgconfig = file.parent
        # what is linked into a test must be built as the libraries are
        sanitize = options.get("b_sanitize", "none")
        self.options = [] if sanitize == "none" else [f"-Db_sanitize={sanitize}", "-Db_lundef=false"]
        self.environment = dict(
            os.environ,
            PATH=f"{self.prefix}/bin:{self.prefix}/sbin:{pathlib.Path(self.meson).parent}:{os.environ['PATH']}",
            PKG_CONFIG_PATH=str(self.pkgconfig))
        for name in ("DESTDIR", "MESON_TESTTHREADS", "CFLAGS", "LDFLAGS"):
            self.environment.pop(name, None)
        self.environment["CARIFLEX_PLUGIN_DIR"] = self.variable("plugindir")

    def variable(self, name):
        return subprocess.run(["pkg-config", f"--variable={name}", "cariflex-plugin-1"], check=True, text=True,
                              capture_output=True, env=self.environment).stdout.strip()

    def run(self, *command, cwd, check=True):
        done = subprocess.run([str(c) for c in command], cwd=cwd, env=self.environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=200)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout}")
        return done.stdout

    def close(self):
        self.temporary.cleanup()
