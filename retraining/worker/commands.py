"""Commands of this project that a job of the worker runs, and what their exit codes mean."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from retraining.worker.context import AtWork
from retraining.worker.outcome import USAGE, JobFailed, JobStopped

RETRY_SOON = timedelta(seconds=2)

log = logging.getLogger(__name__)


def completed(here: AtWork, module: str, *arguments: str, also: Sequence[int] = ()) -> int:
    """Runs `python -m module --task ...` in its turn, and gives 0 or one of the codes in `also`.

    Raises:
        JobFailed: it ended with another code.
        JobStopped: the worker ends, or did while it ran.
    """
    name = here.task.name
    code = here.subprocesses.run(module, "--task", name, *arguments, task=name)
    if code is None or (code != 0 and here.subprocesses.stopped):
        raise JobStopped("the worker ends")
    log.info("%s: %s: exit code %d", name, module, code)
    if code == 0 or code in also:
        return code
    how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    raise JobFailed(f"{module} {how}; see the worker's log", mendable=code != USAGE)
