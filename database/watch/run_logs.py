"""What retraining runs told while they went on, the newest ones."""

from __future__ import annotations

from collections.abc import Sequence

from database.driver.commands import Op
from database.repository import Repository
from model.watch.run_log import LogLine, RunLog

MOST_LOGS = 100


class RunLogRepository(Repository[RunLog]):
    """The logs of the newest runs, by run id; `find` gives None for older ones."""

    collection = "run_logs"
    indexes = ([("at", -1)],)  # newest, keep_newest
    record = RunLog
    key = "run_id"
    missing = "log of run {}"

    def add(self, run_id: str, lines: Sequence[LogLine]) -> Op[None]:
        """Adds lines to the log of a run; the first ones make it, and remove the oldest logs.

        Args:
            run_id: the run.
            lines: oldest first, at least one.

        Raises:
            RegistryError: what is kept cannot be read.
        """
        while True:
            document = yield from self.stored(run_id)
            log = RunLog(run_id, lines[0].at) if document is None else self.read(document)
            if (yield from self._swap(self._document(log.plus(lines)), read=log.revision)):
                break
        if not log.revision:
            yield from self.keep_newest(MOST_LOGS)
