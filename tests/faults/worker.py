"""A worker that retrains, in a process of its own, whose lease lasts three seconds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from database.driver.client import SyncRegistry
from database.watch.jobs import JobRepository
from model.watch.job import JobState
from tests.api.server import ROOT, until
from tests.faults.conftest import Installation
from tests.faults.proxy import Proxy

TTL = 3.0
JOB = "retrain"
LONG_AGO = timedelta(days=400)
"""Its time is the first of January."""


FIRST = "up\n"
"""Only where nothing was written before does the run take minutes (`tests/retraining/life.py`)."""


@dataclass(slots=True)
class LoneWorker:
    """What it writes down of its runs.

    Attributes:
        registry: the test's own way to the registry.
        file: where a line is added as a run begins, and one as it ends.
        seen: lines that were looked at.
    """

    registry: SyncRegistry
    process: subprocess.Popen[bytes]
    file: Path
    seen: list[str] = field(default_factory=list)

    def asked_for(self) -> None:
        """The time of its job has come."""
        until(self._recorded)

    def _recorded(self) -> bool:
        found = self.registry.run(JobRepository().find(JOB)) or JobState(JOB)
        due = replace(found, since=datetime.now(UTC) - LONG_AGO, retry_at=None)
        return self.registry.run(JobRepository().put(due))

    def new_lines(self) -> list[str]:
        """What it did since the last look: `begun` and `ended`."""
        lines = self.file.read_text("ascii").splitlines()
        new, self.seen = lines[len(self.seen) :], lines
        return [line.split()[0] for line in new]

    def does_it(self) -> None:
        """Waits until the job is done; it is begun once."""
        lines: list[str] = []

        def done() -> bool:
            lines.extend(self.new_lines())
            return "ended" in lines

        until(done)
        assert lines == ["begun", "ended"]


@contextmanager
def working(
    installation: Installation, way: Proxy, folder: Path, env: Mapping[str, str] | None = None
) -> Iterator[LoneWorker]:
    """A worker that is up."""
    file = folder / "life"
    file.write_text(FIRST, "ascii")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.retraining.lone_worker", way.uri, "farol", str(file),
         str(TTL)],
        cwd=ROOT, env=os.environ | dict(env or {}),
    )  # fmt: skip
    try:
        until(lambda: (folder / f"up-{process.pid}").exists())
        yield LoneWorker(installation.registry, process, file, [FIRST.strip()])
    finally:
        process.terminate()
        process.wait(60)
