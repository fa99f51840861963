"""The worker's job that has what waits in outboxes without a process shipped."""

from __future__ import annotations

import json

from retraining.worker.context import AtWork
from retraining.worker.outcome import USAGE, JobFailed, JobStopped


def look_at_outboxes(here: AtWork) -> str:
    """Ships what the API's workers left on this host; fails where something cannot be shipped."""
    code, printed = here.subprocesses.ask("api.durability", "--task", here.task.name, "--json")
    if code is None or (code != 0 and here.subprocesses.stopped):
        raise JobStopped("the worker ends")
    try:
        told = str(json.loads(printed)["told"])
    except (ValueError, KeyError, TypeError):
        told = f"api.durability ended with exit code {code}; see the worker's log"
    if code != 0:
        raise JobFailed(told, mendable=code != USAGE)
    return told
