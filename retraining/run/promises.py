"""What promotions promised, held against the outcomes that came after them."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from database.decisions.realised import RealisedGainRepository, promotions_and_what_came
from database.driver.client import SyncRegistry
from database.versions import ModelVersionRepository
from model.decisions.realised import RealisedGain, promising, told_came
from model.errors import BundleError, NotFound
from model.promotion import Promotion
from model.version import ModelVersion
from preprocessing.dataset import TrainingSet
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec
from retraining.promotion.cases import Answers
from retraining.run.champion import load_predictor
from retraining.run.judged_kinds import JUDGED
from retraining.run.verdict import answers, cases_of, comparable

SEED = 0
"""Draws the resamples, the same ones at every look: what came changes with the outcomes alone."""


def hold(
    registry: SyncRegistry,
    task: TaskSpec,
    data: TrainingSet,
    signing_key: bytes,
    *,
    left_out: Mapping[str, int],
    now: datetime,
) -> list[str]:
    """Measures every promise whose period has outcomes, and keeps what came.

    Args:
        registry: of the task.
        task: its policy says how many are flagged, and how many outcomes are enough.
        data: the labelled window as it is now.
        signing_key: of the installation; both versions answer from their stored bundles.
        left_out: period to labels that the window had no room for; what was measured on such a
            period stays.
        now: aware UTC.

    Returns:
        A sentence for each that was measured, or measured anew on other outcomes, and for each
        that could not be.

    Raises:
        RegistryError: the registry fails.
    """
    ledger, known = registry.run(promotions_and_what_came())
    promised = promising(ledger)
    told = []
    with tempfile.TemporaryDirectory(prefix="farol-promises-") as name:
        bench = _Bench(registry, task, signing_key, Path(name))
        for promotion in (p for p in ledger if p.promotion_id in promised):
            former = known.get(promotion.promotion_id)
            if former is not None and former.period in left_out:
                continue
            try:
                found = bench.measured(promotion, data, former, now)
            except (BundleError, NotFound) as error:
                # The run goes on without what a version that cannot be trusted would have said.
                told.append(f"what {promotion.challenger} promised was not measured: {error}")
                continue
            if found is not None and registry.run(RealisedGainRepository().put(found)):
                promise = promised[promotion.promotion_id]
                told.append(f"{promotion.challenger} {told_came(promise, found)}")
    return told


@dataclass(slots=True)
class _Bench:
    """Where versions are scored; each is loaded once."""

    registry: SyncRegistry
    task: TaskSpec
    signing_key: bytes
    folder: Path
    loaded: dict[str, Predictor] = field(default_factory=dict)

    def measured(
        self, promotion: Promotion, data: TrainingSet, former: RealisedGain | None, now: datetime
    ) -> RealisedGain | None:
        """What came of a promotion; None where nothing can be told yet, or nothing is new.

        Raises:
            BundleError: a version cannot be trusted.
            NotFound: a version is not registered any more.
        """
        assert promotion.champion is not None
        versions = [
            self.registry.run(ModelVersionRepository().get(name))
            for name in (promotion.challenger, promotion.champion)
        ]
        cases = _judged(data, versions)
        if cases is None or comparable(cases, self.task):
            return None
        digest = _digest(cases)
        if former is not None and former.digest == digest:
            return None
        promoted, replaced = (self._answers(version, cases) for version in versions)
        return self._gain(promotion, cases, promoted, replaced, digest, now)

    def _gain(
        self,
        promotion: Promotion,
        cases: TrainingSet,
        promoted: Answers,
        replaced: Answers,
        digest: str,
        now: datetime,
    ) -> RealisedGain:
        came = JUDGED[self.task.outcome.kind].came(
            cases_of(cases, self.task), promoted, replaced, self.task.promotion, seed=SEED
        )
        new = came.new
        return RealisedGain(
            promotion_id=promotion.promotion_id,
            at=now,
            period=str(cases.periods[0]),
            promoted=promoted.version,
            replaced=replaced.version,
            rows=len(cases),
            positives=came.cases,
            flagged=came.flagged,
            gain=came.gain,
            low=came.low,
            high=came.high,
            digest=digest,
            new_positives=new.cases if new else 0,
            new_gain=new.gain if new else None,
            new_low=new.low if new else None,
            new_high=new.high if new else None,
        )

    def _answers(self, version: ModelVersion, cases: TrainingSet) -> Answers:
        predictor = self.loaded.get(version.version)
        if predictor is None:
            predictor = load_predictor(self.registry, version, self.folder, self.signing_key)
            self.loaded[version.version] = predictor
        scores = predictor.score_many(cases.records)
        return answers(version.version, scores, predictor.bundle.thresholds, cases)


def _judged(data: TrainingSet, versions: Iterable[ModelVersion]) -> TrainingSet | None:
    """The records of the first period that is later than all that the versions learned from."""
    learned = max((p for version in versions for p in version.window.periods), default="")
    later = np.unique(data.periods[data.periods > learned])
    return data.take(data.periods == later[0]) if len(later) else None


def _digest(cases: TrainingSet) -> str:
    """SHA-256 of the records' hashed ids with their outcomes, in whatever order they come."""
    lines = sorted(
        f"{name} {outcome!r}"
        for name, outcome in zip(cases.record_ids(), cases.outcome.tolist(), strict=True)
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
