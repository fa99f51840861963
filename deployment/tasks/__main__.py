"""`python -m deployment.tasks list|add|retire`: the tasks of an installation."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from deployment.exit_codes import ExitCode, failed
from deployment.settings import Settings
from deployment.tasks.adding import add, retire
from deployment.tasks.installed import InstalledTask, all_installed
from deployment.tasks.listing import overview, table
from deployment.tasks.telling import told_added, told_retired
from deployment.wiring import configure_logging, root_registry, settings_from_environment
from model.errors import FarolError
from preprocessing.task.spec import task_text
from retraining.worker.duties import planned
from training.candidates import load_task_to_train

EPILOG = """\
what a task is
  One YAML file (docs/data.md): what a school sends, what is predicted, how a model earns its
  place. Each task has a database, a champion and a folder of its own in FAROL_HOME/tasks.

a changed task
  `add` of a task that is there is a change of it. Words, policies, wider bounds and new spellings
  are taken, here and at every start. What the champion was not trained for is taken with
  --new-champion; the next retraining run makes a champion for it. What would give another meaning
  to recorded rows is refused: give the task another name.

examples
  python -m deployment.tasks list                     what there is, and how much of it
  python -m deployment.tasks add night_school.yaml    then read its files, and `make run` again
  python -m deployment.tasks add exam_scores          one that ships with Farol
  python -m deployment.tasks add night_school.yaml --new-champion    features have changed
  python -m deployment.tasks retire night_school      out of service; its data stay
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; 0 done, 1 failed, 2 used wrongly."""
    given = _parser().parse_args(argv)
    now = datetime.now(UTC)
    try:
        settings = settings_from_environment()
        configure_logging(settings)
        if given.command == "add":
            lines = _add(settings, given.file, now, new_champion=given.new_champion)
        elif given.command == "retire":
            lines = _retire(settings, given.name, now)
        else:
            lines = _list(settings, as_json=given.json)
    except FarolError as error:
        return failed("tasks", error)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return ExitCode.DONE


def _list(settings: Settings, *, as_json: bool) -> list[str]:
    with root_registry(settings) as root:
        found = overview(root, settings.mongo_db, all_installed(settings))
    if as_json:
        return [json.dumps({"tasks": [line.to_mapping() for line in found]})]
    return list(table(found))


def _add(settings: Settings, file: str, now: datetime, *, new_champion: bool) -> list[str]:
    task = _read(settings, file)
    served = all_installed(settings)
    with root_registry(settings) as root:
        added = add(root, task, served, new_champion=new_champion, now=now)
    return list(told_added(task, added))


def _read(settings: Settings, file: str) -> InstalledTask:
    """The task of a file, with everything checked that would else be found out when it runs."""
    planned(load_task_to_train(file))
    return InstalledTask(settings.model_copy(update={"task": file}), task_text(file))


def _retire(settings: Settings, name: str, now: datetime) -> list[str]:
    served = all_installed(settings)
    with root_registry(settings) as root:
        done = retire(root, name, served, now=now)
    return list(told_retired(name, done, settings))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployment.tasks",
        description="The tasks of an installation: which there are, a new one, one less.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="every task, where it is and what it holds")
    listing.add_argument("--json", action="store_true", help="for a program")
    adding = commands.add_parser("add", help="add a task, change it, or take it back")
    adding.add_argument("file", metavar="FILE", help="a .yaml file, or one that ships with Farol")
    adding.add_argument(
        "--new-champion",
        action="store_true",
        help="accept changes that the present champion was not trained for",
    )
    retiring = commands.add_parser("retire", help="serve a task no more; its data stay")
    retiring.add_argument("name", metavar="NAME")
    return parser


if __name__ == "__main__":
    sys.exit(main())
