"""Encoder and bundle together: records in, risks out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.bundle import Bundle
from model.errors import BundleError
from model.explanation import Explanation, Reason
from model.student import Features
from preprocessing.encoder import FeatureEncoder

SELF_TEST_TOLERANCE = 1e-9


class Predictor:
    """Scores records with one bundle.

    Raises:
        BundleError: the encoder and the scorer do not fit together.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.encoder = FeatureEncoder.from_spec(bundle.encoder)
        if len(self.encoder.columns) != bundle.scorer.width:
            raise BundleError(
                f"the encoder makes {len(self.encoder.columns)} columns, "
                f"the model takes {bundle.scorer.width}"
            )

    def score_one(self, record: Features) -> float:
        """The calibrated risk of one record, in [0, 1]."""
        return self.bundle.score_one(self.encoder.encode_one(record))

    def score_many(self, records: Sequence[Features]) -> NDArray[np.float64]:
        """The calibrated risks of n records, shape (n,)."""
        return self.bundle.score(self.encoder.encode_many(records))

    def imputed(self, record: Features) -> tuple[str, ...]:
        """The features the model uses that this record lacks."""
        return self.encoder.imputed(record)

    def explain(self, record: Features) -> Explanation:
        """What each feature adds to the log-odds of the score, strongest first."""
        parts, base = self.bundle.explain(self.encoder.encode_one(record))
        total: dict[str, float] = dict.fromkeys(self.encoder.features, 0.0)
        for feature, part in zip(self.encoder.columns, parts.tolist(), strict=True):
            total[feature] += part
        known = self.encoder.complete(record)
        reasons = [Reason(name, known.get(name), part) for name, part in total.items()]
        return Explanation(
            base_value=base,
            reasons=tuple(sorted(reasons, key=lambda r: (-abs(r.contribution), r.feature))),
        )

    def self_test(self) -> None:
        """Scores the golden records again, one by one and together.

        Raises:
            BundleError: a score is not what it was when the bundle was written.
        """
        golden = self.bundle.golden
        if not golden:
            raise BundleError("the bundle has no golden records to test itself with")
        together = self.score_many([g.record for g in golden])
        for index, (expected, many) in enumerate(zip(golden, together.tolist(), strict=True)):
            one = self.score_one(expected.record)
            off = max(abs(one - expected.score), abs(many - expected.score))
            if not off <= SELF_TEST_TOLERANCE:
                raise BundleError(f"golden record {index} scores {one!r}, not {expected.score!r}")
