"""A worker process of one task whose lease is short and whose pipeline only writes down its life.

`python -m tests.retraining.lone_worker URI DATABASE FILE TTL`; for `test_three_workers.py`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from database.driver.client import open_registry
from retraining.worker.__main__ import work
from retraining.worker.context import AtWork
from retraining.worker.duties import Duty
from retraining.worker.jobs import Jobs
from retraining.worker.runs import retrain
from retraining.worker.subprocesses import Subprocesses
from retraining.worker.task_schedule import TaskSchedule
from retraining.worker.times import at
from tests.retraining.school import KEY, task
from tests.retraining.working import UNADDRESSED

POLL = timedelta(seconds=0.5)
YEARLY = at("0 0 1 1 *")
LIFE = Path(__file__).with_name("life.py")


class LivingPipeline(Subprocesses):
    """Starts `life.py` as the pipeline."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def run(self, module: str, *arguments: str, task: str, wait: bool = True) -> int | None:
        return self._run([sys.executable, str(LIFE), str(self._file), str(os.getpid())])[0]


def serve(uri: str, database: str, file: Path, ttl: timedelta) -> None:
    """Works until it is told to end."""
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    subprocesses, holder = LivingPipeline(file), f"host/{os.getpid()}"

    def now() -> datetime:
        return datetime.now(UTC)

    with open_registry(uri, database) as registry:
        home, around = file.parent, lambda: UNADDRESSED
        here = AtWork(registry, registry, task(), KEY, home, subprocesses, now, around)
        mine = Jobs(here, holder=holder, duties=(Duty("retrain", YEARLY, retrain),), ttl=ttl)
        schedule = TaskSchedule(
            "school", lambda: mine, registry, holder=holder, clock=now, heartbeat=ttl / 4
        )
        (file.parent / f"up-{os.getpid()}").touch()
        work([schedule], subprocesses, done, at_night=lambda: None, poll=POLL)


if __name__ == "__main__":
    seconds = timedelta(seconds=float(sys.argv[4]))
    serve(sys.argv[1], sys.argv[2], Path(sys.argv[3]), seconds)
