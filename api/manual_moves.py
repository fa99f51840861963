"""Moving the champion by hand, and where a rollback leads."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from api.registry import Registry
from database.aliases import CHAMPION, AliasRepository
from database.decisions import approval
from database.promotions import PromotionRepository
from database.watch.canaries import CanaryRepository
from model.errors import Conflict
from model.promotion import DecisionStatus, Promotion

ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Move:
    """What somebody asked for."""

    version: str
    action: str
    actor: str
    reason: str


async def move_champion(
    registry: Registry, move: Move, *, approval_days: int, now: datetime
) -> Promotion:
    """Points the champion to a registered version and records who wanted it and why.

    Args:
        registry: of the task.
        move: what was asked for.
        approval_days: how long a version waits for approval; one that is put into service by hand
            waits no longer.
        now: when.

    Raises:
        Conflict: it serves already, or somebody else moved the champion in the meantime.
        RegistryUnavailable: no answer.
    """
    alias = await registry.run(AliasRepository().find(CHAMPION))
    if alias is not None and alias.version == move.version:
        raise Conflict(f"{move.version} is the champion already")
    about = await registry.run(PromotionRepository().of_version(move.version))
    promotion = Promotion(
        promotion_id=uuid.uuid4().hex,
        at=now,
        actor=move.actor,
        action=move.action,
        status=DecisionStatus.PROMOTED,
        challenger=move.version,
        champion=alias.version if alias else None,
        reasons=(move.reason,),
        provisional=any(one.provisional for one in about),
    )
    done = await registry.run(
        PromotionRepository().promote(promotion, expected_revision=alias.revision if alias else 0)
    )
    await registry.run(approval.settle(approval_days, now=now))
    ended = CanaryRepository().end(
        actor=move.actor, reason=f"{move.version} was put into service by hand", now=now
    )
    await registry.run(ended)
    return done


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
