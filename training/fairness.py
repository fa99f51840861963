"""Whom a model misses: its figures in each protected group, with their uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.figures import Share, share_of

Array = NDArray[np.float64]

MIN_POSITIVES = 30
"""Below this many at risk a group's recall is off by nine points by chance alone."""

MIN_ROWS = 30
"""The same for a numeric outcome, where every record counts."""


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """One protected group under one model.

    Attributes:
        attribute: `gender`, say.
        group: its name in the data.
        rows: records of the group.
        positives: how many of them were at risk.
        small: too few at risk to judge; shown, and left out of the gap.
        recall: share of those at risk who are flagged.
        precision: share of the flagged who were at risk.
        flagged: share of the group that is flagged.
        new: how many of the group are not at risk now; None where no one can tell.
        new_recall: of those of them who were at risk later, the share flagged.
    """

    attribute: str
    group: str
    rows: int
    positives: int
    small: bool
    recall: Share
    precision: Share
    flagged: Share
    new: int | None = None
    new_recall: Share = field(default_factory=Share)


def group_figures(
    outcome: Array,
    protected: Mapping[str, NDArray[np.str_]],
    flags: Array,
    new: NDArray[np.bool_] | None = None,
) -> tuple[GroupFigures, ...]:
    """The figures of every group, attributes and groups in alphabetical order.

    Args:
        outcome: shape (n,), 1.0 at risk.
        protected: attribute to n group names; records without one ("") are left out.
        flags: shape (n,), how much of each record is flagged: 0 or 1, or the share that a record
            tied at the budget gets.
        new: shape (n,), who is not at risk now; None where no one can tell.
    """
    return tuple(
        _figures(attribute, str(group), values == group, outcome, flags, new)
        for attribute, values in sorted(protected.items())
        for group in np.unique(values)
        if group != ""
    )


@dataclass(frozen=True, slots=True)
class GroupErrors:
    """One protected group under a model of a numeric outcome.

    Attributes:
        small: too few records to judge.
        mae: mean absolute error.
        low: lower end of its 95 % interval (normal, of the mean).
        high: upper end.
        bias: mean of predicted minus observed; positive where the group is overrated.
    """

    attribute: str
    group: str
    rows: int
    small: bool
    mae: float
    low: float
    high: float
    bias: float


def group_errors(
    outcome: Array, protected: Mapping[str, NDArray[np.str_]], predicted: Array
) -> tuple[GroupErrors, ...]:
    """The errors of every group, attributes and groups in alphabetical order.

    Args:
        outcome: shape (n,).
        protected: attribute to n group names; records without one ("") are left out.
        predicted: shape (n,).
    """
    return tuple(
        _errors(attribute, str(group), (predicted - outcome)[values == group])
        for attribute, values in sorted(protected.items())
        for group in np.unique(values)
        if group != ""
    )


def _errors(attribute: str, group: str, error: Array) -> GroupErrors:
    size = np.abs(error)
    mae = float(size.mean())
    half = 1.959964 * float(size.std(ddof=1)) / np.sqrt(len(size)) if len(size) > 1 else mae
    return GroupErrors(
        attribute=attribute,
        group=group,
        rows=len(error),
        small=len(error) < MIN_ROWS,
        mae=mae,
        low=max(0.0, mae - float(half)),
        high=mae + float(half),
        bias=float(error.mean()),
    )


def recall_gaps(groups: Sequence[GroupFigures]) -> dict[str, float]:
    """Attribute to largest minus smallest recall over its groups that are not small.

    An attribute with fewer than two such groups has no gap and is left out.
    """
    recalls: dict[str, list[float]] = {}
    for group in groups:
        if not group.small and group.recall.value is not None:
            recalls.setdefault(group.attribute, []).append(group.recall.value)
    return {name: max(found) - min(found) for name, found in recalls.items() if len(found) > 1}


def _figures(
    attribute: str,
    group: str,
    member: NDArray[np.bool_],
    outcome: Array,
    flags: Array,
    new: NDArray[np.bool_] | None,
) -> GroupFigures:
    rows = int(member.sum())
    positives = int(outcome[member].sum())
    flagged = float(flags[member].sum())
    caught = float((flags * outcome)[member].sum())
    fresh = None if new is None else new & member
    return GroupFigures(
        attribute=attribute,
        group=group,
        rows=rows,
        positives=positives,
        small=positives < MIN_POSITIVES,
        recall=share_of(caught, positives),
        precision=share_of(caught, flagged),
        flagged=share_of(flagged, rows),
        new=None if fresh is None else int(fresh.sum()),
        new_recall=Share()
        if fresh is None
        else share_of(float((flags * outcome)[fresh].sum()), float(outcome[fresh].sum())),
    )
