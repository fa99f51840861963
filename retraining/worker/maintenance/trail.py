"""The worker's jobs for the audit trail: its ends are written down, and once a day it is checked.

A host without a worker anchors what its API appends (`api.audit.writer`).
"""

from __future__ import annotations

from database.driver.commands import Op
from database.trail.checking import heads, still_there
from model.audit.anchors import Anchor, AnchorFile
from retraining.worker.context import AtWork
from retraining.worker.outcome import JobFailed, JobStopped

SEE = "python -m deployment.audit verify tells what and since when"


def anchor_trail(here: AtWork) -> str:
    """Writes down on this host where the chains of the task and of the installation end.

    First it looks whether what was written down last is still there. Where it is not, nothing new
    is written down, so that what is there stays what the trail is held against.
    """
    file = AnchorFile(here.home.parent.parent)
    chains = (here.task.name, "")
    known = {one.task: one for one in file.read() if one.task in chains}
    missing = here.root.run(_missing(list(known.values())))
    if missing:
        raise JobFailed(f"the audit trail was touched ({missing}); {SEE}", mendable=False)
    ends = here.root.run(heads(chains, here.clock()))
    fresh = [one for one in ends if one.task not in known or known[one.task].number != one.number]
    file.add(fresh)
    return f"{len(fresh)} of {len(ends)} chains have grown and were written down"


def check_trail(here: AtWork) -> str:
    """Checks every block of both chains; fails where one was touched."""
    arguments = ("deployment.audit", "verify", "--task", here.task.name)
    code, printed = here.subprocesses.ask(*arguments)
    if code is None or (code != 0 and here.subprocesses.stopped):
        raise JobStopped("the worker ends")
    if code != 0:
        touched = [line.strip() for line in printed.splitlines() if "TOUCHED" in line]
        told = "; ".join(touched[:3]) or f"deployment.audit ended with exit code {code}"
        raise JobFailed(f"{told}; {SEE}", mendable=not touched)
    return "the audit trail is as it was written"


def _missing(anchors: list[Anchor]) -> Op[str]:
    gone = []
    for one in anchors:
        if not (yield from still_there(one)):
            gone.append(f"block {one.number} of {one.task or 'the installation'}")
    return ", ".join(gone)
