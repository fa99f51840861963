"""Two models on the same predictions, counted: no registry, no clock but the timer given."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.prediction import Assessment, Prediction, RiskLabel, Scale
from model.profile import SCORE
from model.student import Features
from model.watch.shadow import FlagTally, ShadowEdges, ShadowTally
from model.watch.shadow_figures import bin_of
from preprocessing.lanes import new_cases
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec

TIMED = 50
"""Records of a batch that are also scored one by one."""

RISK_BINS = 100

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Timer = Callable[[], float]


@dataclass(frozen=True, slots=True)
class ShadowPair:
    """The two models that are compared."""

    champion: Predictor
    challenger: Predictor

    @property
    def scale(self) -> Scale:
        """What the scores are."""
        return self.challenger.thresholds.scale


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """Records that both models scored, shape (n,) each.

    Attributes:
        champion: what the champion says of each.
        challenger: the same of the challenger.
        new: who is not at risk now; None where the task cannot tell.
    """

    champion: Sequence[Assessment]
    challenger: Sequence[Assessment]
    new: Mask | None


def tallied(
    pair: ShadowPair,
    predictions: Sequence[Prediction],
    edges: ShadowEdges,
    task: TaskSpec,
    *,
    timer: Timer,
) -> ShadowTally:
    """Scores the records of predictions with both models and counts.

    Args:
        pair: the models.
        predictions: of the log, oldest first.
        edges: of the bins that scores are counted in.
        task: tells who is not at risk now.
        timer: seconds, from any moment.
    """
    records = [one.features for one in latest_of_each(predictions)]
    theirs, ours = (assessed(one, records) for one in (pair.champion, pair.challenger))
    good = [i for i, both in enumerate(zip(theirs, ours, strict=True)) if None not in both]
    scored = ScoredPair(
        [one for i in good if (one := theirs[i]) is not None],
        [one for i in good if (one := ours[i]) is not None],
        new_cases([records[i] for i in good], task),
    )
    seconds = timed(pair, [records[i] for i in good[:TIMED]], timer)
    return ShadowTally(
        **_counted(scored, edges, pair.scale),
        repeated=len(predictions) - len(records),
        champion_errors=theirs.count(None),
        challenger_errors=ours.count(None),
        timed=len(good[:TIMED]),
        champion_seconds=seconds[0],
        challenger_seconds=seconds[1],
    )


def latest_of_each(predictions: Sequence[Prediction]) -> list[Prediction]:
    """Each student and period once, with the last record; all those of no student."""
    last = {(p.student_id or p.prediction_id, p.period): p for p in predictions}
    return list(last.values())


def answered_by(predictions: Sequence[Prediction], version: str, since: datetime | None) -> int:
    """How many of the predictions a version answered since a moment; 0 where there is none."""
    if since is None:
        return 0
    return sum(p.model_version == version and p.created_at >= since for p in predictions)


def assessed(predictor: Predictor, records: Sequence[Features]) -> list[Assessment | None]:
    """What a model says of each record; None of one that it cannot score."""
    try:
        found: list[Assessment | None] = [*predictor.assess_many(records)]
    except Exception:  # noqa: BLE001  whatever a model fails with is what is counted here
        found = [_alone(predictor, record) for record in records]
    return [one if one is not None and math.isfinite(one.score) else None for one in found]


def timed(pair: ShadowPair, records: Sequence[Features], timer: Timer) -> tuple[float, float]:
    """Seconds that champion and challenger take for these records, one by one and in turns."""
    taken = [0.0, 0.0]
    for place, record in enumerate(records):
        # Whoever is second finds the record in the processor's cache, so each is half the time.
        turns = ((0, pair.champion), (1, pair.challenger))
        for index, predictor in turns if place % 2 else turns[::-1]:
            began = timer()
            predictor.assess_one(record)
            taken[index] += timer() - began
    return taken[0], taken[1]


def edges_of(pair: ShadowPair, records: Sequence[Features]) -> ShadowEdges:
    """Where the bins of both models' scores begin.

    They are the scores that the model gave when it was made, at equal ranks, so that each bin is
    of about as many students; of a bundle that tells none, hundredths of a risk, or what it gives
    now.

    Args:
        pair: the models.
        records: to look at where a bundle tells nothing.
    """
    return ShadowEdges(_edges(pair.champion, records), _edges(pair.challenger, records))


def _edges(predictor: Predictor, records: Sequence[Features]) -> tuple[float, ...]:
    scale, profile = predictor.thresholds.scale, predictor.bundle.reference.get(SCORE) or {}
    if values := profile.get("values"):
        return tuple(sorted({scale.concern(float(value)) for value in values}))
    if scale is Scale.RISK:
        return tuple(step / RISK_BINS for step in range(1, RISK_BINS))
    scores = [one.score for one in assessed(predictor, records) if one is not None]
    return tuple(sorted({scale.concern(score) for score in scores}))[:RISK_BINS]


def _alone(predictor: Predictor, record: Features) -> Assessment | None:
    try:
        return predictor.assess_one(record)
    except Exception:  # noqa: BLE001  counted as an error of the model
        return None


def _counted(scored: ScoredPair, edges: ShadowEdges, scale: Scale) -> dict[str, Any]:
    theirs, ours = (
        np.array([scale.concern(one.score) for one in side], dtype=np.float64)
        for side in (scored.champion, scored.challenger)
    )
    first, second = bin_of(edges.champion, theirs), bin_of(edges.challenger, ours)
    bins = zip(first.tolist(), second.tolist(), strict=True)
    pairs = zip(scored.champion, scored.challenger, strict=True)
    flags = _flags(scored, np.ones(len(ours), dtype=np.bool_), scale)
    return {
        "flags": flags,
        "new": FlagTally() if scored.new is None else _flags(scored, scored.new, scale),
        "same_status": sum(a.status is b.status for a, b in pairs),
        "cells": dict(Counter(f"{a}:{b}" for a, b in bins)),
        "sums": tuple(
            float(one.sum()) for one in (theirs, ours, theirs**2, ours**2, theirs * ours)
        ),
    }


def _flags(scored: ScoredPair, taken: Mask, scale: Scale) -> FlagTally:
    theirs, ours = (
        np.array([one.label is RiskLabel.HIGH for one in side], dtype=np.bool_) & taken
        for side in (scored.champion, scored.challenger)
    )
    risk = np.zeros(len(taken))
    if scale is Scale.RISK:
        both = (scored.champion, scored.challenger)
        risk = np.mean([[one.score for one in side] for side in both], axis=0) * taken
    return FlagTally(
        records=int(taken.sum()),
        both=int((theirs & ours).sum()),
        champion_only=int((theirs & ~ours).sum()),
        challenger_only=int((ours & ~theirs).sum()),
        expected=float(risk.sum()),
        champion_found=float(risk[theirs].sum()),
        challenger_found=float(risk[ours].sum()),
    )
