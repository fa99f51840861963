"""The champion with a new calibration, as a challenger of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.profile import GRID, NUMERIC, SCORE, profile_column
from model.promotion import RECALIBRATION
from preprocessing.dataset import TrainingSet
from preprocessing.task.spec import TaskSpec
from retraining.promotion.decision import decide
from retraining.promotion.ranking import Floats
from retraining.promotion.recalibration import compare_recalibration
from retraining.run.challenge import ScoredChallenger
from retraining.run.champion import StoredChampion
from retraining.run.judged_kinds import JUDGED
from retraining.run.verdict import CHALLENGER, Verdict, answers, cases_of, comparable
from training.importance import spread
from training.recalibrate import Redrawn, redraw
from training.trained_model import FittedModel


@dataclass(frozen=True, slots=True)
class Recalibrated:
    """The champion's scorer under a new calibration, and what was decided about it."""

    trial: ScoredChallenger
    verdict: Verdict


def recalibrate(
    champion: StoredChampion, fresh: TrainingSet, task: TaskSpec, *, seed: int
) -> Recalibrated | None:
    """Judges a new calibration of the champion; None where there is nothing to learn it from.

    Its scorer, its encoder and so its ranking stay. What is learned is learned from records that
    the scorer has not seen, and judged on students that the calibration has not seen.

    Args:
        champion: who serves.
        fresh: labelled records that it did not train on.
        task: the policy, and how the operating threshold is set.
        seed: of folds and resamples.
    """
    if not JUDGED[task.outcome.kind].finds_cases or comparable(fresh, task):
        return None
    bundle = champion.predictor.bundle
    margins = bundle.scorer.margin(champion.predictor.encoder.encode_many(fresh.records))
    redrawn = redraw(fresh, margins, task, seed=seed)
    model = _model(champion, fresh, redrawn, seed)
    cases = cases_of(fresh, task)
    evidence = compare_recalibration(
        cases,
        answers(CHALLENGER, redrawn.scores, model.thresholds, fresh),
        answers(
            champion.version.version, bundle.calibration.score(margins), bundle.thresholds, fresh
        ),
        task.promotion,
        ranking_kept=_rising(margins, model.calibration.score(margins)),
        seed=seed,
    )
    verdict = Verdict(decide(evidence, task.promotion), evidence, action=RECALIBRATION)
    trial = ScoredChallenger(model, fresh, fresh, redrawn.scores, "recalibrated")
    return Recalibrated(trial, verdict)


def _model(
    champion: StoredChampion, fresh: TrainingSet, redrawn: Redrawn, seed: int
) -> FittedModel:
    """The champion's parts with the new calibration; its scores are profiled anew for drift."""
    bundle, version = champion.predictor.bundle, champion.version
    scores = profile_column(SCORE, redrawn.scores.tolist(), NUMERIC, grid=GRID).document()
    return FittedModel(
        task=bundle.task,
        family=bundle.family,
        params=version.params,
        encoder=champion.predictor.encoder,
        scorer=bundle.scorer,
        calibration=redrawn.drawn.calibration,
        thresholds=redrawn.drawn.thresholds,
        candidates=version.candidates,
        reference={**bundle.reference, SCORE: scores},
        held_out=redrawn.scores,
        feature_names=bundle.feature_names,
        golden=tuple(golden.record for golden in bundle.golden),
        explained=spread(fresh.records, bundle.scorer.EXPLAINED),
        interval=redrawn.drawn.interval,
        risk_interval=redrawn.drawn.risk_interval,
    )


def _rising(margins: Floats, scores: Floats) -> bool:
    """Whether the scores never fall where the margins rise."""
    order = np.argsort(margins, kind="stable")
    return bool(np.all(np.diff(scores[order]) >= 0))
