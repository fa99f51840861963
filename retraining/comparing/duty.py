"""The worker's part in comparisons: makes those that wait, oldest first."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from database.comparing.comparisons import MOST_COMPARISONS, ComparisonRepository
from database.driver.client import SyncRegistry
from database.driver.commands import Op
from database.versions import ModelVersionRepository
from drift.comparing.gathering import learned_from
from model.comparing.comparison import (
    ComparisonFinding,
    ComparisonStatus,
    NotComparable,
    VersionComparison,
)
from model.erasing.record_ids import Learned
from model.errors import FarolError, RegistryUnavailable
from model.trust.tombstone import TombstoneKey
from model.units.disclosure import FEWEST_SHOWN
from model.version import ModelVersion
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.predictor import Predictor, misfit
from preprocessing.task.spec import TaskSpec
from retraining.comparing import figures
from retraining.promotion.cases import Answers
from retraining.run import training_labels
from retraining.run.champion import load_predictor
from retraining.run.execution import own_words
from retraining.run.verdict import answers, cases_of

RECENT_LABELS = 5_000
"""Outcomes that are looked at, the newest."""

FEWEST = 20
"""Records without which nothing is said."""

MOST_AT_ONCE = 5
"""Of one turn; the others have theirs a minute later."""

SEED = 0
"""The same records give the same intervals, whoever asks and however often."""

_log = logging.getLogger(__name__)


def compare_versions(
    registry: SyncRegistry, task: TaskSpec, signing_key: bytes, now: datetime
) -> str:
    """Makes the comparisons that wait. One that cannot be made says why and waits no longer.

    It decides nothing, and takes no look at the error budget of a period: nothing follows from it.
    Killed anywhere, it leaves the comparison waiting, and the next turn makes it.

    Args:
        registry: the task's.
        task: as it is now.
        signing_key: of the installation; both versions answer from their stored bundles.
        now: aware UTC.

    Returns:
        What was done, in a sentence.

    Raises:
        RegistryError: the registry fails.
    """
    waiting = registry.run(ComparisonRepository().waiting(MOST_AT_ONCE))
    if not waiting:
        return "no comparison waits"
    made = []
    for asked in waiting:
        one = _made(registry, task, signing_key, asked, now)
        registry.run(ComparisonRepository().put(one))
        made.append(one)
    registry.run(ComparisonRepository().keep_newest(MOST_COMPARISONS))
    return "; ".join(f"{one.first} and {one.second}: {one.status.value}" for one in made)


def _made(
    registry: SyncRegistry,
    task: TaskSpec,
    signing_key: bytes,
    asked: VersionComparison,
    now: datetime,
) -> VersionComparison:
    done = replace(asked, done_at=now)
    try:
        with tempfile.TemporaryDirectory(prefix="farol-comparison-") as folder:
            return compared(registry, task, signing_key, done, Path(folder), now=now)
    except RegistryUnavailable:
        # It waits, and so does everything else.
        raise
    except FarolError as error:
        return replace(done, status=ComparisonStatus.FAILED, error=own_words(error))
    except Exception as error:  # noqa: BLE001  told to whoever asked, and in the log
        # Otherwise it would fail again at every turn, and those behind it would wait for ever.
        _log.exception("the comparison of %s and %s failed", asked.first, asked.second)
        why = f"it failed unforeseen ({type(error).__name__}); the worker's log says where"
        return replace(done, status=ComparisonStatus.FAILED, error=why)


def compared(
    registry: SyncRegistry,
    task: TaskSpec,
    signing_key: bytes,
    asked: VersionComparison,
    folder: Path,
    *,
    now: datetime,
) -> VersionComparison:
    """A comparison with what it showed, or with why there is nothing to compare.

    Args:
        registry: the task's.
        task: as it is now.
        signing_key: of the installation.
        asked: names the versions.
        folder: a temporary one, for both bundles.
        now: outcomes that arrived later are not looked at.

    Raises:
        BundleError: a version cannot be trusted.
        NotFound: a version is not registered.
        RegistryError: the registry fails.
    """
    versions = [
        registry.run(ModelVersionRepository().get(name)) for name in (asked.first, asked.second)
    ]
    data, learned = registry.run(_unseen(task, versions, now, registry.data_key))
    if (why := not_comparable(data, task, learned)) is not None:
        return replace(asked, status=ComparisonStatus.IMPOSSIBLE, why=why, found=len(data))
    loaded = {}
    for version in versions:
        if version.version not in loaded:
            loaded[version.version] = load_predictor(registry, version, folder, signing_key)
    predictors = [loaded[version.version] for version in versions]
    if any(misfit(one.bundle, task) for one in predictors):
        why = NotComparable.MISFIT
        return replace(asked, status=ComparisonStatus.IMPOSSIBLE, why=why, found=len(data))
    pair = tuple(
        _answers(version, predictor, data)
        for version, predictor in zip(versions, predictors, strict=True)
    )
    finding = found_of(data, (pair[0], pair[1]), task, learned=learned)
    return replace(asked, status=ComparisonStatus.DONE, finding=finding)


def not_comparable(data: TrainingSet, task: TaskSpec, learned: int) -> NotComparable | None:
    """Why nothing can be said on these records; None where something can.

    Args:
        data: records that neither version learned from.
        task: whether its outcome is two-valued.
        learned: newest labelled records that one of them learned from.
    """
    if len(data) < FEWEST:
        return NotComparable.LEARNED if learned and not len(data) else NotComparable.FEW
    at_risk = int((data.outcome == 1).sum())
    if task.outcome.form.two_valued and min(at_risk, len(data) - at_risk) < FEWEST_SHOWN:
        return NotComparable.ONE_SIDED
    return None


def found_of(
    data: TrainingSet, pair: tuple[Answers, Answers], task: TaskSpec, *, learned: int
) -> ComparisonFinding:
    """What two versions' answers to the same records show; pure."""
    cases, policy = cases_of(data, task), task.promotion
    two_valued = task.outcome.form.two_valued
    if two_valued:
        found = figures.risk_figures(cases, pair, policy, seed=SEED)
        flagged, both = figures.both_flagged(cases, pair, policy)
    else:
        found, flagged, both = figures.value_figures(cases, pair, seed=SEED), 0, 0.0
    arrived = None if data.arrived is None else float(data.arrived.max())
    return ComparisonFinding(
        rows=len(data),
        students=len(np.unique(data.students)),
        positives=int((data.outcome == 1).sum()) if two_valued else 0,
        periods=tuple(str(period) for period in np.unique(data.periods)),
        newest=None if arrived is None else datetime.fromtimestamp(arrived, UTC),
        learned=learned,
        flagged=flagged,
        both_flagged=both,
        same_scores=bool(np.array_equal(pair[0].scores, pair[1].scores)),
        figures=found,
        by_period=figures.by_period(cases, pair, policy, two_valued=two_valued, seed=SEED),
        resamples=figures.RESAMPLES,
    )


def _answers(version: ModelVersion, predictor: Predictor, data: TrainingSet) -> Answers:
    scores = predictor.score_many(data.records)
    return answers(version.version, scores, predictor.bundle.thresholds, data)


def _unseen(
    task: TaskSpec, versions: list[ModelVersion], now: datetime, data_key: TombstoneKey | None
) -> Op[tuple[TrainingSet, int]]:
    """The newest labelled records that no version learned from, and how many others there were."""
    found = yield from training_labels.window(task, arrived_until=now, limit=RECENT_LABELS)
    data = training_set(found, [])
    learned = Learned(key=data_key)
    for version in versions:
        learned |= yield from learned_from(version, data_key)
    fresh = ~data.known_to(learned)
    return data.take(fresh), int((~fresh).sum())
