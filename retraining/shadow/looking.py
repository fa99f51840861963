"""One look at what was predicted since the last one, scored by champion and challenger."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from database.aliases import CHALLENGER, CHAMPION, AliasRepository
from database.decisions import approval
from database.driver.client import SyncRegistry
from database.driver.commands import Op
from database.predictions import PredictionRepository
from database.rights.objections import without_objecting
from database.versions import ModelVersionRepository
from database.watch.canaries import CanaryRepository
from database.watch.shadows import ShadowRepository
from model.errors import BundleError, CorruptArtifact, NotFound
from model.prediction import Prediction
from model.promotion import DecisionStatus, Promotion
from model.version import Alias
from model.watch.canary import Canary
from model.watch.shadow import LogCursor, ShadowRecord
from preprocessing.predictor import Predictor, misfit
from preprocessing.task.spec import TaskSpec
from retraining.run.champion import load_predictor
from retraining.shadow.scoring import ShadowPair, Timer, answered_by, edges_of, tallied

BATCH = 2_000
MOST_BATCHES = 10
"""Of one look; what is left has its turn at the next."""

SETTLED = timedelta(seconds=30)
"""Predictions younger than this are left to the next look: another host may still ship older ones.

One that arrives later than a younger one was looked at is not scored."""


@dataclass(frozen=True, slots=True)
class ShadowSubject:
    """Who is tried, and beside whom.

    Attributes:
        champion: who serves.
        version: who is tried; None where nobody is.
        since: from when on predictions count.
        pending: the decision that waits, for a trial or a person; None where none does.
        shadow: what was counted of that version beside that champion.
        canary: the version's canary, as it was begun last.
        answers: the canary that answers now, whosever it is.
    """

    champion: Alias
    version: str | None
    since: datetime
    pending: Promotion | None
    shadow: ShadowRecord | None
    canary: Canary | None
    answers: Canary | None

    @property
    def tried(self) -> Promotion | None:
        """The decision that waits for the trial."""
        waits = self.pending is not None and self.pending.status is DecisionStatus.SHADOW
        return self.pending if waits else None


def shadow_subject() -> Op[ShadowSubject | None]:
    """Who is tried: whose decision waits, else the `challenger` alias; None without a champion.

    Raises:
        RegistryError: a document cannot be read.
    """
    champion = yield from AliasRepository().find(CHAMPION)
    if champion is None:
        return None
    pending = yield from approval.pending()
    alias = yield from AliasRepository().find(CHALLENGER)
    version, since = (None, champion.since)
    if pending is not None:
        version, since = pending.challenger, pending.at
    elif alias is not None and alias.version != champion.version:
        version, since = alias.version, max(alias.since, champion.since)
    shadow = canary = None
    if version is not None:
        shadow = yield from ShadowRepository().find(version)
        canary = yield from CanaryRepository().find(version)
    answers = yield from CanaryRepository().current()
    return ShadowSubject(champion, version, since, pending, shadow, canary, answers)


def look(
    registry: SyncRegistry,
    subject: ShadowSubject,
    task: TaskSpec,
    signing_key: bytes,
    *,
    now: datetime,
    timer: Timer,
) -> ShadowRecord | None:
    """Scores what was predicted since the last look; None where nobody is tried.

    Each batch is stored with the cursor behind it in one write, so a process that dies anywhere
    leaves batches that count whole or not at all.

    Args:
        registry: the task's.
        subject: who is tried.
        task: as it is now.
        signing_key: the installation's; both bundles are verified with it.
        now: aware UTC.
        timer: seconds, from any moment.

    Raises:
        BundleError: the champion's bundle cannot be trusted; the challenger's is a fault of the
            record.
        Conflict: another worker looks at the same time; its look stands.
        RegistryError: the registry fails.
    """
    if subject.version is None:
        return None
    record = _record(subject, subject.version, task, now)
    batch = _next(registry, record, now)
    if not batch and record.revision and _unchanged(record, subject.shadow):
        return record
    fresh = not record.revision
    with tempfile.TemporaryDirectory(prefix="farol-shadow-") as name:
        try:
            challenger = _loaded(registry, record.version, task, Path(name), signing_key)
        except (BundleError, CorruptArtifact, NotFound) as error:
            return registry.run(ShadowRepository().put(replace(record, fault=str(error))))
        record = replace(record, fault="")
        if not batch:
            record = registry.run(ShadowRepository().put(record))
        else:
            champion = _loaded(registry, record.champion, task, Path(name), signing_key)
            record = _scored(
                registry, record, ShadowPair(champion, challenger), batch, task, now, timer
            )
    if fresh:
        registry.run(ShadowRepository().prune())
    return record


def _scored(
    registry: SyncRegistry,
    record: ShadowRecord,
    pair: ShadowPair,
    batch: Sequence[Prediction],
    task: TaskSpec,
    now: datetime,
    timer: Timer,
) -> ShadowRecord:
    for number in range(1, MOST_BATCHES + 1):
        last = batch[-1]
        counted = replace(record, at=now, cursor=LogCursor(last.created_at, last.prediction_id))
        if shown := registry.run(without_objecting(batch)):
            edges = record.edges or edges_of(pair, [one.features for one in shown])
            tally = tallied(pair, shown, edges, task, timer=timer)
            answered = answered_by(shown, record.version, record.answered_since)
            total = record.tally.plus(replace(tally, answered=answered))
            counted = replace(counted, edges=edges, tally=total)
        record = registry.run(ShadowRepository().put(counted))
        if len(batch) < BATCH or number == MOST_BATCHES:
            break
        batch = _next(registry, record, now)
        if not batch:
            break
    return record


def _record(subject: ShadowSubject, version: str, task: TaskSpec, now: datetime) -> ShadowRecord:
    """The record that goes on; a new one beside another champion, or of another trial."""
    kept, champion, tried = subject.shadow, subject.champion.version, subject.tried
    before = kept is not None and tried is not None and kept.since < tried.at
    if kept is None or kept.champion != champion or before:
        kept = ShadowRecord(
            version,
            champion,
            subject.since,
            now,
            LogCursor(subject.since),
            revision=0 if kept is None else kept.revision,
        )
    canary = subject.canary
    if canary is not None and canary.since != kept.answered_since and canary.since >= kept.since:
        tally = replace(kept.tally, answered=0)
        kept = replace(kept, answered_since=canary.since, tally=tally)
    asked = task.promotion.shadow if tried is not None else None
    return replace(
        kept,
        budget=task.promotion.budget,
        waits=tried is not None,
        needed_days=0 if asked is None else asked.days,
        needed_predictions=0 if asked is None else asked.predictions,
    )


def _unchanged(record: ShadowRecord, stored: ShadowRecord | None) -> bool:
    return stored is not None and replace(record, at=stored.at) == stored


def _next(registry: SyncRegistry, record: ShadowRecord, now: datetime) -> list[Prediction]:
    at, last = record.cursor.at, record.cursor.prediction_id
    found = PredictionRepository().logged_after(at, last, until=now - SETTLED, limit=BATCH)
    return registry.run(found)


def _loaded(
    registry: SyncRegistry, version: str, task: TaskSpec, folder: Path, signing_key: bytes
) -> Predictor:
    """The verified model of a version.

    Raises:
        BundleError: it cannot be trusted, or cannot serve the task as it is now.
        RegistryError: the registry fails.
    """
    found = registry.run(ModelVersionRepository().get(version))
    predictor = load_predictor(registry, found, folder, signing_key)
    if reason := misfit(predictor.bundle, task):
        raise BundleError(reason)
    if predictor.thresholds.scale is not task.scale:
        raise BundleError(f"{version}: its scores are on another scale than the task's")
    predictor.self_test()
    return predictor
