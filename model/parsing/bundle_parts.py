"""The small files of a bundle, as records."""

from __future__ import annotations

from typing import Any

from model.errors import BundleError
from model.parsing.values import mapping, number, optional_number, sequence, text
from model.prediction import IntervalRule, NewCuts, Scale, Thresholds
from model.risk_interval import RiskInterval
from model.student import Features

THRESHOLDS = "thresholds.json"


def read_thresholds(content: Any) -> Thresholds:
    """What `thresholds.json` holds; versions of before lack all but the first three.

    Raises:
        BundleError: a value is of another type.
        KeyError, TypeError, ValueError: one is missing, unknown, or no scale.
    """
    spec = dict(mapping(content, THRESHOLDS))
    scale, new = Scale(spec.pop("scale", Scale.RISK)), spec.pop("new", None)
    numbers = {name: number(value, f"{THRESHOLDS}: {name}") for name, value in spec.items()}
    return Thresholds(**numbers, scale=scale, new=None if new is None else _new_cuts(new))


def _new_cuts(content: Any) -> NewCuts:
    where = f"{THRESHOLDS}: new"
    spec = dict(mapping(content, where))
    feature = text(spec.pop("feature"), f"{where}.feature")
    positive = sequence(spec.pop("positive", []), f"{where}.positive")
    numbers = {
        name: optional_number(value, f"{where}.{name}")
        if name in {"below", "at_least"}
        else number(value, f"{where}.{name}")
        for name, value in spec.items()
    }
    named = tuple(text(one, f"{where}.positive") for one in positive)
    return NewCuts(feature=feature, positive=named, **numbers)  # type: ignore[arg-type]


def read_importance(content: Any) -> dict[str, float]:
    """What `importance.json` holds: feature to its share.

    Raises:
        BundleError: no such object.
    """
    shares = mapping(content, "importance.json")
    return {name: number(share, f"importance.json: {name}") for name, share in shares.items()}


def read_interval(content: Any) -> IntervalRule:
    """What `interval.json` holds.

    Raises:
        BundleError: a value is no number.
        TypeError: one is missing or unknown.
    """
    spec = mapping(content, "interval.json")
    ends = {name: optional_number(spec.get(name), f"interval.json: {name}") for name in _ENDS}
    rest = {
        name: number(value, f"interval.json: {name}")
        for name, value in spec.items()
        if name not in _ENDS
    }
    return IntervalRule(**rest, low=ends["low"], high=ends["high"])


_ENDS = ("low", "high")
"""Of an outcome, which may have none."""


def read_risk_interval(content: Any) -> RiskInterval:
    """What `risk_interval.json` holds.

    Raises:
        BundleError: no numbers, scores that do not rise, or ends of unequal number.
        KeyError: a list is missing.
    """
    where = "risk_interval.json"
    spec = mapping(content, where)
    lists = [
        tuple(number(x, f"{where}: {name}") for x in sequence(spec[name], f"{where}: {name}"))
        for name in ("scores", "low", "high")
    ]
    made = RiskInterval(*lists)
    if not 0 < len(made.scores) == len(made.low) == len(made.high):
        raise BundleError(f"{where} has ends of unequal number")
    if any(a > b for a, b in zip(made.scores, made.scores[1:], strict=False)):
        raise BundleError(f"{where} has scores that do not rise")
    return made


def read_golden(content: Any) -> list[tuple[Features, float]]:
    """What `golden.json` holds: made-up records and their scores.

    Raises:
        BundleError: a record is none, or a score is no number.
        KeyError: one is missing.
    """
    return [
        (_record(one["record"], f"golden.json: {n}"), number(one["score"], f"golden.json: {n}"))
        for n, one in enumerate(sequence(content, "golden.json"))
    ]


def _record(content: Any, where: str) -> Features:
    return {
        name: value if isinstance(value, str) else number(value, f"{where}: {name}")
        for name, value in mapping(content, where).items()
    }
