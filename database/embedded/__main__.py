"""The embedded registry in the foreground: `python -m database.embedded [--stop | --status]`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from database.embedded.lifecycle import ensure_running, status, stop
from database.embedded.outgrown import LIMIT_BYTES, size_of
from deployment.exit_codes import ExitCode, failed
from deployment.wiring import settings_from_environment
from model.errors import FarolError

WATCH_SECONDS = 1.0


def main(argv: Sequence[str] | None = None) -> int:
    """Runs `python -m database.embedded`; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m database.embedded",
        description="Keeps the embedded registry running in the foreground, until Ctrl-C.",
    )
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--stop", action="store_true", help="stop it")
    action.add_argument("--status", action="store_true", help="say whether and where it runs")
    options = parser.parse_args(argv)
    try:
        home = settings_from_environment().home
        if options.stop:
            print("stopped" if stop(home) else "was not running")  # noqa: T201
            return ExitCode.DONE
        if options.status:
            return _print_status(home)
        return _keep(home)
    except FarolError as error:
        return failed("registry", error)


def _print_status(home: Path) -> int:
    now = status(home)
    print(f"{'running' if now.running else 'not running'}, data in {now.folder}")  # noqa: T201
    if now.running and now.state:
        print(f"{now.state.uri} (pid {now.state.pid}, {now.state.version})")  # noqa: T201
    size = size_of(home)
    print(  # noqa: T201
        f"largest database: {size.bytes / 1e6:,.0f} MB, measured up to {LIMIT_BYTES / 1e6:,.0f} MB"
    )
    if size.outgrown:
        print(size.told(), file=sys.stderr)  # noqa: T201
    return 0 if now.running else 3


def _keep(home: Path) -> int:
    """Starts the server if need be and starts it again whenever it dies; stops what it started."""
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    found = status(home).running
    ensure_running(home)
    _print_status(home)
    sys.stdout.flush()
    while not done.wait(WATCH_SECONDS):
        ensure_running(home)
    if not found:
        stop(home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
