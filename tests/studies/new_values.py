"""How often new categories are found, and rare ones raise a false alarm.

`python -m tests.studies.new_values` writes the table of docs/drift.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drift.benjamini_hochberg import adjust
from drift.chi_square import ChiSquare
from drift.new_categories import NewCategories
from model.profile import CATEGORY, CategoryProfile, profile_column

STONES = np.array(["quartzo", "agata", "ametista", "topazio"])
VILLAGES = 1000
ALPHA = 0.05
OTHERS = 28
"""Tests of other columns in the same report; without drift their p-values are uniform."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """Shares of batches.

    Attributes:
        found: in which new stones were found, each record having one with a given chance.
        villages: in which the villages drifted by either test, though nothing about them changed.
    """

    found: float
    villages: float


def study(
    *, batches: int, then: int, now: int, new: float = 0.05, zipf: bool = False, seed: int = 1
) -> Alarms:
    """Compares new batches with new profiles.

    Args:
        batches: how many.
        then: students per profile.
        now: students per batch.
        new: the chance of a record to carry a stone that training never saw.
        zipf: villages are as frequent as 1 / rank; else all alike.
        seed: of the draws.
    """
    random = np.random.default_rng(seed)
    weights = 1.0 / np.arange(1, VILLAGES + 1) if zipf else np.ones(VILLAGES)
    names = np.array([f"village-{i}" for i in range(VILLAGES)])
    found, villages = 0, 0
    for _ in range(batches):
        towns = [_drawn(names, n, weights / weights.sum(), random) for n in (then, now)]
        stones = [_drawn(STONES, n, np.full(4, 0.25), random) for n in (then, now)]
        stones[1] = np.where(random.random(now) < new, "diamante", stones[1])
        alarms = _alarms(stones, towns, random)
        found += alarms[1]
        villages += alarms[2] or alarms[3]
    return Alarms(found / batches, villages / batches)


def _alarms(
    stones: Sequence[NDArray[np.str_]],
    towns: Sequence[NDArray[np.str_]],
    random: np.random.Generator,
) -> list[bool]:
    """Whether the stones' homogeneity and new values and the villages' two tests alarm."""
    p_values: list[float] = []
    large: list[bool] = []
    for column in (stones, towns):
        reference, recent = (_profile(values) for values in column)
        for test in (ChiSquare(), NewCategories()):
            found = test.compare(reference, recent, seed=0)
            assert found.p_value is not None
            p_values.append(found.p_value)
            large.append(found.effect >= test.about.limit)
    q_values = adjust([*p_values, *random.random(OTHERS).tolist()])
    return [q <= ALPHA and is_large for q, is_large in zip(q_values, large, strict=False)]


def _profile(values: NDArray[np.str_]) -> CategoryProfile:
    profile = profile_column("c", values.tolist(), CATEGORY)
    assert isinstance(profile, CategoryProfile)
    return profile


def _drawn(
    names: NDArray[np.str_], n: int, weights: NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.str_]:
    return names[random.choice(len(names), size=n, p=weights)]


def main() -> None:
    print("| trained on | batch | 5 % new: found | 2 % new: found | villages alike | 1 / rank |")
    print("|--:|--:|--:|--:|--:|--:|")
    for then in (600, 5000):
        for now in (60, 200, 765):
            alike = study(batches=2000, then=then, now=now)
            rank = study(batches=2000, then=then, now=now, new=0.02, zipf=True)
            print(
                f"| {then:,} | {now} | {alike.found:.1%} | {rank.found:.1%} "
                f"| {alike.villages:.1%} | {rank.villages:.1%} |"
            )


if __name__ == "__main__":
    main()
