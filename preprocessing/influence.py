"""What would change a student's score most, among what a school can do something about.

It is the version that answers here, not the world: a student whose engagement grew is another
student in more than that one number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from model.profile import CategoryProfile, NumericProfile, read_profile
from model.student import Features, Value
from preprocessing.encoder import FeatureEncoder
from preprocessing.predictor import Predictor
from preprocessing.task.columns import Column
from preprocessing.task.spec import TaskSpec

LEAST = 0.005
"""A change of the score that no reader would see is none."""

QUARTERS = (0.25, 0.75)

Aims = Mapping[str, tuple[float, float, float]]
"""Feature to where the first quarter, the half and the last quarter of some students begin."""


@dataclass(frozen=True, slots=True)
class ScoreStep:
    """One feature that is changed alone, the others staying as they are.

    Attributes:
        before: what the record says.
        after: the middle of the students that the version learned from, or of those that the caller
            named; where a student is at the middle or beyond it already, where their better quarter
            begins.
        score: of the record after the change.
    """

    feature: str
    before: Value
    after: Value
    score: float


def middles(encoder: FeatureEncoder) -> dict[str, Value]:
    """The middle of each feature that a version uses: the median, or the most frequent category.

    Derived numbers are among them.
    """
    numbers: dict[str, Value] = {column.feature: column.fill for column in encoder.numeric}
    return numbers | {column.feature: column.fill for column in encoder.category}


def steps(
    predictor: Predictor, task: TaskSpec, record: Features, aims: Aims | None = None
) -> tuple[ScoreStep, ...]:
    """What would lessen the concern about a record, the strongest first.

    Only what the task says a school influences is changed, and only what the record gives. A number
    of which more never raises the risk (`monotone`) is not made smaller, whatever the version says.

    Args:
        predictor: the version.
        task: what it is about.
        record: of a student, with what earlier periods add.
        aims: of whom the middle and the better quarter are, in place of those that the version
            learned from; a number without any is not changed.
    """
    tried = list(_tried(predictor, task, record, aims))
    if not tried:
        return ()
    scores = predictor.score_many([record, *({**record, n: to} for n, to, _ in tried)]).tolist()
    concern = predictor.thresholds.scale.concern
    now = concern(scores[0])
    best: dict[str, tuple[bool, float, ScoreStep]] = {}
    for (name, to, at_middle), score in zip(tried, scores[1:], strict=True):
        gain = now - concern(score)
        if gain < LEAST:
            continue
        # The middle is nearer than the better quarter, and more likely within reach.
        found = (at_middle, gain, ScoreStep(name, record[name], to, score))
        best[name] = max(best.get(name, found), found, key=lambda one: one[:2])
    ranked = sorted(best.values(), key=lambda one: (-one[1], one[2].feature))
    return tuple(step for _, _, step in ranked)


def _tried(
    predictor: Predictor, task: TaskSpec, record: Features, aims: Aims | None
) -> Iterator[tuple[str, Value, bool]]:
    """Feature, another value of it, and whether that is the middle."""
    used = set(predictor.encoder.features)
    profiles = read_profile(
        {n: entry for n, entry in predictor.bundle.reference.items() if n in task.columns}
    )
    towards = -predictor.thresholds.scale.concern(1.0)
    for column in task.features:
        value = record.get(column.name)
        if not column.influenced or value is None or column.name not in used:
            continue
        profile = profiles.get(column.name)
        if isinstance(profile, CategoryProfile):
            yield from ((column.name, c, False) for c in profile.categories if c != value)
        elif isinstance(profile, NumericProfile) and isinstance(value, float | int):
            for to, at_middle in _wished(column.name, profile, predictor, aims):
                if _admitted(column, value, to, towards):
                    yield column.name, to, at_middle


def _wished(
    name: str, profile: NumericProfile, predictor: Predictor, aims: Aims | None
) -> list[tuple[float, bool]]:
    """Other values of a number, and whether each is the middle."""
    if aims is None:
        quarters = [(profile.quantile(share), False) for share in QUARTERS if profile.values]
        return [(float(middles(predictor.encoder)[name]), True), *quarters]
    if name not in aims:
        return []
    low, middle, high = aims[name]
    return [(middle, True), (low, False), (high, False)]


def _admitted(column: Column, value: float, to: float, towards: float) -> bool:
    better = column.monotone * towards
    return to != value and (better == 0 or (to - value) * better > 0)


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Where the first quarter, the half and the last quarter of some numbers begin.

    >>> quartiles([1.0, 2.0, 3.0, 4.0, 5.0])
    (2.0, 3.0, 4.0)
    """
    ordered = sorted(values)
    low, middle, high = (_between(ordered, share) for share in (0.25, 0.5, 0.75))
    return low, middle, high


def _between(ordered: Sequence[float], share: float) -> float:
    """Linear between the two nearest, as NumPy's default."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
