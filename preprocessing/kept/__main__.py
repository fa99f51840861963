"""Takes the rows of erased students out of the files that are kept: `python -m preprocessing.kept`.

An erasure does the same before it is answered, and the worker each night.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from deployment.exit_codes import ExitCode, failed
from deployment.wiring import add_task_option, registry, settings_from_environment
from model.errors import FarolError
from preprocessing.kept.keeping import FileKeeper
from preprocessing.kept.store import FileStore
from preprocessing.task.spec import load_task


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; the exit code is 1 where a file could not be freed, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m preprocessing.kept", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    add_task_option(parser)
    given = parser.parse_args(arguments)
    try:
        settings = settings_from_environment(given.task)
        task = load_task(settings.task)
        with registry(settings) as opened:
            store = FileStore(opened, settings.files_of(task.name))
            keeper = FileKeeper(store, task, settings.tombstone_key)
            files, rows = keeper.free_all(now=datetime.now(UTC))
    except FarolError as error:
        return failed("kept", error)
    told = f"{files} kept files written anew without {rows} rows of erased students"
    if given.json:
        told = json.dumps({"files": files, "rows": rows, "told": told})
    sys.stdout.write(f"{told}\n")
    return ExitCode.DONE


if __name__ == "__main__":
    raise SystemExit(main())
