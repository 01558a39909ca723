#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manual page of a plugin, from the schema that the host checks its keyfile by.

usage: plugin-page.py INSPECT MODULE NAME VERSION README"""

import pathlib
import re
import subprocess
import sys

inspect, module, name, version, readme = sys.argv[1:]
options = subprocess.run([inspect, "--man", module], capture_output=True, text=True)
if options.returncode != 0:
    sys.exit(options.stderr)


def roff(text):
    """Words of a README as text of a manual page."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "")
    return "\n".join("\\&" + line if line[:1] in ".'" else line for line in text.split("\n"))


lines = pathlib.Path(readme).read_text().split("\n")
title = lines[0].lstrip("# ").partition(": ")[2] or name
paragraph = "\n".join(lines[1:]).strip().split("\n\n")[0]
print(f""".\\" SPDX-License-Identifier: LGPL-2.1-or-later
.\\" made from the plugin's schema by data/man/plugin-page.py
.TH CARIFLEX-{name.upper()} 5 "" "Cariflex {version}" "Cariflex plugins"
.SH NAME
cariflex\\-{name} \\- {roff(title)}
.SH DESCRIPTION
{roff(paragraph)}
.PP
Each heading below is a group of
.BR cariflex.conf (5)
that makes an instance, and what stands in it.
.SH OPTIONS
{options.stdout.rstrip()}
.SH SEE ALSO
.BR cariflex.conf (5),
.BR cariflexd (8),
.BR cariflexctl (1)""")
