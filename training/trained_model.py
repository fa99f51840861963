"""A trained model before it is written: the same parts that a bundle holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bundle import BundleParts, Golden, write_bundle
from model.calibration import Calibration
from model.prediction import IntervalRule, Thresholds
from model.risk_interval import RiskInterval
from model.scorers.scorer import Scorer
from model.student import Features
from preprocessing.encoder import FeatureEncoder
from training.importance import importance, shares


@dataclass(frozen=True, slots=True)
class FittedModel:
    """A model and what is known of it.

    Attributes:
        family: the candidate's name.
        params: what it was trained with.
        thresholds: chosen on held-out scores.
        candidates: every family tried, best first, with its validation figures; last, marked
            `tuned`, the settings a search found for the best and whether they were `taken`.
        reference: the training profile that drift is measured against.
        held_out: calibrated scores of the training records, each from a model of the same kind
            that had not seen its student, shape (n,); NaN for records beyond the part that
            families were compared on.
        golden: made-up records for the self-test.
        explained: training records that importance is measured on when the bundle is written.
        interval: how far outcomes lie from predictions; None for a risk.
        risk_interval: how sure a risk is; None for a value.
        tuning: what was tried beyond the family's own settings; None if nothing was to be.
        continued: whether it holds the champion's trees.
        left_out: candidate that could not go on from the champion's trees, to the reason.
    """

    task: str
    family: str
    params: Mapping[str, Any]
    encoder: FeatureEncoder
    scorer: Scorer
    calibration: Calibration
    thresholds: Thresholds
    candidates: tuple[Mapping[str, Any], ...]
    reference: Mapping[str, Any]
    held_out: NDArray[np.float64]
    feature_names: tuple[str, ...]
    golden: tuple[Features, ...]
    explained: tuple[Features, ...] = ()
    interval: IntervalRule | None = None
    risk_interval: RiskInterval | None = None
    tuning: str | None = None
    continued: bool = False
    left_out: Mapping[str, str] = field(default_factory=dict)

    def score(self, records: Sequence[Features]) -> NDArray[np.float64]:
        """Calibrated risks of n records, shape (n,): the very numbers serving gives."""
        return self.calibration.score(self.scorer.margin(self.encoder.encode_many(records)))

    def importance(self) -> dict[str, float]:
        """Each feature's share of what the scores rest on; empty without records to explain."""
        if not self.explained or not self.encoder.columns:
            return {}
        means, _ = importance(self.encoder, self.scorer, self.calibration, self.explained)
        return shares(means, self.encoder.formulas)

    def write(self, folder: Path) -> str:
        """Writes the bundle and returns its digest: same data and seed, same digest.

        Raises:
            BundleError: the folder holds something already.
        """
        scores = self.score(self.golden).tolist()
        return write_bundle(
            folder,
            BundleParts(
                task=self.task,
                family=self.family,
                feature_names=self.feature_names,
                encoder=self.encoder.spec(),
                scorer=self.scorer,
                calibration=self.calibration,
                thresholds=self.thresholds,
                reference=self.reference,
                golden=tuple(Golden(r, s) for r, s in zip(self.golden, scores, strict=True)),
                importance=self.importance(),
                interval=self.interval,
                risk_interval=self.risk_interval,
            ),
        )
