"""Finishes what a process that died left half done: `python -m deployment.repair [--full]`.

Of every task of the installation, retired ones too, or of one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from database.driver.client import SyncRegistry
from database.repair import repair
from deployment.exit_codes import ExitCode, failed
from deployment.settings import Settings
from deployment.tasks.databases import recorded_databases, registries
from deployment.tasks.installed import installed
from deployment.wiring import (
    configure_logging,
    root_registry,
    settings_from_environment,
    task_registry,
)
from model.errors import FarolError


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one repair pass; exit code 0 when it is done, 1 when not, 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m deployment.repair",
        description="Finishes what a process that died left half done. Safe at any time.",
    )
    parser.add_argument("--full", action="store_true", help="make every label anew from its facts")
    parser.add_argument("--task", metavar="NAME", help="this one alone (default: every task)")
    given = parser.parse_args(argv)
    try:
        settings = settings_from_environment(given.task)
        configure_logging(settings)
        with root_registry(settings) as root:
            tasks = _one(root, settings) if given.task else _every(root, settings)
            for name, opened in tasks.items():
                now, key = datetime.now(UTC), settings.tombstone_key
                done = opened.run(repair(now=now, full=given.full, tombstone_key=key))
                print(f"{name}: {done.told()}" if len(tasks) > 1 else done.told())  # noqa: T201
    except FarolError as error:
        return failed("repair", error)
    return ExitCode.DONE


def _one(root: SyncRegistry, settings: Settings) -> dict[str, SyncRegistry]:
    task = installed(settings)
    return {task.name: task_registry(root, task)}


def _every(root: SyncRegistry, settings: Settings) -> dict[str, SyncRegistry]:
    known = root.run(recorded_databases(settings.mongo_db, installed(settings).name))
    return registries(root, known)


if __name__ == "__main__":
    sys.exit(main())
