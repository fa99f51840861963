"""From a trial and the champion to evidence and a decision: no clock, no registry."""

from __future__ import annotations

from dataclasses import dataclass

from model.promotion import Guard, PromotionDecision
from preprocessing.dataset import TrainingSet
from preprocessing.task import TaskSpec
from retraining.challenge import Trial
from retraining.champion import Champion
from retraining.comparison import Answers, Cases, compare
from retraining.evidence import Evidence
from retraining.policy import decide, enough_to_compare, kept
from retraining.window import baseline_flags

CHALLENGER = "challenger"
"""The challenger's name in the evidence until it is registered."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision and what it was taken on; no evidence when there was nothing to compare on."""

    decision: PromotionDecision
    evidence: Evidence | None


def comparable(cases: TrainingSet, task: TaskSpec) -> tuple[Guard, ...]:
    """The guards on the sample that object to comparing on these records; empty if none does."""
    positives = int((cases.outcome == 1).sum())
    guards = enough_to_compare(len(cases), positives, task.promotion)
    return guards if not all(guard.passed for guard in guards) else ()


def judge_first(trial: Trial, task: TaskSpec, *, seed: int) -> Verdict:
    """Whether a first model may serve at all."""
    if objections := comparable(trial.cases, task):
        return Verdict(kept(objections), None)
    evidence = compare(
        _cases(trial.cases, task),
        _answers(trial),
        None,
        task.promotion,
        seed=seed,
        challenger_scored=trial.how,
    )
    return Verdict(decide(evidence, task.promotion), evidence)


def judge_successor(
    trial: Trial, champion: Champion, task: TaskSpec, *, seed: int, same_bundle: bool
) -> Verdict:
    """Whether the challenger takes over, on records that neither model trained on.

    The champion answers from its stored bundle.
    """
    serving = Answers(
        champion.version.version,
        champion.predictor.score_many(trial.cases.records),
        champion.version.thresholds.operating,
    )
    evidence = compare(
        _cases(trial.cases, task),
        _answers(trial),
        serving,
        task.promotion,
        seed=seed,
        same_bundle=same_bundle,
        challenger_scored=trial.how,
    )
    return Verdict(decide(evidence, task.promotion), evidence)


def _answers(trial: Trial) -> Answers:
    return Answers(CHALLENGER, trial.scores, trial.model.thresholds.operating)


def _cases(data: TrainingSet, task: TaskSpec) -> Cases:
    return Cases(
        outcome=data.outcome,
        students=data.students,
        periods=data.periods,
        protected=data.protected,
        rules=baseline_flags(data, task),
    )
