"""How often a champion is called worse: `python -m tests.studies.degradation_alarms`.

Score level: 765 held-out scores make the promise and the map of the calibration, as in a version
trained on them. In a year the outcomes of other students come by one of several calendars, and each
day with new ones the job looks if it may. Without a change a year has a false alarm; with one the
outcomes of those flagged, and of those at risk, follow other risks.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from drift.performance.degradation import degraded, next_look
from drift.performance.held_out import log_odds_of, risk_of
from drift.performance.over_time import JudgedRecords
from model.watch.performance import Degradation, DegradationLook
from training.estimating.held_out_map import held_out_map
from training.metrics import evaluate

Floats = NDArray[np.float64]

HELD_OUT = 765
BUDGET = 0.45
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
YEAR_EFFECT = 0.15

CALENDARS: Mapping[str, Sequence[tuple[int, int]]] = {
    "one file of 765": ((300, 765),),
    "20 a week": tuple((7 * week, 20) for week in range(50)),
    "200 a week": tuple((7 * week, 200) for week in range(50)),
    "3,000 a day in March": tuple((60 + day, 3_000) for day in range(30)),
}
"""Days of the year on which so many outcomes come."""


@dataclass(frozen=True, slots=True)
class Year:
    """What a year brought.

    Attributes:
        looks: how many were taken.
        found: what the first look that found anything said; empty if none did.
        after: outcomes that had come by then.
    """

    looks: int
    found: tuple[Degradation, ...]
    after: int


def year(
    calendar: Sequence[tuple[int, int]], random: np.random.Generator, *,
    slope: float = 1.0, effect: float = 0.0,
) -> Year:  # fmt: skip
    """One year of a champion.

    Args:
        calendar: a value of `CALENDARS`.
        random: of everything.
        slope: of the log-odds that outcomes follow; 1 is no change, less is a worse ranking.
        effect: standard deviation of what the year has above or below its scores.
    """
    held, outcome = _scores(HELD_OUT, random), np.zeros(HELD_OUT)
    outcome = (random.random(HELD_OUT) < held).astype(float)
    cut = float(np.quantile(held, 1 - BUDGET))
    promised = evaluate(outcome, held, threshold=cut, budget=BUDGET)
    known = held_out_map(outcome, held, np.zeros((HELD_OUT, 0)))
    shift = effect * random.normal()
    looks: list[DegradationLook] = []
    newest = JudgedRecords(np.zeros(0), np.zeros(0), np.zeros(0))
    came = 0
    for day, number in calendar:
        now = BEGIN + timedelta(days=day)
        newest, came = _with_new(newest, number, now, cut, slope, shift, random), came + number
        look = next_look(looks, newest, version="v1", now=now)
        if look is None:
            continue
        looks.append(look)
        if found := degraded(promised, newest, look, known):
            return Year(len(looks), found, came)
    return Year(len(looks), (), came)


def _scores(number: int, random: np.random.Generator) -> Floats:
    return risk_of(random.normal(-0.2, 1.7, size=number))


def _with_new(
    newest: JudgedRecords, number: int, now: datetime, cut: float, slope: float, shift: float,
    random: np.random.Generator,
) -> JudgedRecords:  # fmt: skip
    scores = _scores(min(number, 1_000), random)
    outcome = random.random(len(scores)) < risk_of(slope * log_odds_of(scores) + shift)
    return JudgedRecords(
        np.concatenate([outcome.astype(float), newest.outcomes]),
        np.concatenate([scores, newest.scores]),
        np.concatenate([np.full(len(scores), cut), newest.cuts]),
        arrived=((now,) * len(scores) + tuple(newest.arrived)),
    ).newest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=2_000, help="of each row (default 2000)")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(
        "| outcomes | | recall then, now | looks a year | years with an alarm | of recall | after |"
    )
    print("|---|---|--:|--:|--:|--:|--:|")
    for name, calendar in CALENDARS.items():
        for told, slope, effect in (
            ("no change", 1.0, 0.0), ("no change, years differ", 1.0, YEAR_EFFECT),
            ("ranks worse", 0.6, 0.0), ("ranks much worse", 0.35, 0.0),
        ):  # fmt: skip
            random = np.random.default_rng([given.seed, len(name)])
            years = [year(calendar, random, slope=slope, effect=effect) for _ in range(given.years)]
            alarms = [one for one in years if one.found]
            recall = [one for one in alarms if any(d.metric == "recall" for d in one.found)]
            after = f"{np.median([one.after for one in alarms]):.0f}" if alarms else ""
            print(
                f"| {name} | {told} | {_recalls(slope)} | {np.mean([y.looks for y in years]):.1f} "
                f"| {len(alarms) / given.years:.1%} | {len(recall) / given.years:.1%} | {after} |"
            )


def _recalls(slope: float) -> str:
    random = np.random.default_rng(0)
    scores = _scores(200_000, random)
    flags = scores >= np.quantile(scores, 1 - BUDGET)
    found = [
        float(risks[flags].sum() / risks.sum())
        for risks in (scores, risk_of(slope * log_odds_of(scores)))
    ]
    return f"{found[0]:.2f}, {found[1]:.2f}"


if __name__ == "__main__":
    main()
