"""Where a student's features come from: `python -m preprocessing.trace STUDENT [--feature F]`.

Tells for each feature the file, sheet, row and cell that it was read from, or the features that it
is made of; and with `--file` and `--row` whose row it is and what of it still stands. What is asked
is told in the audit trail. It shows personal data: run it where you may look at that.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import orjson

from database.driver.client import SyncRegistry
from database.kept.files import KeptFileRepository
from deployment.command_trail import told as trailed
from deployment.exit_codes import ExitCode, failed
from deployment.settings import Settings
from deployment.wiring import (
    add_task_option,
    registry,
    root_registry,
    settings_from_environment,
)
from model.audit.entry import pseudonym
from model.errors import FarolError
from preprocessing.kept.store import FileStore
from preprocessing.student_ids import LONGEST_EVER, key_of, read_student_id
from preprocessing.task.spec import TaskSpec, load_task
from preprocessing.trace.origins import told
from preprocessing.trace.tracing import OriginFinder


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; the exit code is 1 where nothing is known, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m preprocessing.trace", description=__doc__)
    parser.add_argument("student", nargs="?", metavar="STUDENT", help="the school's identifier")
    parser.add_argument("--feature", metavar="F", help="only this one")
    parser.add_argument("--unit", default="", help="of a student whose school numbers its own")
    parser.add_argument("--file", metavar="SHA256", help="a kept file, by what it came with")
    parser.add_argument("--row", type=int, metavar="N", help="of it, from 1 below the header")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, with values")
    add_task_option(parser)
    given = parser.parse_args(arguments)
    if (given.student is None) == (given.file is None) or (given.file and given.row is None):
        parser.error("give STUDENT, or --file and --row")
    try:
        settings = settings_from_environment(given.task)
        task = load_task(settings.task)
        with registry(settings) as opened:
            tracer = OriginFinder(
                FileStore(opened, settings.files_of(task.name)), task, datetime.now(UTC)
            )
            if given.student is not None:
                lines = _student(tracer, settings, task, given)
            else:
                lines = _row(tracer, opened, settings, given.file, given.row, as_json=given.json)
    except FarolError as error:
        return failed("trace", error)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return ExitCode.DONE


def _student(
    tracer: OriginFinder, settings: Settings, task: TaskSpec, given: argparse.Namespace
) -> list[str]:
    named = read_student_id(given.student, longest=LONGEST_EVER)
    units = {task.unit[0].name: given.unit} if task.unit and given.unit else {}
    key = key_of(task, named, units, pseudonyms=settings.student_pseudonyms)
    _tell(settings, task, "trace", pseudonym(key, settings.tombstone_key), given.feature or "")
    origins = tracer.student(key, given.feature)
    return [orjson.dumps(one).decode() if given.json else told(one) for one in origins]


def _row(
    tracer: OriginFinder,
    opened: SyncRegistry,
    settings: Settings,
    file_id: str,
    row: int,
    *,
    as_json: bool,
) -> list[str]:
    kept = opened.run(KeptFileRepository().get(file_id))
    _tell(settings, tracer.task, "trace", f"file {file_id}", f"row {row}")
    lines = []
    for one in tracer.row(kept, row):
        if as_json:
            lines.append(orjson.dumps(one).decode())
        else:
            stand = ", ".join(one.features) or "nothing of it stands any more"
            lines.append(f"{kept.name} row {row}: {one.student} in {one.period}: {stand}")
    return lines or [f"{kept.name} row {row}: nobody's row"]


def _tell(settings: Settings, task: TaskSpec, action: str, subject: str, detail: str) -> None:
    with root_registry(settings) as root:
        entry = trailed(
            action, subject, f"{task.name} {detail}".strip(),
            key=settings.tombstone_key, now=datetime.now(UTC),
        )  # fmt: skip
        root.run(entry)


if __name__ == "__main__":
    raise SystemExit(main())
