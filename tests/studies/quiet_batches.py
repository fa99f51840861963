"""Alarms of the drift watch, where nothing changes and where something does.

`python -m tests.studies.quiet_batches`; the table in docs/drift.md is of this.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from drift.alarms.persistence import next_state
from drift.alarms.rule import AlarmRule, rule_of
from drift.policy import DriftPolicy, policy_of
from drift.report import compared_profiles
from model.drift import DriftReport
from model.profile import GRID, SCORE, CategoryProfile, ColumnProfile, profile_numbers
from model.watch.alarm import WatchState
from preprocessing.task.policies import WatchPolicy

START = datetime(2025, 3, 1, 6, tzinfo=UTC)
NUMBERS, CATEGORIES = 10, 4
SHARES = [0.1, 0.25, 0.45, 0.2]
MISSING = 0.04
RUN = 20
"""Checks against one profile, one after the other."""

Profiles = dict[str, ColumnProfile]


@dataclass(frozen=True, slots=True)
class Students:
    """Marks, shape (n, 10), NaN missing; categories, shape (n, 4), -1 missing; scores, (n,)."""

    marks: NDArray[np.float64]
    stones: NDArray[np.int_]
    scores: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.scores)

    def first(self, n: int) -> Students:
        return Students(self.marks[:n], self.stones[:n], self.scores[:n])


Change = Callable[[Students, Generator], Students]


def nothing(students: Students, random: Generator) -> Students:
    return students


def shift(deviations: float) -> Change:
    def change(students: Students, random: Generator) -> Students:
        marks = students.marks.copy()
        # In units of what the marks are rounded to, the shift is drawn: marks stay marks.
        by = deviations * np.nanstd(marks[:, 0]) * 2
        marks[:, 0] += np.floor(by + random.random(len(students))) / 2
        return replace(students, marks=marks)

    return change


def new_category(share: float) -> Change:
    def change(students: Students, random: Generator) -> Students:
        stones = students.stones.copy()
        stones[random.random(len(students)) < share, 0] = len(SHARES)
        return replace(students, stones=stones)

    return change


def missing(share: float) -> Change:
    """The first mark is missing in that share; from 2 % in those it is compared with."""

    def change(students: Students, random: Generator) -> Students:
        marks = students.marks.copy()
        marks[:, 0] = np.where(random.random(len(students)) < share, np.nan, 6.0)
        return replace(students, marks=marks)

    return change


def draw(n: int, random: Generator) -> Students:
    """Students like those of `drift_alarms`: correlated half-point marks, unequal categories."""
    ability = random.normal(size=(n, 1))
    marks = (np.clip(6 + ability + random.normal(size=(n, NUMBERS)), 0, 10) * 2).round() / 2
    stones = random.choice(len(SHARES), p=SHARES, size=(n, CATEGORIES))
    lost = random.random((n, NUMBERS + CATEGORIES)) < MISSING
    marks[lost[:, :NUMBERS]] = np.nan
    stones[lost[:, NUMBERS:]] = -1
    return Students(marks, stones, random.beta(2, 2, size=n))


def profiles(students: Students, grid: int | None = None) -> Profiles:
    found: Profiles = {}
    for place in range(NUMBERS):
        known = students.marks[:, place]
        known = known[~np.isnan(known)]
        lost = len(students) - known.size
        found[f"n{place}"] = profile_numbers(known.tolist(), missing=lost, grid=grid)
    for place in range(CATEGORIES):
        found[f"c{place}"] = _category(students.stones[:, place])
    found[SCORE] = profile_numbers(students.scores.tolist(), missing=0, grid=grid)
    return found


def _category(stones: NDArray[np.int_]) -> CategoryProfile:
    names, counts = np.unique(stones[stones >= 0], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return CategoryProfile(
        rows=stones.size,
        missing=int((stones < 0).sum()),
        categories=tuple(str(name) for name in names[order]),
        counts=tuple(counts[order].tolist()),
    )


@dataclass(frozen=True, slots=True)
class Watch:
    """How checks are made."""

    policy: DriftPolicy
    rule: AlarmRule
    trained: int

    def states(
        self,
        sizes: list[int],
        change: Change,
        random: Generator,
        *,
        growing: bool = False,
        whole: bool = False,
        former: Change = nothing,
    ) -> Iterator[tuple[bool, WatchState]]:
        """After each check: whether anything drifted in it, and the state."""
        then = profiles(former(draw(self.trained, random), random), GRID)
        everybody = change(draw(max(sizes), random), random) if growing else None
        state: WatchState | None = None
        for number, n in enumerate(sizes):
            cohort = everybody.first(n) if everybody else change(draw(n, random), random)
            rows = compared_profiles(then, profiles(cohort), self.policy, number)
            report = DriftReport(
                str(number), START + timedelta(days=number), "v1", n, ("2025",), rows,
                any(row.drifted for row in rows), digest=str(number), whole=whole,
            )  # fmt: skip
            state = next_state(state, report, self.rule)
            yield report.drifted, state


def quiet(watch: Watch, n: int, checks: int, random: Generator, *, growing: bool) -> str:
    """Shares of checks that found anything, after which any alarm stood, and that raised one."""
    found = standing = raised = 0
    runs = max(1, checks // RUN)
    sizes = [n] * RUN if not growing else np.linspace(max(n // 5, 50), n, RUN).astype(int).tolist()
    for _ in range(runs):
        before: set[str] = set()
        for drifted, state in watch.states(sizes, nothing, random, growing=growing):
            found += drifted
            standing += bool(state.confirmed)
            raised += bool(set(state.confirmed) - before)
            before = set(state.confirmed)
    total = runs * RUN
    return (
        f"{total} checks: found {found / total:.2%}, alarm stands {standing / total:.2%}, "
        f"raised {raised / total:.2%}"
    )


def quiet_whole(watch: Watch, n: int, checks: int, random: Generator) -> str:
    """Share of complete cohorts, each judged once, that alarm."""
    alarms = sum(
        bool(state.confirmed)
        for _ in range(checks)
        for _, state in watch.states([n], nothing, random, whole=True)
    )
    return f"{checks} complete cohorts: alarm {alarms / checks:.2%}"


def power(
    watch: Watch, n: int, feature: str, change: Change, repeats: int, random: Generator, *,
    former: Change = nothing,
) -> str:  # fmt: skip
    """Share of repeats in which the feature is in alarm by the k-th check."""
    k = watch.rule.checks
    growth = [round(n * 1.1**i) for i in range(k)]
    told = []
    for name, sizes, growing, whole in (
        ("others each", [n] * k, False, False),
        ("growing", growth, True, False),
        ("whole, once", [n], False, True),
    ):
        hits = 0
        for _ in range(repeats):
            made = list(
                watch.states(sizes, change, random, growing=growing, whole=whole, former=former)
            )
            hits += feature in made[-1][1].confirmed
        told.append(f"{name} {hits / repeats:.1%}")
    return ", ".join(told)


CHANGES: Mapping[str, tuple[int, str, Change, Change]] = {
    "0.5 sd": (200, "n0", shift(0.5), nothing),
    "0.05 sd": (100_000, "n0", shift(0.05), nothing),
    "new category at 5 %": (500, "c0", new_category(0.05), nothing),
    "missing 2 -> 10 %": (500, "n0", missing(0.10), missing(0.02)),
}
LARGE = 50_000
"""Cohorts from this size on are played a tenth as often."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=1_000)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1_000, 10_000, 100_000])
    parser.add_argument("--trained", type=int, default=600, help="students of the profile")
    usual = WatchPolicy()
    parser.add_argument("--checks", type=int, default=usual.checks)
    parser.add_argument("--alpha", type=float, default=usual.alpha)
    parser.add_argument("--alarm-alpha", type=float, default=usual.alarm_alpha)
    parser.add_argument("--at-most", type=int, default=10**9, help="leave larger cohorts out")
    parser.add_argument("--only", choices=["quiet", "power"])
    parser.add_argument("--seed", type=int, default=20)
    given = parser.parse_args()
    chosen = WatchPolicy(checks=given.checks, alpha=given.alpha, alarm_alpha=given.alarm_alpha)
    watch = Watch(policy_of(chosen), rule_of(chosen), given.trained)
    random = np.random.default_rng(given.seed)

    def times(n: int) -> int:
        batches: int = given.batches
        return max(RUN, batches // 10) if n >= LARGE else batches

    sizes = [n for n in given.sizes if n <= given.at_most]
    for n in sizes if given.only != "power" else ():
        print(f"quiet, n = {n}, others each: {quiet(watch, n, times(n), random, growing=False)}")
        print(f"quiet, n = {n}, growing: {quiet(watch, n, times(n), random, growing=True)}")
        print(f"quiet, n = {n}: {quiet_whole(watch, n, times(n), random)}", flush=True)
    for name, (n, feature, change, former) in CHANGES.items() if given.only != "quiet" else ():
        if n > given.at_most:
            continue
        told = power(watch, n, feature, change, times(n), random, former=former)
        print(f"{name}, n = {n}, in alarm by check {watch.rule.checks}: {told}", flush=True)


if __name__ == "__main__":
    main()
