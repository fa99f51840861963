"""Evidence for a numeric outcome: less error on the same students, beyond luck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from model.computing.pool import HERE, Pool
from model.decisions.looks import Look
from preprocessing.task.outcome_kinds import OutcomeKind
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.cases import Answers, Cases
from retraining.promotion.clustered import standard_error
from retraining.promotion.comparison import RESAMPLES
from retraining.promotion.drawing import Draw, StudentGroups, draws
from retraining.promotion.evidence import Contrast, plain
from retraining.promotion.ranking import Floats
from training.metrics import evaluate_numeric


@dataclass(frozen=True, slots=True)
class NumericCard:
    """One model on the compared records: mean absolute error, root mean square error, R²."""

    version: str
    mae: float
    rmse: float
    r2: float


@dataclass(frozen=True, slots=True)
class NumericEvidence:
    """A comparison on n labelled records that the champion never trained on.

    Attributes:
        gain: share of the champion's mean absolute error that the challenger saves.
        low: lower end of the bootstrap's 95 % interval of the gain.
        high: upper end.
        margin: the gain the policy asks for.
        confidence: share of the resamples in which the gain was above the margin.
        baselines: rule that needs no model to its mean absolute error.
        against_mean: the challenger's mean absolute error against that of saying the mean; None in
            evidence of before it was kept.
        early: of how many the outcome was observed before its period began, and may still change.
        look: what part of the period's error budget this comparison has; None in decisions of
            before, and without a champion.
        source: a `retraining.promotion.evidence.Source`; "" without a champion.
        refresh: the champion's recipe with more records, most of the judged period among them.
        without_erased: the champion learned from students who were erased since, and the
            challenger is to replace it: it need be no worse.
    """

    kind: ClassVar[OutcomeKind] = "numeric"
    recalibration: ClassVar[bool] = False

    rows: int
    students: int
    periods: tuple[str, ...]
    challenger_scored: str
    resamples: int
    seed: int
    same_model: bool
    challenger: NumericCard
    champion: NumericCard | None
    gain: float | None
    low: float | None
    high: float | None
    margin: float
    confidence: float | None
    baselines: Mapping[str, float]
    early: int = 0
    look: Look | None = None
    against_mean: Contrast | None = None
    source: str = ""
    refresh: bool = False
    without_erased: bool = False

    @property
    def beyond_chance(self) -> bool:
        """Whether its error is less than that of saying the mean, beyond chance."""
        shown = self.against_mean
        return shown is not None and shown.ours + shown.room < shown.theirs

    def to_mapping(self) -> dict[str, Any]:
        """As JSON and the registry can hold it."""
        mapping: dict[str, Any] = plain(asdict(self))
        return {"kind": self.kind, **mapping}


def compare_numeric(
    cases: Cases,
    challenger: Answers,
    champion: Answers | None,
    policy: PromotionPolicy,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    same_bundle: bool = False,
    challenger_scored: str = "out_of_fold",
    pool: Pool = HERE,
) -> NumericEvidence:
    """Reads both models on the same records; `cases.rules` are predictions of the baselines.

    Args:
        cases: at least one record; `cases.rules` are predictions of the baselines.
        challenger: scored on records it did not train on.
        champion: None at first.
        policy: the gain it asks for.
        seed: draws the resamples.
        resamples: how many.
        same_bundle: whether the bundles have the same digest.
        challenger_scored: how the challenger was scored, told in the evidence.
        pool: reads the models on the resamples.
    """
    saved = (
        None
        if champion is None
        else _saved(cases, challenger, champion, seed=seed, resamples=resamples, pool=pool)
    )
    same = champion is not None and np.array_equal(champion.scores, challenger.scores)
    margin = policy.min_mae_gain
    low, high = (None, None) if saved is None else np.quantile(saved[1:], (0.025, 0.975)).tolist()
    return NumericEvidence(
        rows=len(cases.outcome),
        students=len(np.unique(cases.students)),
        periods=tuple(str(p) for p in np.unique(cases.periods)),
        challenger_scored=challenger_scored,
        resamples=resamples,
        seed=seed,
        same_model=same_bundle or same,
        challenger=_card(challenger, cases.outcome),
        champion=_card(champion, cases.outcome) if champion else None,
        gain=None if saved is None else float(saved[0]),
        low=low,
        high=high,
        margin=margin,
        confidence=None if saved is None else float((saved[1:] > margin).mean()),
        baselines={
            name: float(np.abs(rule - cases.outcome).mean()) for name, rule in cases.rules.items()
        },
        early=cases.early,
        against_mean=_against_mean(cases, challenger),
    )


def _against_mean(cases: Cases, challenger: Answers) -> Contrast:
    """The mean is that of the judged records themselves, which favours it."""
    ours = np.abs(challenger.scores - cases.outcome)
    theirs = np.abs(cases.outcome.mean() - cases.outcome)
    parts = (ours - theirs - (ours - theirs).mean()) / len(ours)
    error = standard_error(parts, cases.students)
    return Contrast(float(ours.mean()), float(theirs.mean()), error)


def _saved(
    cases: Cases,
    challenger: Answers,
    champion: Answers,
    *,
    seed: int,
    resamples: int,
    pool: Pool,
) -> Floats:
    """Share of the champion's error saved: on the records themselves, then in each resample."""
    ours, theirs = (np.abs(a.scores - cases.outcome) for a in (challenger, champion))
    found = [_share_saved(np.ones((1, len(ours))), ours, theirs)]
    groups = StudentGroups.of(cases.students)
    found += pool.each(_saved_in, (groups, ours, theirs), draws(groups, resamples, seed))
    return np.concatenate(found)


def _saved_in(shared: tuple[StudentGroups, Floats, Floats], draw: Draw) -> Floats:
    groups, ours, theirs = shared
    return _share_saved(groups.weights(draw), ours, theirs)


def _share_saved(weights: Any, ours: Floats, theirs: Floats) -> Floats:
    before = weights @ theirs
    saved: Floats = np.divide(
        before - weights @ ours, before, out=np.zeros(len(before)), where=before > 0
    )
    return saved


def _card(answers: Answers, outcome: Floats) -> NumericCard:
    figures = evaluate_numeric(outcome, answers.scores)
    return NumericCard(
        answers.version, figures["mae"], figures["rmse"], figures.get("r2", float("nan"))
    )
