"""Ships the predictions that wait on this host in outboxes which no process has."""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial

from api.durability.stray import nobodys, ship
from api.services import Folders
from deployment.exit_codes import ExitCode, failed
from deployment.home import TASKS, unusable
from deployment.settings import Settings
from deployment.tasks.installed import all_installed, installed
from deployment.wiring import (
    add_task_option,
    configure_logging,
    registry,
    settings_from_environment,
)
from model.errors import FarolError

DESCRIPTION = """\
Ships the predictions that wait on this host in outboxes which no process has. A worker of the API
ships its own outbox, and those of workers that died; where the API is not up, what it had answered
would wait until it is started again. The retraining worker runs this every six hours. What belongs
to a task that this host does not serve is told and left as it is.
"""

EPILOG = """\
exit codes
  0 nothing waits whose process is gone    1 something still does, or it failed
  2 wrong usage or setting

examples
  python -m api.durability                     the default task's, and what is nobody's
  python -m api.durability --task exam_scores  those of another task
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command."""
    parser = argparse.ArgumentParser(
        prog="python -m api.durability",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_task_option(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    given = parser.parse_args(argv)
    try:
        settings = settings_from_environment(given.task)
        configure_logging(settings)
        return _run(settings, as_json=given.json)
    except FarolError as error:
        return failed("durability", error)


def _run(settings: Settings, *, as_json: bool) -> ExitCode:
    task, served = installed(settings), [one.name for one in all_installed(settings)]
    folders = Folders(settings.home, task.home)
    try:
        found = ship(folders.outbox, folders.workers, partial(registry, settings))
        if task.name == served[0]:
            found = replace(found, nobodys=nobodys(settings.home / TASKS, served))
    except (OSError, sqlite3.Error) as error:
        raise unusable(settings.home, error) from error
    told = found.told()
    sys.stdout.write((json.dumps(asdict(found) | {"told": told}) if as_json else told) + "\n")
    return ExitCode.FAILED if found.left or found.nobodys else ExitCode.DONE


if __name__ == "__main__":
    sys.exit(main())
