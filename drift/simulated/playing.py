"""Checks played on made-up changes: what would be raised, and after how many checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from drift.alarms.persistence import next_state
from drift.alarms.rule import AlarmRule
from drift.naming.at_risk_now import PresentState
from drift.performance import disagreements, realised_performance
from drift.policy import DriftPolicy
from drift.report import drift_report
from drift.simulated.changes import Concept, MadeUp, changed
from model.drift import DriftReport
from model.profile import build_profile
from model.student import Features
from model.watch.alarm import AlarmLevel, WatchState

Scores = Callable[[Sequence[Features]], NDArray[np.float64]]
Cuts = Callable[[Sequence[Features]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Population:
    """Whom records are drawn from, and how they are compared.

    Attributes:
        records: one a student.
        kinds: feature to `numeric` or `category`.
        policy: which tests run.
        rule: what makes an alarm.
        present: how the task tells who is at risk now.
        scores: the champion's, or None without one.
        cuts: where `high` begins for each record; with scores only.
    """

    records: Sequence[Features]
    kinds: Mapping[str, str]
    policy: DriftPolicy
    rule: AlarmRule
    present: PresentState | None = None
    scores: Scores | None = None
    cuts: Cuts | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is played.

    Attributes:
        changes: of features.
        students: of the cohort at each check.
        checks: how many there are, each of other students.
        repeats: how often all of it is played.
        whole: each cohort is complete, and judged once.
        seed: of all that is drawn.
    """

    changes: tuple[MadeUp, ...]
    students: int
    checks: int
    repeats: int
    whole: bool
    seed: int


@dataclass(frozen=True, slots=True)
class Raised:
    """What came of one feature, as shares of the repeats.

    Attributes:
        feature: its name.
        found: drift at the first check.
        alarmed: in alarm at the last check or before.
        at_check: the check that raised it, in half of the repeats at the latest; None where fewer
            than half raised it.
    """

    feature: str
    found: float
    alarmed: float
    at_check: int | None


@dataclass(frozen=True, slots=True)
class Felt:
    """What measured outcomes say of a changed concept.

    Attributes:
        recall_before: mean over the repeats, without the change.
        recall_after: with it.
        told: share of the repeats in which it is said to be worse.
    """

    recall_before: float
    recall_after: float
    told: float


def play(population: Population, plan: Plan, now: datetime) -> tuple[Raised, ...]:
    """What the watch would raise; features of which nothing was ever found are left out.

    Each repeat draws students anew on both sides, with replacement, so that without a change what
    is raised is chance.

    Args:
        population: whom records are drawn from.
        plan: what is played.
        now: of the first check.
    """
    found: Counter[str] = Counter()
    alarms: dict[str, list[int]] = {}
    for repeat in range(plan.repeats):
        random = np.random.default_rng([plan.seed, repeat])
        state: WatchState | None = None
        raised: set[str] = set()
        for check, report in enumerate(_reports(population, plan, random, now), start=1):
            if check == 1:
                found.update(report.drifted_features)
            state = next_state(state, report, population.rule)
            for feature in set(state.at_level(AlarmLevel.ALARMED)) - raised:
                alarms.setdefault(feature, []).append(check)
                raised.add(feature)
    return tuple(
        Raised(name, found[name] / plan.repeats, len(at) / plan.repeats, _by_half(at, plan.repeats))
        for name in sorted({*found, *alarms})
        for at in (alarms.get(name, []),)
    )


def feel(population: Population, plan: Plan, concept: Concept) -> Felt:
    """What the champion's outcomes would say of a changed concept.

    Outcomes are drawn from the champion's calibrated scores, so without the change it is as good as
    it claims to be.

    Raises:
        ValueError: the population has no scores.
    """
    if population.scores is None or population.cuts is None:
        raise ValueError("a concept is measured with a champion's scores")
    before, after, told = [], [], 0
    for repeat in range(plan.repeats):
        random = np.random.default_rng([plan.seed, repeat])
        usual = _measured(population, plan.students, Concept(0.0), random)
        now = _measured(population, plan.students, concept, random)
        before.append(usual.get("recall", np.nan))
        after.append(now.get("recall", np.nan))
        told += bool(disagreements(now, usual))
    return Felt(float(np.nanmean(before)), float(np.nanmean(after)), told / plan.repeats)


def _measured(
    population: Population, students: int, concept: Concept, random: Generator
) -> Mapping[str, float]:
    records = _drawn(population.records, students, random)
    if population.scores is None or population.cuts is None:
        return {}
    scores = population.scores(records)
    return realised_performance(concept.outcomes(scores, random), scores, population.cuts(records))


def _reports(
    population: Population, plan: Plan, random: Generator, now: datetime
) -> Sequence[DriftReport]:
    former = _drawn(population.records, len(population.records), random)
    former = changed(former, plan.changes, random, after=False)
    profile = build_profile(former, population.kinds, _scored(population, former))
    reports = []
    for check in range(plan.checks):
        records = changed(
            _drawn(population.records, plan.students, random), plan.changes, random, after=True
        )
        reports.append(
            drift_report(
                profile,
                records,
                _scored(population, records),
                report_id=f"check {check + 1}",
                now=now + timedelta(days=check),
                model_version="simulated",
                periods=("simulated",),
                policy=population.policy,
                seed=int(random.integers(2**31)),
                present=population.present,
            )
        )
    # Other records at each check, so each counts.
    return [replace(one, digest=one.report_id, whole=plan.whole) for one in reports]


def _scored(population: Population, records: Sequence[Features]) -> NDArray[np.float64]:
    return np.zeros(0) if population.scores is None else population.scores(records)


def _drawn(records: Sequence[Features], n: int, random: Generator) -> list[Features]:
    return [records[i] for i in random.integers(len(records), size=n).tolist()]


def _by_half(at: Sequence[int], repeats: int) -> int | None:
    half = (repeats + 1) // 2
    return sorted(at)[half - 1] if len(at) >= half else None
