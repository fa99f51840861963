"""The repair pass: finishes what a process that died left half done.

It is safe at any time, beside running processes, and as often as one likes. The quick pass pays
what is noted as owed; the full pass makes every label anew from its facts, which also finds what
no note tells of, such as a prediction that arrived after its label was joined.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from database.driver.commands import Find, Op
from database.driver.paging import in_parts
from database.erasing import erasure
from database.labelling.facts import Subject
from database.labelling.join import settle
from database.labelling.linking import join_orphans, link
from database.labelling.pending import PendingJoinRepository
from database.mapping.documents import milliseconds
from database.outcomes import OutcomeRepository
from database.promotions import PromotionRepository
from model.anonymous import MARK, anonymous
from model.trust.tombstone import TombstoneKey

GRACE = timedelta(minutes=10)
"""How long a note is left alone: its process may be alive and about to use it."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair pass found to do.

    Attributes:
        promotion: a committed promotion was missing from the ledger.
        owed: labels that a process noted and may not have written.
        joined: orphans that found their features.
        looked_at: labels made anew by the full pass.
        erased: records of erased students that were back, and are removed again.
    """

    promotion: bool
    owed: int
    joined: int
    looked_at: int
    erased: int = 0

    def told(self) -> str:
        """What was done, in words.

        >>> Repaired(promotion=True, owed=3, joined=0, looked_at=0).told()
        'the ledger got the line it lacked; 3 labels that were owed settled; 0 orphans joined'
        """
        parts = ["the ledger got the line it lacked"] if self.promotion else []
        parts.append(f"{self.owed} labels that were owed settled")
        parts.append(f"{self.joined} orphans joined")
        if self.looked_at:
            parts.append(f"{self.looked_at} labels made anew")
        if self.erased:
            parts.append(f"{self.erased} records of erased students removed again")
        return "; ".join(parts)


def repair(
    *, now: datetime, full: bool = False, tombstone_key: TombstoneKey | None = None
) -> Op[Repaired]:
    """Runs a repair pass.

    Args:
        now: aware UTC.
        full: make every label anew, not only those that are owed.
        tombstone_key: with it the full pass removes what is back of erased students.
    """
    erased = (yield from erasure.remove_again(tombstone_key)) if full and tombstone_key else 0
    promotion = yield from PromotionRepository().repair()
    owed = yield from _pay(now)
    joined = yield from join_orphans(now=now)
    looked_at = (yield from _all_anew()) if full else 0
    return Repaired(promotion, owed, joined, looked_at, erased)


def _pay(now: datetime) -> Op[int]:
    subjects = yield from PendingJoinRepository().owed()
    yield from _settle(subjects)
    yield from PendingJoinRepository().paid_until(milliseconds(now - GRACE))
    return len(subjects)


def _all_anew() -> Op[int]:
    found = yield Find(OutcomeRepository.collection, {}, fields=["student_id", "period"])
    subjects = {(row["student_id"], row["period"]) for row in found}
    yield from _settle(subjects)
    return len(subjects)


def _settle(subjects: Iterable[Subject]) -> Op[None]:
    dated = sorted(subject for subject in subjects if subject[1])
    waiting = sorted(i.removeprefix(MARK) for i, period in subjects if not period)
    for part in in_parts(dated):
        yield from settle(part)
    for ids in in_parts(waiting):
        yield from settle((anonymous(i), "") for i in ids)
        yield from link(ids)
