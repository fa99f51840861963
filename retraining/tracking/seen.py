"""What of a task's registry was last sent to a tracking server, in a file of the host.

Everything that is sent is made from the registry, so the file may be lost: then all is looked at
once more, and what is there already is left as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from database.aliases import CHALLENGER, CHAMPION, AliasRepository
from database.drift_reports import DriftReportRepository
from database.driver.commands import Op
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from model.trust.private import write_private

FILE = "tracking.seen"
RUNS = 50
"""Of the newest runs, whose ends are looked at."""


def state_of(target: str) -> Op[str]:
    """What would be sent, in short; another text once something is to be sent.

    Args:
        target: where to, or a digest of that: another server has been sent nothing.

    Raises:
        RegistryError: the registry does not answer.
    """
    parts = [target]
    for name in (CHAMPION, CHALLENGER):
        alias = yield from AliasRepository().find(name)
        parts.append(repr(alias and (alias.version, alias.revision)))
    number = yield from ModelVersionRepository().next_number()
    runs = yield from RunRepository().newest(RUNS)
    decisions = yield from PromotionRepository().newest(1)
    reports = yield from DriftReportRepository().newest(1)
    parts.append(repr(number))
    parts += [f"{run.run_id} {run.status}" for run in runs]
    parts += [one.promotion_id for one in decisions]
    parts += [one.report_id for one in reports]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class SeenFile:
    """The file of one task.

    Args:
        home: the task's folder on this host.
    """

    def __init__(self, home: Path) -> None:
        self._path = home / FILE

    def holds(self, state: str) -> bool:
        """Whether that state was sent whole."""
        return state in self._lines()

    def keep(self, state: str) -> None:
        """Notes that it was.

        Raises:
            OSError: the file cannot be written.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_private(self._path, f"{state}\n".encode())

    def _lines(self) -> Iterator[str]:
        try:
            yield from self._path.read_text(encoding="ascii").splitlines()
        except (OSError, UnicodeDecodeError):
            return
