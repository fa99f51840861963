"""The worker's job that keeps a tracking server in step with the registry.

It is a process of its own that takes no turn: a run neither waits for it nor ends with it.
"""

from __future__ import annotations

from retraining.tracking.seen import SeenFile, state_of
from retraining.worker.context import AtWork
from retraining.worker.outcome import LEASE_HELD, USAGE, JobFailed, JobStopped

MODULE = "deployment.mlflow"
OFF = "no tracking server is set"


def track(here: AtWork) -> str:
    """Sends what is new.

    Raises:
        JobFailed: the server does not answer or refuses, or the extra is not installed.
        JobStopped: the worker ends.
    """
    if not here.tracking:
        return OFF
    if SeenFile(here.home).holds(here.registry.run(state_of(here.tracking))):
        return "nothing is new"
    code, printed = here.subprocesses.ask(MODULE, "sync", "--task", here.task.name)
    if code == LEASE_HELD:
        return "another process of this host is sending"
    if code is None or (code and here.subprocesses.stopped):
        raise JobStopped("the worker ends")
    if code:
        raise JobFailed(
            f"{MODULE} ended with exit code {code}; see the worker's log", mendable=code != USAGE
        )
    return printed.strip().rpartition("\n")[2]
