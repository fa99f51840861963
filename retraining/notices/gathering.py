"""Reads what notices are found in; nothing is written.

It is done every minute, so it reads the last days and what is small, never a whole collection.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from database.api_keys import ApiKeyRepository, KeyRevocationRepository, KeyUseRepository
from database.decisions import approval
from database.decisions.realised import RealisedGainRepository
from database.driver.client import SyncRegistry
from database.driver.commands import Op
from database.leases import LeaseRepository
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.watch.alarms import AlarmRepository
from database.watch.jobs import JobRepository
from database.watch.statistics import PerformanceRepository
from model.access import ApiKey
from model.decisions.realised import RealisedGain
from model.promotion import Promotion
from model.trust.key_watch import ending, unused
from model.watch.job import JobState
from model.watch.performance import Degradation
from preprocessing.task.spec import TaskSpec
from retraining.notices import serving
from retraining.notices.reconcile import STALE
from retraining.notices.scene import Scene, Waiting

REACH = STALE + timedelta(days=1)
"""How far back a look goes: beyond what would still be sent."""

MOST = 200
"""Decisions, and runs, of one look: far more than there are in so few days."""

RECENT_GAINS = 20

_ID = re.compile("[0-9a-f]{12}")
"""What `api.keys` names a key; whatever else stands there is told to nobody."""


def gather(
    registry: SyncRegistry,
    root: SyncRegistry,
    task: TaskSpec,
    *,
    now: datetime,
    home: Path | None = None,
    api_url: str | None = None,
) -> Scene:
    """Reads one look.

    Args:
        registry: the task's.
        root: the one that holds the workers' leases and the API keys.
        task: whose notices they are.
        now: aware UTC.
        home: the task's folder on this host, where an API notes what it refused.
        api_url: the API, to ask it how it is.

    Raises:
        RegistryError: the registry fails, or a document cannot be read.
    """
    seen = serving.look(home, api_url, task.name)
    leases = tuple(root.run(LeaseRepository().all()))
    keys, uses = root.run(_of_keys())
    found = registry.run(_of_registry(task, now))
    return replace(
        found,
        leases=leases,
        serving=seen,
        ending_keys=tuple(ending(keys, now)),
        unused_keys=tuple(unused(keys, uses, now)),
    )


def _of_keys() -> Op[tuple[list[ApiKey], dict[str, datetime]]]:
    """The API keys that nobody revoked, and when each was used.

    Their seals are not asked: whoever can write to the registry could add a notice, whose id is
    no text of theirs, and could as well delete the ones that are there.
    """
    revoked = {one.key_id for one in (yield from KeyRevocationRepository().all())}
    keys = [
        key
        for key in (yield from ApiKeyRepository().all())
        if key.revoked_at is None and key.key_id not in revoked and _ID.fullmatch(key.key_id)
    ]
    return keys, (yield from KeyUseRepository().all())


def _of_registry(task: TaskSpec, now: datetime) -> Op[Scene]:
    since = now - REACH
    promotions = yield from PromotionRepository().since(since, MOST)
    runs = yield from RunRepository().since(since, MOST)
    days = task.promotion.approval_days
    staged = yield from approval.waiting(days, now=now)
    return Scene(
        now=now,
        task=task.name,
        promotions=tuple(promotions),
        came=(yield from _came(since)),
        waiting=None if staged is None else Waiting(staged, approval.expires_at(staged, days)),
        runs=tuple(runs),
        watch=(yield from AlarmRepository().current()),
        degradations=(yield from _degradations()),
        jobs=(yield from _jobs()),
        columns={
            column.name: {"pt": column.description_pt, "en": column.description}
            for column in task.features
        },
    )


def _came(since: datetime) -> Op[tuple[tuple[Promotion, RealisedGain], ...]]:
    measured = yield from RealisedGainRepository().newest(RECENT_GAINS)
    recent = [gain for gain in measured if gain.at >= since]
    made = yield from PromotionRepository().get_many([gain.promotion_id for gain in recent])
    return tuple((made[g.promotion_id], g) for g in recent if g.promotion_id in made)


def _degradations() -> Op[tuple[Degradation, ...]]:
    measured = yield from PerformanceRepository().current()
    return () if measured is None else measured.degradations


def _jobs() -> Op[tuple[JobState, ...]]:
    return tuple((yield from JobRepository().all()))
