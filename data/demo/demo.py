# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Martinique site on this machine: a daemon, a world around it, and a judge."""

import argparse
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import site_run  # noqa: E402
import terminal  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
# longer than the world waits for anybody, and than its slowest pace writes nothing
STALL_S = 120


def parse():
    parser = argparse.ArgumentParser(
        prog="packaging/demo",
        description="Plays the Martinique site: ten charging stations, PV, a base load, prices and "
                    "load-control events, over real sockets on loopback.",
        epilog="examples:\n  packaging/demo --once\n  packaging/demo --once --scheduler scheduler-rules\n"
               "  packaging/demo --once --prices data/demo/martinique/day-ahead-se3-2025-10-01.csv\n",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--once", action="store_true",
                        help="one day, noon to noon of the site, then the report (60 to 90 s)")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object last")
    parser.add_argument("--seed", type=int, default=1, help="another world (default 1)")
    parser.add_argument("--rate", type=float, default=1440.0,
                        help="simulated seconds in a real one, 1 to 1440 (default 1440)")
    parser.add_argument("--scheduler", default="scheduler-flow",
                        choices=("scheduler-flow", "scheduler-rules"), help="who plans")
    parser.add_argument("--prices", type=pathlib.Path, help="another day's prices, CSV")
    parser.add_argument("--clean", action="store_true", help="remove all run folders and end")
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent.parent / "build",
                        help="build folder (default: build)")
    parser.add_argument("--kill", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not 1 <= options.rate <= 1440:
        parser.error("--rate takes 1 to 1440")
    if options.prices:
        options.prices = options.prices.resolve()
        if not options.prices.is_file():
            parser.error(f"--prices {options.prices}: there is no such file")
    return options


def play(run, options, view):
    """Runs the world to the end of its day (or until Ctrl-C); True: the day is complete."""
    log = terminal.Follower(run.folder / "world.log")
    story = terminal.Story(run.folder / "daemon.log")
    kill_at = None
    if options.kill:
        kill_at = random.Random(options.seed).uniform(0.2, 0.8)
    last, since = None, time.monotonic()
    while True:
        log.poll(view)
        for instant, text in story.poll():
            view.tell(instant, text)
        view.draw(run)
        if log.done is not None:
            return log.done["ok"]
        if run.world.poll() is not None:
            raise SystemExit(f"demo: the world ended early; see {run.folder}/world.log and world.out")
        if run.daemon.poll() is not None:
            raise SystemExit(f"demo: the daemon ended; see {run.folder}/daemon.log")
        if kill_at is not None and log.share is not None and log.share >= kill_at:
            kill_at = None
            view.story(f"{view.clock()} kill -9 of the daemon, and a new start")
            run.kill_daemon()
            run.start_daemon()
        if view.now != last or view.paused:
            last, since = view.now, time.monotonic()
        elif time.monotonic() - since > STALL_S:
            raise SystemExit(f"demo: the world's time has stood still for {STALL_S} s; see {run.folder}")
        time.sleep(0.1)


def complete_report(run):
    """The daemon's report, and what only this run knows of its world."""
    report = json.loads(run.ctl("report", "--json"))
    report["seed"] = run.options.seed
    report["day"]["prices"] = (run.options.prices or run.data / "prices.csv").name
    report["day"]["rate"] = run.options.rate
    return report


def judge(run):
    """Lets the judge read everything; returns the complete report."""
    report = run.folder / "report.json"
    report.write_text(json.dumps(complete_report(run)))
    done = subprocess.run(
        [sys.executable, "-m", "judge", "--run", run.folder, "--site", run.data / "site.json",
         "--api", run.api, "--report", report],
        cwd=HERE, capture_output=True, text=True, timeout=300)
    if not done.stdout.strip():
        raise SystemExit(f"demo: the judge failed:\n{done.stderr}")
    report.write_text(done.stdout)
    return json.loads(done.stdout)


def tell_page(run):
    """A link to the page, good for once: it signs an operator in."""
    if run.has_page:
        print(run.ctl("login", "--role", "operator", "--for", "1d"), end="", flush=True)


def tell_how_to_touch(run):
    """What a person may do while it runs."""
    ctl = run.program("cariflexctl")
    print(f"""
Touch it from another terminal:
  export CARIFLEX_SOCKET={run.folder}/run/bus
  {ctl} status
  {ctl} demo rate 60                              # see single cars; {run.options.rate:g} is the pace now
  {ctl} demo event 40 --in 10min --for 1h         # the grid leaves 40 %: watch the limit and the cars
  {ctl} demo need CP003 --need 30kWh --by 06:00   # a driver changes plans: watch the promise
  {ctl} demo silence CP003 --for 30min            # its share stays reserved until it is back
""", flush=True)


def main():
    options = parse()
    if options.clean:
        site_run.clean()
        print("run folders removed")
        return 0
    run = site_run.SiteRun(options.build, options)
    view = terminal.View(sys.stdout.isatty() and not options.json, run.levels())
    interrupted = False
    complete = False
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    try:
        print(f"run folder: {run.folder}", flush=True)
        run.prepare_clock()
        run.start_daemon()
        run.wait_ready()
        run.ctl("import", run.data / "site.json", "--secrets", run.folder / "secrets")
        run.start_world()
        if not options.json:
            tell_page(run)
            tell_how_to_touch(run)
        try:
            complete = play(run, options, view)
        except KeyboardInterrupt:
            interrupted = True
        view.end()
        if interrupted and options.once:
            print("interrupted before the end of the day: no report")
            return 130
        if not complete:
            report = complete_report(run)
        else:
            report = judge(run)
        terminal.print_report(report)
        print(f"run folder: {run.folder}")
        if complete and sys.stdin.isatty() and sys.stdout.isatty() and not options.json:
            input("The site stays up: look around, Enter ends it. ")
        if options.json:
            print(json.dumps(report))
        return 0 if interrupted or report.get("ok") else 1
    finally:
        run.stop()


if __name__ == "__main__":
    sys.exit(main())
