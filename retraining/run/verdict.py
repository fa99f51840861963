"""From a trial and the champion to evidence and a decision: no clock, no registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from model.computing.pool import HERE, Pool
from model.decisions.looks import Look
from model.prediction import Thresholds
from model.promotion import TRAIN, DecisionStatus, Guard, PromotionDecision
from preprocessing.dataset import TrainingSet
from preprocessing.lanes import new_cases, operating_cuts
from preprocessing.task.policies import PromotionPolicy
from preprocessing.task.spec import TaskSpec
from retraining.helping.helped_evidence import helped_evidence
from retraining.promotion.approval import gated
from retraining.promotion.cases import Answers, Cases
from retraining.promotion.decision import conclude, decide, looked_at
from retraining.promotion.evidence import BinaryEvidence
from retraining.promotion.guards.rule import Stage
from retraining.promotion.guards.shared import AnyEvidence, LabelledCounts
from retraining.promotion.ranking import Floats
from retraining.promotion.spread import Standing
from retraining.run.challenge import ScoredChallenger
from retraining.run.champion import StoredChampion
from retraining.run.judged_kinds import JUDGED
from retraining.run.window import baseline_answers

CHALLENGER = "challenger"
"""The challenger's name in the evidence until it is registered."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision and what it was taken on; no evidence when there was nothing to compare on.

    Attributes:
        look: at the labels of a period, taken or not; None without a champion.
        action: what the ledger calls it, `train` or `recalibration`.
    """

    decision: PromotionDecision
    evidence: AnyEvidence | None
    look: Look | None = None
    action: str = TRAIN

    @property
    def promoted(self) -> bool:
        """Whether the challenger takes over."""
        return self.decision.status is DecisionStatus.PROMOTED

    def kept(self) -> Verdict:
        """The same verdict where one provisional champion would replace another."""
        decision = replace(self.decision, status=DecisionStatus.KEPT, provisional=False)
        return replace(self, decision=decision)

    def because(self, reason: str) -> Verdict:
        """The same verdict, with a reason before those of its guards."""
        reasons = (reason, *self.decision.reasons)
        return replace(self, decision=replace(self.decision, reasons=reasons))

    def gated(self, policy: PromotionPolicy, *, serving: bool) -> Verdict:
        """The same verdict, staged where the policy wants a person to approve it."""
        return replace(self, decision=gated(self.decision, policy, serving=serving))

    def evidence_as(self, challenger: str | None) -> Mapping[str, Any]:
        """The evidence as plain data, with the challenger under its registered name."""
        if self.evidence is None:
            return {}
        mapping = self.evidence.to_mapping()
        if challenger is not None:
            mapping["challenger"]["version"] = challenger
        return mapping


def comparable(cases: TrainingSet, task: TaskSpec) -> tuple[Guard, ...]:
    """The guards on the sample, if one objects to comparing on these records; else none."""
    labelled = LabelledCounts(task.outcome.kind, len(cases), int((cases.outcome == 1).sum()))
    sample = looked_at(labelled, task.promotion, Stage.SAMPLE)
    return () if all(guard.passed for guard in sample) else sample


def judge(
    trial: ScoredChallenger,
    champion: StoredChampion | None,
    task: TaskSpec,
    *,
    seed: int,
    same_bundle: bool,
    look: Look | None = None,
    at: Standing | None = None,
    instead: Floats | None = None,
    without_erased: bool = False,
    pool: Pool = HERE,
) -> Verdict:
    """Whether the challenger takes over, on records that neither model trained on.

    A provisional champion is also replaced by a challenger that a first model's guards let in.

    Args:
        trial: the challenger and its honest scores.
        champion: answers from its stored bundle; None asks whether a first model may serve at all.
        task: the policy and the baselines.
        seed: draws the resamples.
        same_bundle: the two bundles have the same digest.
        look: what part of the period's error budget this comparison has; None without a champion.
        at: how the two stand to the period that is judged; None compares them without one.
        instead: shape (m,), what the champion's recipe says of the cases, where the champion itself
            has learned from them; None asks the champion.
        without_erased: the champion learned from students who were erased since: the challenger
            need be no worse.
        pool: reads the models on the resamples.
    """
    if objections := comparable(trial.cases, task):
        return Verdict(conclude(objections), None, look)
    cases = cases_of(trial.cases, task, trial.trained, seed=seed)
    ours = answers(CHALLENGER, trial.scores, trial.model.thresholds, trial.cases)
    theirs = None if champion is None else _served(champion, trial.cases, instead)
    kind = JUDGED[task.outcome.kind]
    compared = partial(
        kind.compare,
        policy=task.promotion, seed=seed, same_bundle=same_bundle, challenger_scored=trial.how,
        pool=pool,
    )  # fmt: skip

    def evidence_on(some: Cases, mine: Answers, others: Answers | None) -> AnyEvidence:
        found = replace(compared(some, mine, others), without_erased=without_erased)
        return found if at is None else kind.placed(found, at, task.promotion)

    evidence = replace(evidence_on(cases, ours, theirs), look=look)
    decision = decide(evidence, task.promotion)
    if isinstance(evidence, BinaryEvidence):
        helped = helped_evidence(cases, ours, theirs, evidence_on, decision, task.promotion)
        evidence = replace(evidence, helped=helped)
    verdict = Verdict(decision, evidence, look)
    if champion is None or verdict.promoted or not champion.alias.provisional:
        return verdict
    alone = decide(compared(cases, ours, None), task.promotion)
    if alone.provisional or alone.status is DecisionStatus.KEPT:
        return verdict
    return Verdict(alone, evidence, look).because(
        f"{champion.version.version} serves provisionally; a challenger that meets what is asked "
        "of a first model replaces it"
    )


def _served(champion: StoredChampion, cases: TrainingSet, instead: Floats | None = None) -> Answers:
    predictor = champion.predictor
    scores = predictor.score_many(cases.records) if instead is None else instead
    return answers(champion.version.version, scores, predictor.bundle.thresholds, cases)


def answers(version: str, scores: Floats, cuts: Thresholds, cases: TrainingSet) -> Answers:
    """A model's scores of those records with the cut-offs of each one's lane."""
    own = None if cuts.new is None else operating_cuts(cuts, cases.records)
    return Answers(version, scores, cuts.operating, own)


def cases_of(
    data: TrainingSet, task: TaskSpec, trained: TrainingSet | None = None, *, seed: int = 0
) -> Cases:
    """Labelled records as two models are read on, with what rules without a model would say.

    Args:
        data: n records to judge on.
        task: names the rules' columns.
        trained: what the environment rule may learn from; None leaves it out.
        seed: of its folds.
    """
    return Cases(
        outcome=data.outcome,
        students=data.students,
        periods=data.periods,
        protected=data.protected,
        rules=baseline_answers(data, task, trained, seed=seed),
        early=0 if data.early is None else int(data.early.sum()),
        new=new_cases(data.records, task),
        helped=data.helped,
    )
