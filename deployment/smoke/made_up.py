"""A record of nobody, made from what an installation tells of its features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NOT_A_NUMBER = "not a number"
NO_FEATURE = "no_such_feature_of_any_task"


def made_up_record(features: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A value for each feature, within its bounds, and no student.

    Args:
        features: as `GET /schema` tells them.

    >>> made_up_record([
    ...     {"name": "ida", "kind": "numeric", "low": 0, "high": 10, "integer": False},
    ...     {"name": "age", "kind": "numeric", "low": 5, "high": 20, "integer": True},
    ...     {"name": "pedra", "kind": "category", "categories": ["quartzo", "agata"]},
    ... ])
    {'ida': 5.0, 'age': 12, 'pedra': 'quartzo'}
    """
    return {feature["name"]: _value(feature) for feature in features}


def wrong_record(features: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    """A record that must be refused, so that nothing of it is kept, with the field at fault.

    >>> wrong_record([{"name": "ida", "kind": "numeric"}])
    ('ida', {'ida': 'not a number'})
    """
    for feature in features:
        if feature.get("kind") == "numeric":
            return feature["name"], {feature["name"]: NOT_A_NUMBER}
    return NO_FEATURE, {NO_FEATURE: NOT_A_NUMBER}


def _value(feature: Mapping[str, Any]) -> Any:
    middle = feature.get("middle")
    if feature.get("kind") != "numeric":
        return middle or next(iter(feature.get("categories") or ()), "any")
    if middle is None:
        ends = [end for end in (feature.get("low"), feature.get("high")) if end is not None]
        middle = sum(ends) / len(ends) if ends else 0.0
    return int(middle) if feature.get("integer") else middle
