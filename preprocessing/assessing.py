"""What a version says of many records at once: what `Predictor` says of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from model.prediction import RiskLabel, RiskStatus, Scale, Thresholds
from preprocessing.columnar.columns import Columns
from preprocessing.predictor import Predictor


@dataclass(frozen=True, slots=True)
class Pattern:
    """What follows from which features a record gives, whatever their values.

    Attributes:
        imputed: features of the task that it does not give, or whose category the version never
            saw.
        unseen: those of the second kind.
        known_weight: as of a prediction.
    """

    imputed: tuple[str, ...]
    unseen: tuple[str, ...]
    known_weight: float | None


@dataclass(frozen=True, slots=True)
class Assessments:
    """What a version says of n records; each sequence but `patterns` has n values.

    Attributes:
        patterns: those there are, each once.
        pattern_of: the place of each record's in `patterns`.
        operating: where `high` begins for each; None where that is the same for all.
        log_odds: of the scores, shape (n,), strictly rising with the margin where scores round to
            one; of a number, the scores themselves.
    """

    scores: Sequence[float]
    labels: Sequence[RiskLabel]
    statuses: Sequence[RiskStatus]
    patterns: Sequence[Pattern]
    pattern_of: Sequence[int]
    intervals: Sequence[tuple[float, float] | None]
    operating: Sequence[float] | None = None
    log_odds: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    @property
    def known_weights(self) -> list[float | None]:
        """Of each record."""
        known = [pattern.known_weight for pattern in self.patterns]
        return [known[place] for place in self.pattern_of]


def assess(predictor: Predictor, records: Columns, features: Sequence[str]) -> Assessments:
    """What a version says of n records.

    Args:
        predictor: the version.
        records: n records.
        features: all features of the task, in its order.
    """
    if not records.size:
        return Assessments((), (), (), (), (), ())
    bundle = predictor.bundle
    rows = predictor.encoder.encode_columns(records)
    log_odds = bundle.calibration.log_odds(bundle.scorer.margin(rows))
    scores = bundle.calibration.of_log_odds(log_odds)
    patterns, pattern_of = _patterns(predictor, records, features)
    weights = np.array([pattern.known_weight for pattern in patterns], dtype=np.float64)
    rule = bundle.interval
    listed: list[float] = scores.tolist()
    cuts = _cuts_of(predictor.thresholds, records)
    return Assessments(
        scores=listed,
        labels=_labels(cuts, scores),
        statuses=_statuses(cuts, scores, weights[pattern_of]),
        patterns=patterns,
        pattern_of=pattern_of,
        intervals=[None] * len(listed) if rule is None else [rule.around(s) for s in listed],
        operating=None if predictor.thresholds.new is None else cuts.operating.tolist(),
        log_odds=log_odds,
    )


class _Cuts(NamedTuple):
    """Cut-offs, each one for all records or one per record."""

    scale: Scale
    operating: NDArray[np.float64]
    alert: NDArray[np.float64]
    critical: NDArray[np.float64]
    min_known_weight: float


def _cuts_of(cuts: Thresholds, records: Columns) -> _Cuts:
    lanes: NDArray[np.bool_] = np.array(False)
    if cuts.new is not None:
        known = map(cuts.new.at_risk_now, records.values(cuts.new.feature))
        lanes = ~np.fromiter(known, dtype=np.bool_, count=records.size)
    new = cuts.of_new
    return _Cuts(
        cuts.scale,
        np.where(lanes, new.operating, cuts.operating),
        np.where(lanes, new.alert, cuts.alert),
        np.where(lanes, new.critical, cuts.critical),
        cuts.min_known_weight,
    )


def _labels(cuts: _Cuts, scores: NDArray[np.float64]) -> list[RiskLabel]:
    high = _reached(cuts, scores, cuts.operating).tolist()
    return [RiskLabel.HIGH if one else RiskLabel.LOW for one in high]


def _statuses(
    cuts: _Cuts, scores: NDArray[np.float64], known: NDArray[np.float64]
) -> list[RiskStatus]:
    # In the order of `Thresholds.status`: the first that holds. An unknown weight is NaN here.
    names = (RiskStatus.INSUFFICIENT, RiskStatus.CRITICAL, RiskStatus.ALERT, RiskStatus.EXPECTED)
    held = (
        known < cuts.min_known_weight,
        _reached(cuts, scores, cuts.critical),
        _reached(cuts, scores, cuts.alert),
    )
    places: list[int] = np.select(held, (0, 1, 2), 3).tolist()
    return [names[place] for place in places]


def _reached(
    cuts: _Cuts, scores: NDArray[np.float64], cutoff: NDArray[np.float64]
) -> NDArray[np.bool_]:
    # The comparison is the same for one score and for an array of them.
    return np.asarray(cuts.scale.reached(cast(Any, scores), cast(Any, cutoff)))


def _patterns(
    predictor: Predictor, records: Columns, features: Sequence[str]
) -> tuple[list[Pattern], list[int]]:
    """The patterns there are, and which one each record has."""
    categories = predictor.encoder.known_categories
    given = [records.given(name) for name in features]
    unseen = [records.unseen(name, known) for name, known in categories.items()]
    bits = np.packbits(np.column_stack([*given, *unseen]), axis=1)
    keys: list[bytes] = bits.view(f"V{bits.shape[1]}").ravel().tolist()
    places: dict[bytes, int] = {}
    made: list[Pattern] = []
    for row, key in enumerate(keys):
        if key not in places:
            places[key] = len(made)
            names = {name for name, one in zip(features, given, strict=True) if one[row]}
            foreign = tuple(n for n, one in zip(categories, unseen, strict=True) if one[row])
            made.append(_pattern(predictor, features, names, foreign))
    return made, [places[key] for key in keys]


def _pattern(
    predictor: Predictor, features: Sequence[str], given: set[str], unseen: tuple[str, ...]
) -> Pattern:
    return Pattern(
        imputed=tuple(name for name in features if name not in given or name in unseen),
        unseen=unseen,
        known_weight=predictor.weight_of(given, unseen),
    )
