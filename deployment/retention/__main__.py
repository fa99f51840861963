"""`python -m deployment.retention [--dry-run]`: what of a task is older than it is kept.

The worker does the same each night. A new age is shown for a week before anything goes; `--at-once`
does not wait.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from deployment.exit_codes import ExitCode, failed
from deployment.wiring import add_task_option, registry, settings_from_environment
from model.ageing.record import AgeingRecord, KindAge
from model.errors import ConfigurationError, RegistryError
from preprocessing.task.spec import load_task
from retraining.ageing.deciding import may_go
from retraining.ageing.duty import NAMES, NOTHING, Permit, age


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command."""
    parser = argparse.ArgumentParser(prog="python -m deployment.retention", description=__doc__)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--dry-run", action="store_true", help="say what is old; remove nothing")
    how.add_argument("--at-once", action="store_true", help="do not wait until it was told a week")
    add_task_option(parser)
    given = parser.parse_args(arguments)
    try:
        settings = settings_from_environment(given.task)
        task = load_task(settings.task)
        with registry(settings) as opened:
            looked = age(opened, task, datetime.now(UTC), _permit(given.dry_run, given.at_once))
    except (ConfigurationError, RegistryError) as error:
        return failed("retention", error)
    sys.stdout.write("\n".join(lines(looked)) + "\n")
    return ExitCode.DONE


def lines(looked: AgeingRecord) -> list[str]:
    """What is told of a look, a line for each kind."""
    if not looked.kinds:
        return [f"{NOTHING} (keys of retention: {', '.join(f'{name}_days' for name in NAMES)})"]
    return [_line(one, looked.at) for one in looked.kinds]


def _line(one: KindAge, at: datetime) -> str:
    oldest = "" if one.oldest is None else f", the oldest of {one.oldest:%Y-%m-%d}"
    old = f"{one.kind:12} {one.found:>9,} older than {one.days} days{oldest}"
    if one.removed_at == at:
        return f"{old}; removed"
    return f"{old}; removed from {one.removes_from:%Y-%m-%d} on" if one.found else old


def _permit(dry_run: bool, at_once: bool) -> Permit:
    if dry_run or at_once:
        return lambda _age, _now: at_once
    return may_go


if __name__ == "__main__":
    raise SystemExit(main())
