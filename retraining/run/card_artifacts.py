"""A challenger's model card: what it is written from, and the artifacts it becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from database.artifacts import ArtifactRepository
from database.driver.commands import Op
from model.batch import Batch
from model.decisions.realised import NO_PROMISES, TrackRecord
from model.lists.finds import finds_within
from model.lists.published import LaneRoom
from model.promotion import DecisionStatus
from model.version import CardFiles, ModelVersion
from preprocessing.lanes import operating_cuts
from preprocessing.task.spec import TaskSpec
from retraining.promotion.promise import promise_of
from retraining.run.challenge import ScoredChallenger
from retraining.run.judged_kinds import JUDGED
from retraining.run.verdict import Verdict
from training.baselines import dummy, environment, persistence
from training.card.facts import CardFacts, Intake
from training.card.pictures import pictures
from training.card.render import to_html, to_markdown
from training.importance import importance
from training.kinds import kind_of


def card_facts(
    version: ModelVersion,
    trial: ScoredChallenger,
    verdict: Verdict,
    task: TaskSpec,
    batches: Iterable[Batch],
    record: TrackRecord = NO_PROMISES,
    rooms: Iterable[LaneRoom] = (),
) -> CardFacts:
    """What the card of a trial is written from.

    Args:
        version: the version to be, whatever its number.
        trial: the challenger and its honest scores.
        verdict: what was decided about it, and on what.
        task: what it was trained for.
        batches: what the registry has taken in.
        record: how earlier promises turned out.
        rooms: of the lanes of the list that was published last.
    """
    model, cases = trial.model, trial.cases
    means, explained = importance(model.encoder, model.scorer, model.calibration, cases.records)
    evidence = verdict.evidence.to_mapping() if verdict.evidence else {}
    kept = verdict.decision.status is DecisionStatus.KEPT
    return CardFacts(
        version=version,
        task=task,
        encoder=model.encoder,
        keeps_records=model.scorer.KEEPS_RECORDS,
        outcome=cases.outcome,
        scores=trial.scores,
        intervals=JUDGED[task.outcome.kind].intervals(trial, task, version.lineage.seed),
        importance=means,
        explained=explained,
        baselines=_baselines(trial, task, version.lineage.seed),
        intake=intake(batches),
        decision=verdict.decision,
        evidence=evidence,
        promise=None if kept else promise_of(evidence, version.window.periods),
        track_record=record,
        finds=finds_within(version.by_lane, rooms),
        cuts=None
        if model.thresholds.new is None
        else operating_cuts(model.thresholds, cases.records),
    )


def store_card(facts: CardFacts) -> Op[CardFiles]:
    """Writes the card and stores both forms of it; the same facts give the same artifacts."""
    artifacts, drawn = ArtifactRepository(), pictures(facts)
    html = yield from artifacts.put(to_html(facts, drawn).encode())
    markdown = yield from artifacts.put(to_markdown(facts, drawn).encode())
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


def _baselines(
    trial: ScoredChallenger, task: TaskSpec, seed: int
) -> Mapping[str, Mapping[str, float]]:
    """Figures of the rules that need no model, on the records of the trial."""
    rules = {"dummy": dummy(trial.trained, len(trial.cases))}
    same = persistence(trial.trained, trial.cases, task)
    if same is not None:
        rules["persistence"] = same
    there = environment(trial.trained, trial.cases, task, seed=seed)
    if there is not None:
        rules["environment"] = there
    kind = kind_of(task)
    return {name: kind.evaluate(task, trial.cases, scores) for name, scores in rules.items()}
