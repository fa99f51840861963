"""Which figures of groups may be shown, so that none tells of a handful of students."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

FEWEST_SHOWN = 10
"""Figures of a group with fewer records could tell a reader what became of one student."""


def showable(
    bases: Mapping[str, Sequence[int]], among: Collection[str] | None = None
) -> frozenset[str]:
    """The groups of which figures may be shown beside the same figures of all groups together.

    A group is hidden where one of its bases holds fewer than ten records. What the hidden groups
    hold together is the total minus the shown ones; while that is fewer than ten records of any
    base, the smallest shown group is hidden too (complementary suppression). So no figure shown,
    nor the difference of the total and any number of them, tells of fewer than ten records.

    A reader who is told why one group is hidden learns its size within bounds: say that figures are
    withheld, not whether for the group's own size or for another's.

    Args:
        bases: group to how many records each figure is taken of, the same bases in each group. The
            groups share no record; whoever is in no known group is a group too. Where a base is
            a part of another one (those at risk, of all), the rest is a base of its own: else it
            would be the difference of two figures.
        among: groups that may be shown at all; None is each.

    Source: Hundepool et al. (2012), "Statistical Disclosure Control", chapter 4.

    >>> sorted(showable({"a": [40], "b": [30], "c": [4]}))
    ['a']
    >>> sorted(showable({"a": [40], "b": [30], "c": [4], "d": [6]}))
    ['a', 'b']
    >>> sorted(showable({"a": [25, 15], "b": [12, 18], "c": [38, 2]}))
    ['b']
    """
    shown = {
        group
        for group, counts in bases.items()
        if min(counts) >= FEWEST_SHOWN and (among is None or group in among)
    }
    while shown:
        hidden = [counts for group, counts in bases.items() if group not in shown]
        together = [sum(base) for base in zip(*hidden, strict=True)]
        thin = [place for place, n in enumerate(together) if 0 < n < FEWEST_SHOWN]
        if not thin:
            break
        shown.remove(min(shown, key=lambda group: (bases[group][thin[0]], group)))
    return frozenset(shown)


def split(whole: int, part: int) -> tuple[int, int]:
    """The two bases of a part that is told of: itself, and the rest.

    >>> split(30, 12)
    (12, 18)
    """
    return part, whole - part
