"""Finishes what a process that died left half done: `python -m deployment.repair [--full]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from database.repair import repair
from deployment.exit_codes import ExitCode, failed
from deployment.wiring import (
    add_task_option,
    configure_logging,
    registry,
    settings_from_environment,
    tombstone_key,
)
from model.errors import FarolError


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one repair pass; exit code 0 when it is done, 1 when not, 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m deployment.repair",
        description="Finishes what a process that died left half done. Safe at any time.",
    )
    parser.add_argument("--full", action="store_true", help="make every label anew from its facts")
    add_task_option(parser)
    given = parser.parse_args(argv)
    try:
        settings = settings_from_environment(given.task)
        configure_logging(settings)
        with registry(settings) as opened:
            now, key = datetime.now(UTC), tombstone_key(settings)
            done = opened.run(repair(now=now, full=given.full, tombstone_key=key))
    except FarolError as error:
        return failed("repair", error)
    print(done.told())  # noqa: T201
    return ExitCode.DONE


if __name__ == "__main__":
    sys.exit(main())
