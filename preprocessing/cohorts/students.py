"""Synthetic students who grow up through the school years of `preprocessing.cohorts.scenarios`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from preprocessing.cohorts.scenarios import Scenario, profile_of
from preprocessing.cohorts.year_statistics import FIRST_YEAR, Spread, YearProfile

AGES = {7: 2, 8: 7, 9: 11, 10: 14, 11: 12, 12: 13, 13: 12, 14: 10, 15: 8, 16: 6, 17: 5}
"""Age of new students to relative frequency."""
SCHOOLS = {"publica": 0.86, "apadrinhamento": 0.10, "privada": 0.04}
NOISE = 0.6
"""Spread of what neither ability nor engagement decides about a promotion."""
SECOND_STEP = 1.0
"""How much better than for one phase a student must be to rise by two in a year."""
AHEAD = 2.2
"""How good a student must be to be put a phase above the ideal one."""
LAST_GRADE = 12
UNIVERSITY = 8
INDE_WEIGHTS = {
    "iaa": 0.1, "ieg": 0.2, "ips": 0.1, "ipp": 0.1, "ida": 0.2, "ipv": 0.2, "ian": 0.1,
}  # fmt: skip
"""PEDE's weights for the phases below university; what is missing hands its weight to the rest."""


@dataclass(frozen=True, slots=True)
class Pupil:
    """A student as they are, which no survey sees: traits in standard deviations."""

    number: int
    birth: date
    girl: bool
    entered: int
    school: str
    ability: float
    engagement: float
    wellbeing: float
    repeated: int
    phase: int

    def grade(self, year: int) -> int:
        """The school grade in a year: 1 at seven, less the years repeated."""
        return year - self.birth.year - 6 - self.repeated

    def lag(self, year: int) -> int:
        """Phase minus ideal phase."""
        return self.phase - ideal_phase(self.grade(year), year)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a year's survey says of one student; indicators that were not taken are absent.

    Attributes:
        lag: phase minus ideal phase as the file has it, the student's own unless rows were mixed.
    """

    pupil: Pupil
    year: int
    lag: int
    evaluators: int
    indicators: dict[str, float]


def ideal_phase(grade: int, year: int) -> int:
    """The phase that fits a school grade; the rule of 2022 took one grade more into ALFA.

    >>> [ideal_phase(g, 2023) for g in (1, 2, 3, 4, 5, 8, 9, 12, 13)]
    [0, 0, 1, 1, 2, 3, 4, 7, 8]
    """
    if grade <= (3 if year == FIRST_YEAR else 2):
        return 0
    if grade <= 8:
        return (grade - 1) // 2
    return min(grade - 5, UNIVERSITY)


def simulate(
    seed: int, years: int, scenario: Scenario = Scenario.LASTING
) -> Iterator[tuple[int, list[Survey]]]:
    """School years from 2022 on, each with its surveyed students.

    Args:
        seed: the same seed gives the same students.
        years: how many.
        scenario: what happens in them.
    """
    rng = np.random.default_rng(seed)
    pupils: list[Pupil] = []
    ever = 0
    for year in range(FIRST_YEAR, FIRST_YEAR + years):
        facts = profile_of(scenario, year)
        stayed = _stay(rng, pupils, facts, year)
        fresh = [
            _newcomer(rng, ever + i + 1, year, facts, university=i < facts.university)
            for i in range(max(0, facts.size - len(stayed)))
        ]
        ever += len(fresh)
        pupils = _promote(rng, stayed, fresh, facts, year)
        surveys = [_survey(rng, pupil, facts, year) for pupil in pupils]
        yield year, _misjoined(rng, surveys, facts.misjoined)


def _stay(
    rng: np.random.Generator, pupils: Sequence[Pupil], facts: YearProfile, year: int
) -> list[Pupil]:
    """The engaged stay a little more often than the rest; nobody stays far beyond school."""
    chance = rng.random(len(pupils))
    return [
        pupil
        for pupil, luck in zip(pupils, chance, strict=True)
        if luck < facts.stay + 0.05 * np.tanh(pupil.engagement)
        and pupil.grade(year) <= LAST_GRADE + 5
    ]


def _newcomer(
    rng: np.random.Generator, number: int, year: int, facts: YearProfile, *, university: bool
) -> Pupil:
    weights = np.array(list(AGES.values()), dtype=np.float64)
    age = int(rng.choice(list(AGES), p=weights / weights.sum()))
    age = int(rng.integers(18, 23)) if university else age
    common, *own = rng.normal(size=4)
    first_day = date(year - age, 1, 1)
    pupil = Pupil(
        number=number,
        birth=first_day + timedelta(days=int(rng.integers(0, 365))),
        girl=bool(rng.random() < 0.54),
        entered=year if year > FIRST_YEAR else year - min(int(rng.geometric(0.45)) - 1, 6),
        school=str(rng.choice(list(SCHOOLS), p=list(SCHOOLS.values()))),
        ability=0.6 * common + 0.8 * own[0],
        engagement=0.6 * common + 0.8 * own[1],
        wellbeing=0.3 * common + 0.95 * own[2],
        repeated=0 if university else int(rng.random() < 0.06),
        phase=0,
    )
    ideal = ideal_phase(pupil.grade(year), year)
    phase = UNIVERSITY if university else max(0, ideal + _entry_lag(rng, facts))
    return replace(pupil, phase=phase)


def _entry_lag(rng: np.random.Generator, facts: YearProfile) -> int:
    """Where a test on entry places a student, relative to the ideal phase."""
    if rng.random() >= facts.newcomers_at_risk:
        return int(rng.random() < 0.05)
    return int(rng.choice([-1, -2, -3], p=[0.71, 0.25, 0.04]))


def _promote(
    rng: np.random.Generator,
    stayed: Sequence[Pupil],
    fresh: Sequence[Pupil],
    facts: YearProfile,
    year: int,
) -> list[Pupil]:
    """Moves those who stayed up, as generously as makes the year's share at risk."""
    weight = facts.ability_weight
    merit = np.array([weight * p.ability + (1 - weight) * p.engagement for p in stayed])
    merit = merit + NOISE * rng.normal(size=len(stayed))
    low, high = -4.0, 4.0
    for _ in range(30):
        middle = (low + high) / 2
        moved = [_moved(p, m + middle, year) for p, m in zip(stayed, merit, strict=True)]
        share = np.mean([pupil.lag(year) < 0 for pupil in (*moved, *fresh)])
        low, high = (middle, high) if share > facts.at_risk else (low, middle)
    return [*moved, *fresh]


def _moved(pupil: Pupil, merit: float, year: int) -> Pupil:
    if pupil.grade(year) > LAST_GRADE:
        return replace(pupil, phase=max(UNIVERSITY, pupil.phase))
    steps = int(merit > 0) + int(merit > SECOND_STEP)
    ceiling = ideal_phase(pupil.grade(year), year) + int(merit > AHEAD)
    return replace(pupil, phase=max(pupil.phase, min(pupil.phase + steps, ceiling)))


def _survey(rng: np.random.Generator, pupil: Pupil, facts: YearProfile, year: int) -> Survey:
    noise = dict(zip(facts.indicators, rng.normal(size=len(facts.indicators)), strict=True))
    zero, unseen, evaluators = rng.random(), rng.random(), int(rng.integers(2, 5))
    ian = {True: 10.0, False: 5.0 if pupil.lag(year) > -3 else 2.5}[pupil.lag(year) >= 0]
    if pupil.phase >= UNIVERSITY and unseen < 0.9:
        return Survey(pupil, year, pupil.lag(year), 0, {"ian": ian})
    taken = {
        name: _indicator(spread, _trait(name, pupil), noise[name])
        for name, spread in facts.indicators.items()
        if name != "ing" or pupil.phase >= 3
    }
    if zero < facts.iaa_zero:
        taken["iaa"] = 0.0
    grades = [taken[name] for name in ("mat", "por", "ing") if name in taken]
    taken |= {"ida": round(sum(grades) / len(grades), 1), "ian": ian}
    return Survey(pupil, year, pupil.lag(year), evaluators, {**taken, "inde": _inde(taken)})


def _misjoined(rng: np.random.Generator, surveys: list[Survey], share: float) -> list[Survey]:
    """Deals that share of the lags to other rows, as a column sorted alone does."""
    if not share:
        return surveys
    mixed = rng.permutation(len(surveys))[: round(share * len(surveys))]
    lags = [surveys[i].lag for i in mixed]
    result = list(surveys)
    for i, lag in zip(np.roll(mixed, 1), lags, strict=True):
        result[i] = replace(surveys[i], lag=lag)
    return result


def _trait(name: str, pupil: Pupil) -> float:
    """What of a student an indicator measures, in standard deviations, before noise."""
    ability, engagement = pupil.ability, pupil.engagement
    return {
        "iaa": 0.3 * engagement + 0.2 * pupil.wellbeing,
        "ieg": 0.85 * engagement,
        "ips": 0.5 * pupil.wellbeing,
        "ipp": 0.5 * ability + 0.3 * engagement,
        "ipv": 0.55 * ability + 0.4 * engagement,
    }.get(name, 0.75 * ability + 0.15 * engagement)


def _indicator(spread: Spread, trait: float, noise: float) -> float:
    value = spread.mean + spread.deviation * (trait + 0.6 * noise)
    return float(np.clip(round(value, 1), 0.0, 10.0))


def _inde(taken: dict[str, float]) -> float:
    weights = {name: weight for name, weight in INDE_WEIGHTS.items() if name in taken}
    total = sum(weight * taken[name] for name, weight in weights.items())
    return total / sum(weights.values())
