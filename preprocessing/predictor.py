"""Encoder and bundle together: records in, assessments out."""

from __future__ import annotations

from collections.abc import Container, Sequence
from functools import lru_cache, partial
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from model.bundle import UNREADABLE, Bundle
from model.errors import BundleError
from model.explanation import Explanation, Reason
from model.manifest import BundleManifest
from model.prediction import Assessment, Thresholds
from model.student import Features
from preprocessing.encoder import FeatureEncoder
from preprocessing.task.spec import TaskSpec

SELF_TEST_TOLERANCE = 1e-9
WEIGHT_DIGITS = 4
FIELDS_KEPT = 256
"""Combinations of fields whose known weight is kept."""


def misfit(bundle: Bundle | BundleManifest, task: TaskSpec) -> str:
    """Why a model cannot serve a task as it is now; empty where it can."""
    unknown = sorted(set(bundle.feature_names) - set(task.feature_names))
    if bundle.task == task.name and not unknown:
        return ""
    return f"a model of task {bundle.task!r} with features {unknown} cannot serve {task.name!r}"


class Predictor:
    """Scores records with one bundle.

    Raises:
        BundleError: the encoder and the scorer do not fit together.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.thresholds = bundle.thresholds
        self._of_new = bundle.thresholds.of_new
        self.encoder = FeatureEncoder.from_spec(bundle.encoder)
        self._weights = tuple(bundle.importance.items())
        # Callers give the same fields again and again. A partial and no method of this: a circle
        # would keep a former champion until the garbage collector finds it.
        self._weight_of = lru_cache(FIELDS_KEPT)(partial(_weight_of, self._weights))
        if len(self.encoder.columns) != bundle.scorer.width:
            raise BundleError(
                f"the encoder makes {len(self.encoder.columns)} columns, "
                f"the model takes {bundle.scorer.width}"
            )

    def assess_one(self, record: Features) -> Assessment:
        """What the version says of one record."""
        return self._assessed(record, self.score_one(record))

    def assess_many(self, records: Sequence[Features]) -> list[Assessment]:
        """What the version says of n records, scored together."""
        if not records:
            return []
        scores = self.score_many(records).tolist()
        return [self._assessed(r, score) for r, score in zip(records, scores, strict=True)]

    def cuts_of(self, record: Features) -> Thresholds:
        """The cut-offs of the lane that a record is in."""
        new = self.thresholds.new
        if new is None or new.at_risk_now(record.get(new.feature)):
            return self.thresholds
        return self._of_new

    def known_weight(self, record: Features) -> float | None:
        """The share (0-1) of the version's importance that rests on what the record gives.

        None where the bundle tells no importance. An unseen category gives nothing.
        """
        return self.weight_of(record, self.encoder.unseen(record))

    def score_one(self, record: Features) -> float:
        """The score of one record: a risk in [0, 1], or the value predicted."""
        return self.bundle.score_one(self.encoder.encode_one(record))

    def score_many(self, records: Sequence[Features]) -> NDArray[np.float64]:
        """The scores of n records, shape (n,)."""
        return self.bundle.score(self.encoder.encode_many(records))

    def imputed(self, record: Features) -> tuple[str, ...]:
        """The features the model uses that this record lacks."""
        return self.encoder.imputed(record)

    def explain(self, record: Features) -> Explanation:
        """What each feature adds to the log-odds of the score, strongest first."""
        return self._explanation(record, *self.bundle.explain(self.encoder.encode_one(record)))

    def explain_many(self, records: Sequence[Features]) -> list[Explanation]:
        """The same of n records, explained together."""
        if not records:
            return []
        found = self.bundle.explain_many(self.encoder.encode_many(records))
        return [self._explanation(r, *one) for r, one in zip(records, found, strict=True)]

    def _explanation(
        self, record: Features, parts: NDArray[np.float64], base: float
    ) -> Explanation:
        total: dict[str, float] = dict.fromkeys(self.encoder.features, 0.0)
        for feature, part in zip(self.encoder.columns, parts.tolist(), strict=True):
            total[feature] += part
        known = self.encoder.complete(record)
        reasons = [Reason(name, known.get(name), part) for name, part in total.items()]
        return Explanation(
            base_value=base,
            reasons=tuple(sorted(reasons, key=lambda r: (-abs(r.contribution), r.feature))),
        )

    def _assessed(self, record: Features, score: float) -> Assessment:
        unseen = self.encoder.unseen(record)
        known = self.weight_of(record, unseen) if unseen else self._weight_of(tuple(record))
        cuts, rule = self.cuts_of(record), self.bundle.interval
        return Assessment(
            score=score,
            label=cuts.label(score),
            status=cuts.status(score, known),
            known_weight=known,
            unseen=unseen,
            interval=None if rule is None else rule.around(score),
        )

    def weight_of(self, given: Container[str], unseen: Sequence[str]) -> float | None:
        """The known weight of a record that gives these features, some of an unseen category."""
        return _weight_of(self._weights, given, unseen)

    def self_test(self) -> None:
        """Scores the golden records again, one by one and together, and asks what a request may.

        Raises:
            BundleError: a score is not what it was when the bundle was written, or no number is
                answered.
        """
        if not self.bundle.golden:
            raise BundleError("the bundle has no golden records to test itself with")
        try:
            self._compare_golden()
            for record in (*(golden.record for golden in self.bundle.golden), {}):
                self._answer(record)
        except UNREADABLE as error:
            raise BundleError(f"the model cannot answer: {error}") from error

    def _compare_golden(self) -> None:
        golden = self.bundle.golden
        together = self.score_many([g.record for g in golden])
        for index, (expected, many) in enumerate(zip(golden, together.tolist(), strict=True)):
            one = self.score_one(expected.record)
            off = max(abs(one - expected.score), abs(many - expected.score))
            if not off <= SELF_TEST_TOLERANCE:
                raise BundleError(f"golden record {index} scores {one!r}, not {expected.score!r}")

    def _answer(self, record: Features) -> None:
        said, explained = self.assess_one(record), self.explain(record)
        numbers = [said.score, explained.base_value, *(said.interval or ())]
        if not all(map(isfinite, (*numbers, *(r.contribution for r in explained.reasons)))):
            raise BundleError("what the model answers is no number")


def _weight_of(
    weights: Sequence[tuple[str, float]], given: Container[str], unseen: Sequence[str] = ()
) -> float | None:
    # What lacks is quicker to add up than what is given: most records are nearly complete.
    if not weights:
        return None
    lacks = sum([weight for name, weight in weights if name not in given])
    if unseen:
        lacks += sum([weight for name, weight in weights if name in unseen])
    return round(1.0 - lacks, WEIGHT_DIGITS) if lacks else 1.0
