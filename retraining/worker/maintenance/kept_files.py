"""The worker's job that frees kept school files of erased students, and removes those that leave.

An erasure does it before it is answered; after a restore, or where the bytes are at a URL that did
not answer, this does what is left.
"""

from __future__ import annotations

import json

from database.kept.files import KeptFileRepository
from retraining.worker.context import AtWork
from retraining.worker.outcome import USAGE, JobFailed, JobStopped


def look_at_kept_files(here: AtWork) -> str:
    """Does what is left to do with kept files; fails where their bytes cannot be reached."""
    if not here.registry.run(KeptFileRepository().count()):
        return "no school file is kept as it came"
    code, printed = here.subprocesses.ask("preprocessing.kept", "--task", here.task.name, "--json")
    if code is None or (code != 0 and here.subprocesses.stopped):
        raise JobStopped("the worker ends")
    if code != 0:
        told = f"preprocessing.kept ended with exit code {code}; see the worker's log"
        raise JobFailed(told, mendable=code != USAGE)
    return str(json.loads(printed)["told"])
