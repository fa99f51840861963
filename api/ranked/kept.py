"""Long lists are kept in memory; a short one is read whenever it is asked for.

What is kept is shown at once, and read anew beside the requests when something has changed. So a
list of a whole city may be older than its page's rows by as long as reading it takes, and those
are read for each page.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from api.champion import Champion
from api.ranked.reading import Stamp, Whose
from model.errors import FarolError
from model.lists.published import ListBudget
from model.student import Observation
from preprocessing.lists.ranking import RankedStudents, rank_students
from preprocessing.lists.scoring import ScoredStudents
from preprocessing.task.policies import PromotionPolicy

KEPT_FROM = 2_000
"""Students; reading fewer takes a fraction of a second."""

MOST_KEPT = 3
"""Lists: this year's, last year's, and one to look something up."""

LOOK_SECONDS = 5.0
FORGOTTEN_SECONDS = 3_600.0
OLDEST_SECONDS = 600.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeptList:
    """A list as it was read last.

    Attributes:
        stamp: of what schools had reported then.
        observed: the records of a short list by student; empty of a long one, and of one that was
            not read at once.
    """

    scored: ScoredStudents
    champion: Champion
    stamp: Stamp
    observed: Mapping[str, Observation] = field(default_factory=dict)


Read = Callable[[], Awaitable[KeptList]]


@dataclass(slots=True)
class _Slot:
    kept: KeptList
    read: Read
    asked_at: float
    read_at: float
    ranked: tuple[KeptList, Sequence[ListBudget], RankedStudents] | None = None


@dataclass(slots=True)
class KeptLists:
    """The long lists of one task that a worker has in memory."""

    clock: Callable[[], float] = time.monotonic
    _slots: dict[Whose, _Slot] = field(default_factory=dict)

    async def get(self, whose: Whose, read: Read) -> KeptList:
        """A list: as it is kept, or read now.

        Args:
            whose: whom it is about.
            read: reads it.

        Raises:
            FarolError: what `read` raises.
        """
        slot = self._slots.get(whose)
        if slot is not None:
            slot.asked_at, slot.read = self.clock(), read
            return slot.kept
        found = await read()
        if len(found.scored.ids) < KEPT_FROM:
            return found
        long = replace(found, observed={})
        self._keep(whose, _Slot(long, read, self.clock(), self.clock()))
        return long

    def rank(
        self, whose: Whose, kept: KeptList, budgets: Sequence[ListBudget], policy: PromotionPolicy
    ) -> RankedStudents:
        """A list ranked, once for the same budgets.

        Args:
            whose: whom it is about.
            kept: what `get` gave.
            budgets: that the schools have set.
            policy: the task's.
        """
        slot = self._slots.get(whose)
        if slot is None or slot.kept is not kept:
            return rank_students(kept.scored, budgets, policy)
        found = slot.ranked
        if found is None or found[0] is not kept or found[1] != budgets:
            # In a thread: meanwhile another list may have come in this one's place.
            found = (kept, budgets, rank_students(kept.scored, budgets, policy))
            slot.ranked = found
        return found[2]

    async def look(self, stamp: Stamp, version: str) -> int:
        """Reads anew what has changed, and drops what nobody asks for; gives how many it read.

        Args:
            stamp: of what schools have reported by now.
            version: who serves.

        Raises:
            FarolError: a list cannot be read; it stays as it was.
        """
        before, read = self.clock() - FORGOTTEN_SECONDS, 0
        for whose, slot in list(self._slots.items()):
            if slot.asked_at < before:
                del self._slots[whose]
            elif self._changed(slot, stamp, version):
                slot.kept, slot.ranked = replace(await slot.read(), observed={}), None
                slot.read_at = self.clock()
                read += 1
        return read

    @property
    def empty(self) -> bool:
        """Whether nothing is kept."""
        return not self._slots

    def _changed(self, slot: _Slot, stamp: Stamp, version: str) -> bool:
        """Of two files that are read at once the stamp may not tell the one that ends last."""
        old = self.clock() - slot.read_at > OLDEST_SECONDS
        kept = slot.kept
        return old or (kept.stamp, kept.champion.version) != (stamp, version)

    def _keep(self, whose: Whose, slot: _Slot) -> None:
        self._slots[whose] = slot
        while len(self._slots) > MOST_KEPT:
            del self._slots[min(self._slots, key=lambda one: self._slots[one].asked_at)]


async def follow(
    kept: KeptLists,
    stamp: Callable[[], Awaitable[tuple[Stamp, str] | None]],
    sweep: Callable[[], None],
) -> None:
    """Looks again and again whether kept lists have changed, until cancelled.

    Args:
        kept: the lists.
        stamp: gives what `look` needs, None while nobody serves.
        sweep: removes the files of lists that may not be there any more.
    """
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await asyncio.to_thread(sweep)
        except OSError as error:
            _log.warning("lists of before an erasure or an objection are not removed: %s", error)
        if kept.empty:
            continue
        try:
            found = await stamp()
            if found is not None:
                await kept.look(*found)
        except FarolError as error:
            _log.debug("lists are not read anew: %s", error)
