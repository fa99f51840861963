"""A challenger's model card: what it is written from, and the artifacts it becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from database.artifacts import ArtifactRepository
from database.driver.commands import Op
from model.batch import Batch
from model.version import CardFiles, ModelVersion
from preprocessing.task.spec import TaskSpec
from retraining.promotion.bootstrap import (
    CELLS_AT_ONCE,
    Metric,
    paired_resamples,
    scored,
    student_weights,
)
from retraining.promotion.ranking import Ties
from retraining.run.challenge import ScoredChallenger
from retraining.run.verdict import Verdict
from training.baselines import dummy, persistence
from training.card.facts import CardFacts, Intake, Interval
from training.card.render import to_html, to_markdown
from training.fairness import share_of
from training.importance import importance
from training.metrics import evaluate, evaluate_numeric

RESAMPLES = 1000
FEWEST_RESAMPLES = 100
"""Enough for a 95 % interval; on large windows, where it is narrow, there is time for no more."""


def card_facts(
    version: ModelVersion,
    trial: ScoredChallenger,
    verdict: Verdict,
    task: TaskSpec,
    batches: Iterable[Batch],
) -> CardFacts:
    """What the card of a trial is written from.

    Args:
        version: the version to be, whatever its number.
        trial: the challenger and its honest scores.
        verdict: what was decided about it, and on what.
        task: what it was trained for.
        batches: what the registry has taken in.
    """
    model, cases = trial.model, trial.cases
    means, explained = importance(model.encoder, model.scorer, model.calibration, cases.records)
    evidence = verdict.evidence.to_mapping() if verdict.evidence else {}
    return CardFacts(
        version=version,
        task=task,
        encoder=model.encoder,
        outcome=cases.outcome,
        scores=trial.scores,
        intervals=_intervals(trial, task, seed=version.lineage.seed),
        importance=means,
        explained=explained,
        baselines=_baselines(trial, task),
        intake=intake(batches),
        decision=verdict.decision,
        evidence=evidence,
    )


def store_card(facts: CardFacts) -> Op[CardFiles]:
    """Writes the card and stores both forms of it; the same facts give the same artifacts."""
    artifacts = ArtifactRepository()
    html = yield from artifacts.put(to_html(facts).encode())
    markdown = yield from artifacts.put(to_markdown(facts).encode())
    return CardFiles(html=html, markdown=markdown)


def intake(batches: Iterable[Batch]) -> tuple[Intake, ...]:
    """Rows read, kept and rejected by period, oldest first."""
    found: dict[str, Intake] = {}
    for batch in batches:
        so_far = found.get(batch.period, Intake(batch.period, 0, 0, 0))
        found[batch.period] = replace(
            so_far,
            read=so_far.read + batch.rows_read,
            kept=so_far.kept + batch.rows_kept,
            rejected=so_far.rejected + len(batch.rejects),
        )
    return tuple(found[period] for period in sorted(found))


def _baselines(trial: ScoredChallenger, task: TaskSpec) -> Mapping[str, Mapping[str, float]]:
    """Figures of the rules that need no model, on the records of the trial."""
    rules = {"dummy": dummy(trial.trained, len(trial.cases))}
    same = persistence(trial.trained, trial.cases, task)
    if same is not None:
        rules["persistence"] = same
    outcome = trial.cases.outcome
    if task.outcome.kind == "numeric":
        return {name: evaluate_numeric(outcome, scores) for name, scores in rules.items()}
    budget = task.promotion.alert_budget
    return {name: evaluate(outcome, scores, budget=budget) for name, scores in rules.items()}


def _intervals(trial: ScoredChallenger, task: TaskSpec, *, seed: int) -> Mapping[str, Interval]:
    if task.outcome.kind == "numeric":
        return {"mae": _mae_interval(trial, seed)}
    return _wilson_intervals(trial) | _bootstrap_intervals(trial, task, seed)


def _wilson_intervals(trial: ScoredChallenger) -> dict[str, Interval]:
    outcome, flags = trial.cases.outcome, trial.scores >= trial.model.thresholds.operating
    caught, flagged = float(outcome[flags].sum()), float(flags.sum())
    shares = {
        "recall": share_of(caught, float(outcome.sum())),
        "precision": share_of(caught, flagged),
        "flagged": share_of(flagged, float(len(outcome))),
    }
    return {
        name: (found.low, found.high)
        for name, found in shares.items()
        if found.low is not None and found.high is not None
    }


def _bootstrap_intervals(trial: ScoredChallenger, task: TaskSpec, seed: int) -> dict[str, Interval]:
    outcome, students = trial.cases.outcome, trial.cases.students
    if not 0 < outcome.sum() < len(outcome):
        return {}
    metrics = (Metric.RECALL, Metric.AUC, Metric.AVERAGE_PRECISION, Metric.BRIER)
    drawn = paired_resamples(
        {"model": scored(trial.scores, outcome, Ties.FAIR)},
        students,
        share=task.promotion.alert_budget or float(outcome.mean()),
        resamples=_resamples(len(outcome)),
        seed=seed,
        metrics=metrics,
    )["model"]
    return {metric.value: _middle(values) for metric, values in zip(metrics, drawn, strict=True)}


def _mae_interval(trial: ScoredChallenger, seed: int) -> Interval:
    error = np.abs(trial.scores - trial.cases.outcome)
    chunks = student_weights(trial.cases.students, _resamples(len(error)), seed)
    return _middle(np.concatenate([w @ error / w.sum(axis=1) for w in chunks]))


def _resamples(records: int) -> int:
    return max(FEWEST_RESAMPLES, min(RESAMPLES, 10 * CELLS_AT_ONCE // records))


def _middle(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Interval:
    low, high = np.nanquantile(values, (0.025, 0.975))
    return float(low), float(high)
