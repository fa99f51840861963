"""The worker's job that frees this host's files of students whom another host was asked to erase.

The API does it within seconds; a host on which only a worker is up has files too.
"""

from __future__ import annotations

import json

from database.erasing.receipts import outstanding
from model.erasing.host import home_id
from retraining.worker.context import AtWork
from retraining.worker.outcome import USAGE, JobFailed, JobStopped

OUTBOXES = "*/outbox/slot-*.sqlite"
"""Of all tasks, in the folder of the tasks."""


def carry_out_erasures(here: AtWork) -> str:
    """Carries out what this host has not yet; fails where its files cannot be freed now."""
    # A task's folder is FAROL_HOME/tasks/<task>.
    if not any(here.home.parent.glob(OUTBOXES)):
        # A worker's own home, new with every container say, is nobody whom a receipt waits for.
        return "no prediction was ever kept on this host"
    done, newest = here.root.run(outstanding(home_id(here.home.parent.parent)))
    if done >= newest:
        return "every erasure has been carried out on this host"
    code, printed = here.subprocesses.ask("api.erasing", "--json")
    if code is None or (code != 0 and here.subprocesses.stopped):
        raise JobStopped("the worker ends")
    if code != 0:
        told = f"api.erasing ended with exit code {code}; see the worker's log"
        raise JobFailed(told, mendable=code != USAGE)
    return str(json.loads(printed)["told"])
