#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What open pages cost: CPU of a running daemon with none and with ten, in turns, in the same run.

    tests/bench/ui/bench-pages.py CARIFLEXCTL RUN-DIR/bus [PAGES [SECONDS [ROUNDS]]]

Start it beside the demo, whose run folder holds the socket (run/bus). The first turn is thrown away.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "integration"))

import page  # noqa: E402


def main():
    ctl, bus = sys.argv[1:3]
    pages, seconds, rounds = (list(map(int, sys.argv[3:6])) + [10, 5, 4][len(sys.argv) - 3:])[:3]
    environment = dict(os.environ, CARIFLEX_SOCKET=bus)

    def ask(*arguments):
        return json.loads(subprocess.run([ctl, *arguments, "--json"], env=environment, check=True,
                                         capture_output=True, text=True).stdout)

    pid = ask("status")["pid"]
    link = ask("login", "--role", "viewer")
    browser = page.Page(int(re.search(r":(\d+)/", link["links"][0]["url"]).group(1)))
    assert browser.sign_in(token=link["token"]).status == 200

    def cpu():
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    got = [0, 0]

    def read(live):
        try:
            while True:
                opcode, payload = live.frame()
                got[0] += 1
                got[1] += len(payload)
        except (OSError, ConnectionError):
            pass

    def turn(count):
        lives = [browser.live() for _ in range(count)]
        readers = [threading.Thread(target=read, args=(live,), daemon=True) for live in lives]
        for reader in readers:
            reader.start()
        time.sleep(1)  # the snapshots are not what is measured
        before, began = cpu(), time.monotonic()
        time.sleep(seconds)
        share = (cpu() - before) / (time.monotonic() - began)
        for live in lives:
            live.socket.shutdown(2)
        for reader in readers:
            reader.join()
        return share

    turn(0)
    none, many = [], []
    for _ in range(rounds):
        none.append(turn(0))
        many.append(turn(pages))
    without, with_pages = sum(none) / rounds, sum(many) / rounds
    print(f"no page: {without * 100:.2f} % of a core; {pages} pages: {with_pages * 100:.2f} %; "
          f"ratio {with_pages / max(without, 1e-9):.2f}, beyond: {(with_pages - without) * 100:.2f} %")
    print(f"each page: {got[0] / pages / rounds / seconds:.1f} messages/s, "
          f"{got[1] / pages / rounds / seconds / 1024:.1f} KiB/s")


main()
