"""Students who were erased while a run trained on them.

An erasure finds the versions whose lists name the student; one that is registered a moment later it
cannot find. So whoever registers looks at who was erased since the window was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from database.driver.client import SyncRegistry
from database.erasing.learned import LearnedErasedRepository
from database.tombstones import TombstoneRepository


def note_erased_meanwhile(
    registry: SyncRegistry,
    version: str,
    students: Callable[[], Iterable[str]],
    *,
    since: datetime,
    now: datetime,
) -> int:
    """Notes for a version whom it learned from that is erased by now; gives how many.

    Args:
        registry: of the task.
        version: that was registered.
        students: those that it learned from; asked only where anybody was erased.
        since: when their records were read.
        now: aware UTC.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    key = registry.data_key
    laid = registry.run(TombstoneRepository().since(since))
    if not laid or key is None:
        return 0
    found = {mark for mark in map(key.of, students()) if mark in laid}
    for mark in found:
        registry.run(LearnedErasedRepository().note([version], mark, at=now))
    return len(found)
