"""Moving the champion by hand."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from api.registry import Registry
from database.aliases import CHAMPION, AliasRepository
from database.audit import AuditRepository
from database.promotions import PromotionRepository
from model.access import AuditEvent
from model.errors import Conflict
from model.promotion import DecisionStatus, Promotion


@dataclass(frozen=True, slots=True)
class Move:
    """What somebody asked for."""

    version: str
    action: str
    actor: str
    reason: str


async def move_champion(registry: Registry, move: Move, *, now: datetime) -> Promotion:
    """Points the champion to a registered version and records who wanted it and why.

    Raises:
        Conflict: it serves already, or somebody else moved the champion in the meantime.
        RegistryUnavailable: no answer.
    """
    alias = await registry.run(AliasRepository().find(CHAMPION))
    if alias is not None and alias.version == move.version:
        raise Conflict(f"{move.version} is the champion already")
    promotion = Promotion(
        promotion_id=uuid.uuid4().hex,
        at=now,
        actor=move.actor,
        action=move.action,
        status=DecisionStatus.PROMOTED,
        challenger=move.version,
        champion=alias.version if alias else None,
        reasons=(move.reason,),
    )
    done = await registry.run(
        PromotionRepository().promote(promotion, expected_revision=alias.revision if alias else 0)
    )
    await record(registry, move.actor, move.action, move.version, now=now, detail=move.reason)
    return done


async def record(
    registry: Registry, actor: str, action: str, subject: str, *, now: datetime, detail: str = ""
) -> None:
    """Adds a line to the audit log.

    Args:
        registry: where the log is.
        actor: the name of the caller's key.
        action: what was done.
        subject: to what.
        now: when.
        detail: the reason given, if any.

    Raises:
        RegistryUnavailable: no answer.
    """
    event = AuditEvent(uuid.uuid4().hex, now, actor, action, subject, detail)
    await registry.run(AuditRepository().add(event))
