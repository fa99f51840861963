"""What a student's earlier periods add to a record: last value, mean, spread, trend.

The one way for training and serving. Only periods strictly before the record's own are looked at,
whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import fsum, sqrt

from model.label import Label
from model.student import Features, Observation, Student, Value
from preprocessing.task.columns import HistoryValue, Longitudinal

Point = tuple[float, float]
"""A period as a number, and the value then."""


def recalled(
    plan: Longitudinal | None,
    own: Features,
    period: str,
    known: Iterable[Observation],
) -> Features:
    """A record together with what the student's earlier periods add to it.

    Args:
        plan: the task's; None adds nothing.
        own: the record's own features, of `period`.
        period: whatever is known of it or of later periods is not looked at.
        known: the student's observations, in any order. Each counts from its period, whenever its
            file came.
    """
    if plan is None:
        return own
    earlier = sorted(
        (observation for observation in known if _order(observation.period) < _order(period)),
        key=lambda observation: _order(observation.period),
    )
    places = _places([observation.period for observation in earlier])
    told = [(x, observation.features) for x, observation in zip(places, earlier, strict=True)]
    return {**own, **added_features(plan, told)}


def recalled_observations(
    plan: Longitudinal | None, observed: Sequence[Observation], known: Mapping[str, Student]
) -> list[Observation]:
    """Observations together with what the students' earlier periods add.

    Args:
        plan: the task's.
        observed: at most one a student.
        known: everything known of those students, by id; nothing is added for one who is not here.
    """
    return [
        replace(o, features=recalled(plan, o.features, o.period, known[o.student_id].observations))
        if o.student_id in known
        else o
        for o in observed
    ]


def recalled_labels(
    plan: Longitudinal | None, labels: Sequence[Label], known: Mapping[str, Student]
) -> list[Label]:
    """Labels together with what is known of the students' earlier periods.

    A label that was joined to a prediction already holds what the model was given then, earlier
    periods included, and stays as it is.

    Args:
        plan: the task's; None adds nothing.
        labels: in any order.
        known: everything known of their students, by id.
    """
    if plan is None:
        return list(labels)
    return [
        label if label.prediction_id else replace(label, features=_as_known(plan, label, known))
        for label in labels
    ]


def _as_known(plan: Longitudinal, label: Label, known: Mapping[str, Student]) -> Features:
    student = known.get(label.student_id)
    observations = student.observations if student else ()
    return recalled(plan, label.features, label.period, observations)


def added_features(
    plan: Longitudinal, earlier: Sequence[tuple[float, Features]]
) -> dict[str, Value]:
    """The features that earlier periods add; what they do not tell is left out.

    Args:
        plan: which values of which features.
        earlier: period as a number and the features then, oldest first.

    >>> plan = Longitudinal(features=("ida",), values=("previous", "mean", "spread", "trend"))
    >>> added_features(plan, [(2021.0, {"ida": 4.0}), (2023.0, {"ida": 8.0})])
    {'ida_previous': 8.0, 'ida_mean': 6.0, 'ida_spread': 2.0, 'ida_trend': 2.0}
    >>> added_features(plan, [])
    {}
    """
    added: dict[str, Value] = {}
    for name in plan.features:
        points = [
            (place, float(value))
            for place, features in earlier
            if isinstance(value := features.get(name), int | float)
        ]
        for kind in plan.values:
            found = _value(kind, points)
            if found is not None:
                added[f"{name}_{kind}"] = found
    return added


def _value(kind: HistoryValue, points: Sequence[Point]) -> float | None:
    match kind:
        case "seen":
            return float(len(points))
        case "previous":
            return points[-1][1] if points else None
        case "mean":
            return _mean([value for _, value in points]) if points else None
        case "spread":
            return _spread([value for _, value in points]) if len(points) > 1 else None
        case "trend":
            return _slope(points) if len(points) > 1 else None


def _mean(values: Sequence[float]) -> float:
    # Rounding must not take a mean out of the bounds that its values keep.
    return min(max(fsum(values) / len(values), min(values)), max(values))


def _spread(values: Sequence[float]) -> float:
    """The standard deviation of the values themselves (divided by n)."""
    mean = _mean(values)
    return sqrt(fsum((value - mean) ** 2 for value in values) / len(values))


def _slope(points: Sequence[Point]) -> float:
    """Least squares: change a period."""
    middle, mean = _mean([x for x, _ in points]), _mean([y for _, y in points])
    across = fsum((x - middle) ** 2 for x, _ in points)
    return fsum((x - middle) * (y - mean) for x, y in points) / across


def _order(period: str) -> tuple[int, str]:
    """Whole numbers by size, so that 9 is before 10; anything else as text."""
    return (int(period), "") if period.isdecimal() else (0, period)


def _places(periods: Sequence[str]) -> list[float]:
    """Periods that are whole numbers lie where they say; others one step apart."""
    if all(period.isdecimal() for period in periods):
        return [float(period) for period in periods]
    return [float(place) for place in range(len(periods))]
