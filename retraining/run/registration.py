"""A challenger becomes a registered version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from database.aliases import CHALLENGER, AliasRepository
from database.artifacts import ArtifactRepository
from database.batches import BatchRepository
from database.decisions.realised import promotions_and_what_came
from database.driver.client import SyncRegistry
from database.driver.commands import Op
from database.lists.published import newest_rooms
from database.versions import ModelVersionRepository
from model.archive import bundle_digest, pack
from model.decisions.realised import track_record
from model.dropped import DroppedStudy
from model.erasing.record_ids import listed, listed_with
from model.errors import Conflict
from model.units.tested import KnownUnits, version_by_unit
from model.version import Lineage, ModelVersion, Window, resign
from preprocessing.lanes import new_cases, operating_cuts
from preprocessing.leakage import LeakageReport
from preprocessing.task.spec import TaskSpec
from retraining.run.card_artifacts import card_facts, store_card
from retraining.run.challenge import ScoredChallenger
from retraining.run.champion import StoredChampion
from retraining.run.judged_kinds import JUDGED
from retraining.run.lineage import leakage_check
from retraining.run.lock import HeldLease
from retraining.run.verdict import Verdict
from retraining.run.window import describe
from training.card.facts import CardFacts
from training.estimating.held_out_map import held_out_map
from training.families.trees import tree_count
from training.kinds import kind_of
from training.recall_targets import (
    classification_report,
    figures_at_k,
    lane_curves,
    recall_targets,
)
from training.recipe import recipe
from training.statuses import status_figures

BATCHES = 1000
"""Files and batches looked at for what came in; more than a school system sends in years."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A challenger's bundle as bytes, and their digest."""

    archive: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a version comes from, beside its data.

    Attributes:
        leakage: what its guard measured.
        left_out: period to labelled records that the window had no room for.
        units: that the task knows of; None where it has none.
        scorer_of: the version whose scorer is kept; None where the version learned one of its own.
        dropped: what each feature brings.
        continued: the champion whose trees the version holds; None where it holds nobody's.
    """

    lineage: Lineage
    leakage: LeakageReport
    at: datetime
    signing_key: bytes
    left_out: Mapping[str, int] = field(default_factory=dict)
    units: KnownUnits | None = None
    scorer_of: ModelVersion | None = None
    dropped: DroppedStudy | None = None
    continued: StoredChampion | None = None


def parcel(trial: ScoredChallenger, folder: Path) -> Parcel:
    """Writes the challenger's bundle into a new folder and packs it."""
    trial.model.write(folder)
    archive = pack(folder)
    return Parcel(archive, hashlib.sha256(archive).hexdigest())


def register(
    registry: SyncRegistry,
    trial: ScoredChallenger,
    packed: Parcel,
    verdict: Verdict,
    task: TaskSpec,
    provenance: Provenance,
    held: HeldLease,
) -> ModelVersion:
    """Stores the bundle, the ids it was trained on and its card, then the version that names them.

    The version comes last: a run that dies before it leaves bytes that nobody refers to, and the
    next run stores the same bytes under the same digest.

    Args:
        registry: where the version is kept.
        trial: the model, and on whom it was tried.
        packed: its bundle as one string of bytes.
        verdict: on it; the card tells it.
        task: what it was trained for.
        provenance: what the version must remember of its run.
        held: the lease, checked before the version is written.

    Raises:
        LeaseLost: another run took over; no version was registered.
        RegistryError: the registry fails.
    """
    artifact = registry.run(ArtifactRepository().put(packed.archive))
    learned = trial.whole
    ids = (
        listed(trial.trained.subjects(), registry.data_key) if learned is None else learned.listed()
    )
    if provenance.continued is not None:
        ids = listed_with(ids, provenance.continued.trained_on)
    learned_from = registry.run(ArtifactRepository().put(ids))
    draft = _gone_on(_draft(trial, task, provenance, artifact, learned_from), provenance.continued)
    draft = _kept_scorer(draft, provenance.scorer_of)
    batches = registry.run(BatchRepository().newest(BATCHES))
    record = track_record(*registry.run(promotions_and_what_came()))
    rooms = registry.run(newest_rooms())
    facts = card_facts(draft, trial, verdict, task, batches, record, rooms)
    held.check()
    numbered = ModelVersionRepository().register(
        partial(_numbered, replace(draft, bundle=bundle_digest(packed.archive)), provenance),
        complete=partial(_with_card, facts),
        lease=held.lease,
    )
    version = registry.run(numbered)
    _point_challenger(registry, version, provenance.at)
    return version


def _kept_scorer(draft: ModelVersion, origin: ModelVersion | None) -> ModelVersion:
    """The draft of a recalibration: what its scorer learned from is that of the origin."""
    if origin is None:
        return draft
    return replace(
        draft,
        window=origin.window,
        trained_on=origin.trained_on,
        calibrated_on=draft.trained_on,
        leakage=origin.leakage,
        lineage=replace(
            draft.lineage,
            continued_from=origin.lineage.continued_from,
            trees_kept=origin.lineage.trees_kept,
        ),
    )


def _gone_on(draft: ModelVersion, champion: StoredChampion | None) -> ModelVersion:
    """The draft of a version with the champion's trees: it has learned what these have learned."""
    if champion is None:
        return draft
    before = champion.version
    periods = tuple(sorted({*before.window.periods, *draft.window.periods}))
    return replace(
        draft,
        window=replace(draft.window, periods=periods),
        lineage=replace(
            draft.lineage,
            continued_from=before.version,
            trees_kept=tree_count(champion.predictor.bundle.scorer),
        ),
    )


def _numbered(draft: ModelVersion, provenance: Provenance, number: int) -> ModelVersion:
    """The version under its name, signed as such."""
    version = replace(draft, version=f"v{number}", number=number)
    return resign(version, draft.task, provenance.signing_key)


def _with_card(facts: CardFacts, version: ModelVersion) -> Op[ModelVersion]:
    """Stores the card that says the version's name."""
    card = yield from store_card(replace(facts, version=version))
    return replace(version, card=card)


def _draft(
    trial: ScoredChallenger,
    task: TaskSpec,
    provenance: Provenance,
    artifact: str,
    trained_on: str,
) -> ModelVersion:
    model = trial.model
    judged, units = JUDGED[task.outcome.kind], provenance.units
    groups = judged.groups(trial, task)
    return ModelVersion(
        version="v0",
        number=0,
        task=task.name,
        family=model.family,
        created_at=provenance.at,
        params=model.params,
        metrics=kind_of(task).evaluate(
            task, trial.cases, trial.scores, operating_cuts(model.thresholds, trial.cases.records)
        ),
        metrics_on=trial.judged_on,
        thresholds=model.thresholds,
        window=_window(trial, provenance),
        lineage=provenance.lineage,
        features=task.feature_names,
        reference=model.reference,
        artifact=artifact,
        trained_on=trained_on,
        signature="",
        candidates=tuple(model.candidates),
        fairness=groups.figures,
        fairness_gaps=groups.gaps,
        leakage=leakage_check(provenance.leakage, task),
        by_unit=None if units is None else version_by_unit(judged.units(trial), units),
        **_as_asked(trial, task),
        statuses=status_figures(
            model.thresholds, trial.cases.outcome, trial.scores, trial.cases.records
        ),
        recipe=recipe(task),
        dropped=provenance.dropped,
        keeps_records=model.scorer.KEEPS_RECORDS,
    )


def _window(trial: ScoredChallenger, provenance: Provenance) -> Window:
    at, left_out = provenance.at, provenance.left_out
    if trial.whole is not None:
        return trial.whole.described(at, left_out)
    return describe(trial.trained, at, left_out)


def _as_asked(trial: ScoredChallenger, task: TaskSpec) -> dict[str, Any]:
    """Recall targets, figures at k and the report of both classes; none of a numeric outcome."""
    if not JUDGED[task.outcome.kind].finds_cases:
        return {}
    outcome, new = trial.cases.outcome, new_cases(trial.cases.records, task)
    return {
        "recall_targets": recall_targets(outcome, trial.scores, new),
        "at_k": figures_at_k(outcome, trial.scores, new),
        "by_lane": lane_curves(outcome, trial.scores, new),
        "report": classification_report(outcome, trial.flags),
        "held_out_map": held_out_map(
            outcome, trial.scores, trial.model.encoder.encode_many(trial.cases.records)
        ),
    }


def _point_challenger(registry: SyncRegistry, version: ModelVersion, now: datetime) -> None:
    """Points the `challenger` alias to the newest version; a convenience nothing depends on."""
    current = registry.run(AliasRepository().find(CHALLENGER))
    revision = current.revision if current else 0
    try:
        registry.run(
            AliasRepository().point(
                CHALLENGER, version.version, expected_revision=revision, now=now
            )
        )
    except Conflict:
        return  # A newer run has pointed it to its own.
