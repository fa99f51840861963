"""Where a rollback leads, read from the ledger."""

from __future__ import annotations

from collections.abc import Iterable

from model.promotion import DecisionStatus, Promotion

ROLLBACK = "rollback"


def rollback_target(ledger: Iterable[Promotion]) -> str | None:
    """The version that served before the present champion was promoted; None if there was none.

    A rollback undoes a promotion, so rolling back twice goes back two promotions instead of
    returning to the version one has just fled from.

    Args:
        ledger: every decision, newest first.
    """
    served: list[str] = []
    for decision in sorted(_moves(ledger), key=lambda p: p.revision or 0):
        if decision.action == ROLLBACK and decision.challenger in served:
            while served[-1] != decision.challenger:
                served.pop()
        elif served[-1:] != [decision.challenger]:
            served.append(decision.challenger)
    return served[-2] if len(served) > 1 else None


def _moves(ledger: Iterable[Promotion]) -> Iterable[Promotion]:
    return (p for p in ledger if p.status is DecisionStatus.PROMOTED and p.revision is not None)
