"""Answers one question of the API about a kept file: `python -m preprocessing.trace.answering`.

The question comes as JSON on standard input and the answer goes out as JSON, so no student is named
on a command line. Who asked is told in the audit trail by the API; for people there is
`python -m preprocessing.trace`, which does so itself.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from database.kept.files import KeptFileRepository
from deployment.exit_codes import ExitCode, failed
from deployment.wiring import add_task_option, registry, settings_from_environment
from model.errors import FarolError, NotFound
from preprocessing.kept.store import FileStore
from preprocessing.task.spec import load_task
from preprocessing.trace.tracing import OriginFinder


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; the exit code is 1 where the registry or a kept file cannot be reached."""
    parser = argparse.ArgumentParser(
        prog="python -m preprocessing.trace.answering", description=__doc__
    )
    add_task_option(parser)
    given = parser.parse_args(arguments)
    try:
        settings = settings_from_environment(given.task)
        task = load_task(settings.task)
        with registry(settings) as opened:
            store = FileStore(opened, settings.files_of(task.name))
            finder = OriginFinder(store, task, datetime.now(UTC))
            answer = answered(finder, orjson.loads(sys.stdin.buffer.read()))
    except FarolError as error:
        return failed("trace", error)
    sys.stdout.write(orjson.dumps(answer).decode())
    return ExitCode.DONE


def answered(finder: OriginFinder, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer to a question.

    Args:
        finder: of the task.
        asked: `student`, with `feature` and `period` or None, or `file` and `row`; and `units`, the
            (folded) units whose records may be seen, or None for all.

    Raises:
        ConfigurationError: a kept file cannot be reached.
        RegistryError: the registry fails.
    """
    units = asked["units"]
    try:
        if "student" in asked:
            origins = finder.student(
                asked["student"], asked["feature"], period=asked["period"], units=units
            )
            return {"origins": origins}
        kept = finder.store.registry.run(KeptFileRepository().get(asked["file"]))
        owners = finder.row(kept, asked["row"], units=units)
    except NotFound:
        return {"unknown": True}
    return {"file": kept.name, "students": owners}


if __name__ == "__main__":
    raise SystemExit(main())
