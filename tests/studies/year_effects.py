"""How often a year that does not come back is taken for progress, and if the next is foretold.

Each year has its own coefficients: lasting ones, and an effect drawn anew for every year, which no
later year knows. Models are ridge logistic regressions on raw features, so that a history takes
some hundredths of a second; comparison, origins, spread and decision are the real ones, with
standard errors of `retraining.promotion.sampling_error` in place of resamples. Recall in
a year is worked out from its coefficients (score and log-odds are jointly normal), not sampled.

Cases: `equal`, one recipe, the champion learned from the year before the challenger's and nothing
else, so that over years neither is better; `refresh`, one recipe, the challenger has one more year;
`changed`, both have all years until theirs and see different features through noise, set so that
the challenger's recipe gains so many points.

`python -m tests.studies.year_effects --help` tells how to run it; results are in docs/promotion.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import expit

from model.figures import share_of
from model.promotion import DecisionStatus
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.cases import Answers, Cases
from retraining.promotion.comparison import compare
from retraining.promotion.decision import decide
from retraining.promotion.evidence import BinaryEvidence, Origin
from retraining.promotion.origins import METRICS, origin
from retraining.promotion.ranking import Floats
from retraining.promotion.spread import Standing, placed
from tests.studies.fits import Years, fitted, out_of_fold

FEATURES = 12
BLUNT = 4
"""Features that a recipe sees through noise: the first for the champion, the next for the other."""
SIGNAL = 2.2
INTERCEPT = -0.2
STUDENTS = 765
SPREADS = (0.0, 0.15, 0.30)
YEARS = (2, 3, 5)
CASES = ("equal", "refresh", "changed 0", "changed 2", "changed 5")
POLICIES = {
    "default": PromotionPolicy(),
    "within": PromotionPolicy(evidence="within", refresh="evidence"),
    "refresh evidence": PromotionPolicy(refresh="evidence"),
}
_POINTS = np.linspace(-5, 5, 121)
_DENSITY = np.exp(-(_POINTS**2) / 2) / np.exp(-(_POINTS**2) / 2).sum()
_NODES, _WEIGHTS = hermegauss(20)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which features are seen through noise, as its variance per feature, shape (features,)."""

    noise: Floats

    def sees(self, rows: Floats, errors: Floats) -> Floats:
        """What it makes of the true features."""
        return rows + np.sqrt(self.noise) * errors


@dataclass(frozen=True, slots=True)
class Seen:
    """One history: what each rule did, and what was true."""

    promoted: dict[str, bool]
    today: bool
    within: float
    measured: float
    expected: float
    low: float
    high: float
    true: float


def recall(weights: Floats, recipe: Recipe, year: Floats) -> float:
    """Recall in that year when as many are flagged as are at risk.

    Args:
        weights: of the model, the last its intercept.
        recipe: through what it sees.
        year: the year's coefficients.
    """
    size = float(np.linalg.norm(year))
    seen = float(np.sqrt((weights[:-1] ** 2) @ (1 + recipe.noise)))
    correlation = float(weights[:-1] @ year) / (size * seen)
    rest = size * np.sqrt(max(0.0, 1 - correlation**2))
    logits = INTERCEPT + correlation * size * _POINTS[:, None] + rest * _NODES[None, :]
    risk = expit(logits) @ (_WEIGHTS / _WEIGHTS.sum())
    at_risk = float(_DENSITY @ risk)
    caught = np.cumsum((_DENSITY * risk)[::-1]) / at_risk
    return float(np.interp(at_risk, np.cumsum(_DENSITY[::-1]), caught))


def recipes(gain: float) -> tuple[Recipe, Recipe]:
    """Champion's and challenger's, the latter so much better where years do not differ."""
    ours, theirs = np.zeros(FEATURES), np.zeros(FEATURES)
    ours[BLUNT : 2 * BLUNT] = 0.25
    theirs[:BLUNT] = 0.25 if gain == 0 else _noise_for(gain)
    return Recipe(theirs), Recipe(ours)


@cache
def _noise_for(gain: float) -> float:
    rng = np.random.default_rng(1)
    directions = [lasting(rng) for _ in range(400)]
    ours = np.zeros(FEATURES)
    ours[BLUNT : 2 * BLUNT] = 0.25

    def gained(noise: float) -> float:
        theirs = np.zeros(FEATURES)
        theirs[:BLUNT] = noise
        return float(np.mean([_best(ours, d) - _best(theirs, d) for d in directions]))

    low, high = 0.25, 400.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if gained(middle) > gain else (middle, high)
    return (low + high) / 2


def _best(noise: Floats, year: Floats) -> float:
    return recall(np.append(year / (1 + noise), INTERCEPT), Recipe(noise), year)


def lasting(rng: np.random.Generator) -> Floats:
    """Coefficients that persist; what either recipe sees through noise matters alike."""
    drawn = rng.normal(size=FEATURES)
    drawn[BLUNT : 2 * BLUNT] = drawn[:BLUNT]
    return np.asarray(drawn * SIGNAL / np.linalg.norm(drawn))


def history(case: str, years: int, spread: float, rng: np.random.Generator) -> Seen:
    """Plays one history and decides at its end.

    Args:
        case: one of `CASES`.
        years: labelled ones.
        spread: standard deviation of a year's effects on the coefficients.
        rng: draws the world.
    """
    pooled, changed = case != "equal", case.startswith("changed")
    theirs, ours = recipes(float(case.split()[-1]) / 100 if changed else 0.0)
    theirs = theirs if changed else ours
    base = lasting(rng)
    effects = [base + spread * rng.normal(size=FEATURES) for _ in range(years + 1)]
    rows = [rng.normal(size=(STUDENTS, FEATURES)) for _ in range(years)]
    errors = [rng.normal(size=(STUDENTS, FEATURES)) for _ in range(years)]
    outcome = [
        (rng.random(STUDENTS) < expit(INTERCEPT + x @ b)).astype(np.float64)
        for x, b in zip(rows, effects, strict=False)
    ]
    new = Years([ours.sees(x, e) for x, e in zip(rows, errors, strict=True)], outcome)
    old = Years([theirs.sees(x, e) for x, e in zip(rows, errors, strict=True)], outcome)
    ours_by, theirs_by = (fitted(each, pooled=pooled) for each in (new, old))
    lag = 0 if changed else 1
    answers = _Read(outcome)
    origins = tuple(
        answers.origin(
            t,
            new.scores(ours_by[t], t),
            old.scores(theirs_by[t - lag], t),
            unshared=(1 / t if pooled else 1.0) if lag else 0.0,
        )
        for t in range(1 + lag, years)
    )
    held_out = out_of_fold(new, ours_by[years], rng, pooled=pooled)
    champion = old.scores(theirs_by[years - 1], years - 1)
    evidence = answers.within(years - 1, held_out, champion)
    at = Standing(
        both=False,
        refresh=pooled and not changed,
        origins=origins,
        unshared=1 / years if pooled else 1.0,
    )
    true = recall(ours_by[years], ours, effects[-1]) - recall(
        theirs_by[years - 1], theirs, effects[-1]
    )
    return _seen(evidence, at, true)


@dataclass(frozen=True, slots=True)
class _Read:
    """Compares models on the years of one history."""

    outcome: Sequence[Floats]

    def origin(self, year: int, ours: Floats, theirs: Floats, *, unshared: float) -> Origin:
        cases, policy = self._cases(year), POLICIES["default"]
        return origin(cases, _said("v2", ours), _said("v1", theirs), policy, unshared=unshared)

    def within(self, year: int, ours: Floats, theirs: Floats) -> BinaryEvidence:
        """The comparison; its standard errors are those of `sampling_error`, not of resamples."""
        cases, policy = self._cases(year), POLICIES["default"]
        found = compare(
            cases, _said("v2", ours), _said("v1", theirs), policy,
            seed=0, resamples=2, metrics=METRICS,
        )  # fmt: skip
        own = origin(cases, _said("v2", ours), _said("v1", theirs), policy, unshared=0.0)
        errors = {"recall_at_budget": own.error, "recall_around_budget": own.around_error}
        return replace(found, gains=tuple(replace(g, error=errors[g.metric]) for g in found.gains))

    def _cases(self, year: int) -> Cases:
        outcome = self.outcome[year]
        n = len(outcome)
        return Cases(outcome, np.arange(n).astype(np.str_), np.full(n, str(year)), {}, {})


def _said(version: str, scores: Floats) -> Answers:
    return Answers(version, scores, float(np.quantile(scores, 1 - scores.mean())))


def _seen(evidence: BinaryEvidence, at: Standing, true: float) -> Seen:
    found = {name: placed(evidence, at, policy) for name, policy in POLICIES.items()}
    default = found["default"]
    if default.expected is None:
        raise ValueError("no gain is expected of a comparison")
    within = evidence.gain("recall_at_budget").gain
    return Seen(
        promoted={
            name: decide(each, POLICIES[name]).status is DecisionStatus.PROMOTED
            for name, each in found.items()
        },
        today=decide(evidence, POLICIES["default"]).status is DecisionStatus.PROMOTED,
        within=within,
        measured=float(np.mean([o.gain for o in at.origins])) if at.origins else within,
        expected=default.expected.gain,
        low=default.expected.low,
        high=default.expected.high,
        true=true,
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the study; gains in points of recall, shares with their Wilson interval."""

    case: str
    years: int
    spread: float
    histories: int
    within: float
    measured: float
    expected: float
    half_width: float
    true: float
    covered: tuple[float, float, float]
    covered_promoted: tuple[float, float, float]
    promoted: dict[str, tuple[float, float, float]]
    today: tuple[float, float, float]
    regret: dict[str, float]


def cell(case: str, years: int, spread: float, histories: int) -> Cell:
    """Plays so many histories of one kind."""
    rng = np.random.default_rng([CASES.index(case), years, round(spread * 100)])
    seen = [history(case, years, spread, rng) for _ in range(histories)]
    true = np.array([one.true for one in seen])
    served = {name: np.array([one.promoted[name] for one in seen]) for name in POLICIES}
    served["today"] = np.array([one.today for one in seen])
    covered = np.array([one.low <= one.true <= one.high for one in seen])
    return Cell(
        case=case,
        years=years,
        spread=spread,
        histories=histories,
        within=_points([one.within for one in seen]),
        measured=_points([one.measured for one in seen]),
        expected=_points([one.expected for one in seen]),
        half_width=_points([(one.high - one.low) / 2 for one in seen]),
        true=_points(true),
        covered=_share(covered),
        covered_promoted=_share(covered[served["default"]]),
        promoted={name: _share(served[name]) for name in POLICIES},
        today=_share(served["today"]),
        regret={
            **{name: _points(true * (1 - won)) for name, won in served.items()},
            "never": _points(true),
        },
    )


def _points(values: Any) -> float:
    return round(100 * float(np.mean(values)), 2)


def _share(hits: Any) -> tuple[float, float, float]:
    """Share with its 95 % interval, all in percent."""
    found = share_of(float(np.sum(hits)), float(len(hits)))
    return tuple(round(100 * (x or 0.0), 1) for x in (found.value, found.low, found.high))  # type: ignore[return-value]


def main(argv: Sequence[str] | None = None) -> int:
    """Prints one JSON object per cell."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.studies.year_effects",
        description="Simulates promotions where years have effects that do not come back.",
    )
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=CASES)
    parser.add_argument("--years", type=int, nargs="+", default=YEARS)
    parser.add_argument("--spreads", type=float, nargs="+", default=SPREADS)
    options = parser.parse_args(argv)
    for case in options.cases:
        for years in options.years:
            for spread in options.spreads:
                found = cell(case, years, spread, options.histories)
                sys.stdout.write(json.dumps(asdict(found)) + "\n")
                sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
