"""Everything a model card is written from; nothing of it names a student."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.decisions.realised import NO_PROMISES, TrackRecord
from model.lists.finds import Finds
from model.promotion import Promise, PromotionDecision
from model.version import ModelVersion
from preprocessing.encoder import FeatureEncoder
from preprocessing.task.spec import TaskSpec

Array = NDArray[np.float64]
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Intake:
    """What came in for one period: rows of files and batches."""

    period: str
    read: int
    kept: int
    rejected: int


@dataclass(frozen=True, slots=True)
class CardFacts:
    """A version and what was seen when it was judged.

    Attributes:
        version: with its name; its `card` is not set yet.
        task: the task it was trained for.
        encoder: what it makes of a record.
        keeps_records: whether its bundle holds training records, encoded.
        outcome: shape (m,), of the records it was judged on.
        scores: shape (m,), from models that had not learned from the record.
        intervals: metric to its 95 % interval.
        importance: feature to its mean absolute contribution, largest first.
        explained: on how many records the importance was measured.
        baselines: rule that needs no model to its figures on the same records.
        intake: what came in, by period.
        decision: whether it took over, and why.
        evidence: what that was decided on, as plain data; empty without a comparison.
        promise: the gain it is to bring, where it takes over; None without one.
        track_record: how earlier promises turned out, as the version was registered.
        finds: what it finds within the places of the list that was published last; None where none
            was, or of a numeric outcome.
        cuts: each record's own operating threshold, shape (m,), where lanes have several.
    """

    version: ModelVersion
    task: TaskSpec
    encoder: FeatureEncoder
    keeps_records: bool
    outcome: Array
    scores: Array
    intervals: Mapping[str, Interval]
    importance: Mapping[str, float]
    explained: int
    baselines: Mapping[str, Mapping[str, float]]
    intake: tuple[Intake, ...]
    decision: PromotionDecision
    evidence: Mapping[str, Any] = field(default_factory=dict)
    promise: Promise | None = None
    track_record: TrackRecord = NO_PROMISES
    cuts: Array | None = None
    finds: Finds | None = None

    @property
    def numeric(self) -> bool:
        """Whether the outcome is a number rather than at risk or not."""
        return self.task.outcome.kind == "numeric"
