"""Figures as the card writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.card.facts import Interval


def share(value: float | None) -> str:
    """A share in percent.

    >>> share(0.7564), share(None)
    ('75.6%', 'not defined')
    """
    return "not defined" if value is None else f"{value:.1%}"


def figure(value: float | None) -> str:
    """A figure with three decimals."""
    return "not defined" if value is None else f"{value:.3f}"


def between(interval: Interval | None, *, as_share: bool = False) -> str:
    """An interval, or nothing where there is none.

    >>> between((0.1234, 0.5)), between((0.1234, 0.5), as_share=True)
    ('0.123 to 0.500', '12.3% to 50.0%')
    """
    if interval is None:
        return ""
    low, high = ((share if as_share else figure)(end) for end in interval)
    return f"{low} to {high}"


def name(canonical: str) -> str:
    """A canonical name in plain words.

    >>> name("k_nearest_neighbours")
    'k nearest neighbours'
    """
    return canonical.replace("_", " ")


def group_interval(group: Mapping[str, Any], figure_name: str) -> Interval | None:
    """The interval of one figure of a group as the version keeps it."""
    low, high = group.get(f"{figure_name}_low"), group.get(f"{figure_name}_high")
    return None if low is None or high is None else (low, high)
