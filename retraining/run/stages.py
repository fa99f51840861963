"""The three stages of a run: gather reads, deliberate computes, apply writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from database.driver.client import SyncRegistry
from database.labels import LabelRepository
from model.dropped import DroppedStudy
from model.errors import Conflict
from model.looks import Look
from model.promotion import DecisionStatus
from model.units.tested import KnownUnits
from model.version import Lineage, ModelVersion
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.leakage import LeakageReport, check_leakage
from preprocessing.predictor import misfit
from retraining.promotion.decision import conclude
from retraining.promotion.evidence import Origin
from retraining.promotion.guards.rule import Found
from retraining.promotion.guards.shared import CHAMPION_UNMOVED
from retraining.promotion.spread import Standing
from retraining.run import training_labels
from retraining.run.challenge import ScoredChallenger, first_trial, successor_trial
from retraining.run.champion import StoredChampion, load_champion
from retraining.run.journal import Journal
from retraining.run.judged_kinds import JUDGED
from retraining.run.known_units import known_units
from retraining.run.lineage import leakage_override, library_versions
from retraining.run.lock import HeldLease
from retraining.run.looking import Prospect, prospect_of, take
from retraining.run.origins import rolling_origins, told
from retraining.run.plan import RunPlan
from retraining.run.recalibration import recalibrate
from retraining.run.registration import Parcel, Provenance, parcel, record_decision, register
from retraining.run.standing import overlap
from retraining.run.verdict import Verdict, comparable, judge
from retraining.run.window import Mask, check_trainable, fresh_mask, told_left_out
from training.dropped import dropped_features
from training.tuning.studies import Studies


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a run decides on: the labelled window as of `at`, and who serves.

    Attributes:
        left_out: period to labelled records that the window had no room for.
        misfit: why the champion cannot serve the task as it is now; empty where it can.
        outlearned: why a provisional champion is compared with nobody; empty where it can be.
        units: that the task knows of; None where it has none.
        prospect: the look at the labels that the run would take; None where there is nobody to
            compare with, or no record that is new to the champion.
    """

    at: datetime
    data: TrainingSet
    champion: StoredChampion | None
    left_out: Mapping[str, int] = field(default_factory=dict)
    misfit: str = ""
    outlearned: str = ""
    units: KnownUnits | None = None
    prospect: Prospect | None = None

    @property
    def rival(self) -> StoredChampion | None:
        """Whom a challenger has to beat; nobody where the champion cannot be compared with."""
        return None if self.misfit or self.outlearned else self.champion

    @property
    def fresh(self) -> Mask:
        """The records that a challenger is compared on, shape (n,)."""
        nothing = np.zeros(len(self.data), dtype=np.bool_)
        return nothing if self.prospect is None else self.prospect.fresh

    @property
    def serving(self) -> str | None:
        """The champion's name, if there is one."""
        return self.champion.version.version if self.champion else None


@dataclass(frozen=True, slots=True)
class Trained:
    """A challenger and its bundle; it is compared with nobody yet."""

    trial: ScoredChallenger
    packed: Parcel
    leakage: LeakageReport


@dataclass(frozen=True, slots=True)
class Deliberated(Trained):
    """A challenger, its bundle, and what was decided about it.

    Attributes:
        scorer_of: the version whose scorer a recalibration keeps; None for a trained one.
        dropped: what each feature brings it; None where it was not measured.
    """

    verdict: Verdict
    scorer_of: ModelVersion | None = None
    dropped: DroppedStudy | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What was written: the version, and the decision as it took effect."""

    version: ModelVersion
    verdict: Verdict
    champion: str | None


def gather(
    registry: SyncRegistry, plan: RunPlan, folder: Path, journal: Journal, *, now: datetime
) -> Gathered:
    """Reads the newest labels that had arrived at `now`, and the champion's bundle.

    Args:
        registry: the installation's.
        plan: of the run.
        folder: a temporary one, for the champion's bundle.
        journal: where the steps are told.
        now: labels that arrived later are not looked at.

    Raises:
        NotEnoughData: no model could be trained on them.
        BundleError: the champion's bundle cannot be trusted.
        RegistryError: the registry fails.
    """
    limit = plan.task.training.window
    found = registry.run(training_labels.window(plan.task, arrived_until=now, limit=limit))
    data = training_set(found, [column.name for column in plan.task.protected])
    left_out = registry.run(LabelRepository().beyond(arrived_until=now, limit=limit))
    journal.step("window", _told(data, left_out, plan))
    check_trainable(data, plan.task)
    champion = load_champion(registry, folder, plan.signing_key)
    unfit = misfit(champion.predictor.bundle, plan.task) if champion else ""
    units = registry.run(known_units(plan.task, found))
    outlearned = "" if champion is None else _outlearned(champion, data, plan)
    gathered = Gathered(now, data, champion, left_out, unfit, outlearned, units)
    if gathered.rival is not None:
        look = prospect_of(registry, plan, data, gathered.rival, left_out, now=now)
        gathered = replace(gathered, prospect=look)
    journal.step("champion", _told_champion(gathered))
    return gathered


def _outlearned(champion: StoredChampion, data: TrainingSet, plan: RunPlan) -> str:
    """Why a first champion is sought anew although a provisional one serves; else empty."""
    if not champion.alias.provisional:
        return ""
    if not comparable(data.take(fresh_mask(data, champion.trained_on)), plan.task):
        return ""
    return "it serves provisionally and has learned from most of these records"


def _told(data: TrainingSet, left_out: Mapping[str, int], plan: RunPlan) -> str:
    told = f"{len(data)} labelled records"
    if JUDGED[plan.task.outcome.kind].finds_cases:
        told += f", {int((data.outcome == 1).sum())} at risk"
    early = 0 if data.early is None else int(data.early.sum())
    if early:
        told += f", {early} with an outcome that may still change"
    if left_out:
        told += f"; {told_left_out(left_out)}: training.window is {plan.task.training.window:,}"
    return told


def _told_champion(gathered: Gathered) -> str:
    serving = gathered.serving or "none yet"
    why = gathered.misfit or gathered.outlearned
    return f"{serving}: {why}; a first one is sought" if why else serving


def train(gathered: Gathered, plan: RunPlan, folder: Path, journal: Journal) -> Trained:
    """Trains the challenger and scores it on students it did not learn from.

    Raises:
        LeakageError: the features determine the outcome.
    """
    report = check_leakage(gathered.data, plan.task, seed=plan.options.seed)
    journal.step("leakage", _measured(report))
    trial = _trial(gathered, plan, journal)
    journal.step("trained", _trained(trial))
    if trial.model.tuning:
        journal.step("tuned", trial.model.tuning)
    return Trained(trial, parcel(trial, folder / "challenger"), report)


def deliberate(
    gathered: Gathered, trained: Trained, look: Look | None, plan: RunPlan, journal: Journal
) -> Deliberated:
    """Scores both models on the same records and decides.

    Args:
        gathered: what the run read.
        trained: the challenger.
        look: written already, with its part of the error budget; None without a champion.
        plan: of the run.
        journal: where the steps are told.
    """
    at = _standing(gathered, plan, journal)
    verdict = _judge(gathered.rival, trained, look, plan, at)
    if gathered.outlearned and verdict.decision.provisional:
        verdict = verdict.kept()
    if why := gathered.misfit or gathered.outlearned:
        verdict = verdict.because(f"no comparison with {gathered.serving}: {why}")
    serving = gathered.champion is not None and not gathered.misfit
    verdict = verdict.gated(plan.task.promotion, serving=serving)
    journal.step("decided", verdict.decision.status.value)
    return Deliberated(trained.trial, trained.packed, trained.leakage, verdict)


def taken_look(
    registry: SyncRegistry, gathered: Gathered, plan: RunPlan, journal: Journal
) -> Look | Verdict | None:
    """Writes the look before its evidence is seen, in a dry run too; None without a champion.

    Returns:
        The look, or the verdict where another run has spent meanwhile what this one needed.
    """
    if gathered.prospect is None:
        return None
    look = take(registry, gathered.prospect, plan.run_id)
    if isinstance(look, Prospect):
        return _refused(look, journal)
    journal.step(
        "look",
        f"{look.number} at {look.period}, error {look.alpha:.2%}; {look.spent:.2%} of the period's "
        f"{look.budget:.1%} are spent",
    )
    return look


def recalibrated(
    gathered: Gathered, kept: Deliberated, plan: RunPlan, folder: Path, journal: Journal
) -> Deliberated | None:
    """The champion with a new calibration, where the challenger was kept and that one is proven.

    One that is not promoted is told in a step and not registered: the champion serves on as it is.

    Args:
        gathered: what the run read.
        kept: the challenger that was not promoted.
        plan: of the run.
        folder: a temporary one, for the bundle.
        journal: where the step is told.
    """
    champion = gathered.rival
    if champion is None or kept.verdict.decision.status is not DecisionStatus.KEPT:
        return None
    fresh = gathered.data.take(gathered.fresh)
    found = recalibrate(champion, fresh, plan.task, seed=plan.options.seed)
    if found is None:
        return None
    verdict = replace(found.verdict, look=kept.verdict.look)
    verdict = verdict.gated(plan.task.promotion, serving=True)
    decision = verdict.decision
    journal.step("recalibration", f"{decision.status.value}: {'; '.join(decision.reasons)}")
    if decision.status is DecisionStatus.KEPT:
        return None
    packed = parcel(found.trial, folder / "recalibrated")
    return Deliberated(found.trial, packed, kept.leakage, verdict, champion.version)


def with_dropped(decided: Deliberated, plan: RunPlan, journal: Journal) -> Deliberated:
    """Measures what each feature brings the challenger: for its card, not for the decision.

    Args:
        decided: the challenger.
        plan: of the run.
        journal: told of each column.
    """
    model = decided.trial.model
    study = dropped_features(
        decided.trial.trained, plan.task, model.family, model.params,
        seed=plan.options.seed, progress=journal.say,
    )  # fmt: skip
    if study.skipped:
        journal.say(f"what each feature brings was not measured: {study.skipped}")
    return replace(decided, dropped=study)


def unjudged(gathered: Gathered, plan: RunPlan, journal: Journal) -> Verdict | None:
    """The verdict where no challenger could be compared with the champion, before one is trained.

    Counting the records that the champion has not seen takes no time; a fit takes a minute.
    """
    if gathered.rival is None:
        return None
    objections = comparable(gathered.data.take(gathered.fresh), plan.task)
    if not objections:
        refused = gathered.prospect is not None and gathered.prospect.objections
        return _refused(gathered.prospect, journal) if gathered.prospect and refused else None
    verdict = Verdict(conclude(objections), None)
    journal.step("decided", f"{verdict.decision.status.value}; nothing was trained")
    return verdict


def _refused(prospect: Prospect, journal: Journal) -> Verdict:
    """The verdict where a look is not taken; it costs nothing."""
    journal.step("decided", "kept; no look was taken")
    return Verdict(conclude(prospect.objections), None, prospect.refused)


def _measured(report: LeakageReport) -> str:
    found = report.skipped or "the features do not determine the outcome"
    accepted = ", ".join(report.accepted)
    return f"{found}; accepted by the task: {accepted}" if accepted else found


def _trial(gathered: Gathered, plan: RunPlan, journal: Journal) -> ScoredChallenger:
    data, task, seed, studies = gathered.data, plan.task, plan.options.seed, _studies(plan)
    if gathered.rival is None:
        return first_trial(data, task, seed=seed, progress=journal.say, studies=studies)
    return successor_trial(
        data, gathered.fresh, task, seed=seed, progress=journal.say, studies=studies
    )


def _studies(plan: RunPlan) -> Studies:
    """Searches are kept on disk below the host's lock; a dry run holds none and writes nothing."""
    return Studies(None if plan.options.dry_run else plan.home / "tuning")


def _trained(trial: ScoredChallenger) -> str:
    told = f"{trial.model.family}, judged on {trial.judged_on}"
    unused = ", ".join(f"{name} ({why})" for name, why in trial.model.encoder.dropped.items())
    return f"{told}; not used: {unused}" if unused else told


def _standing(gathered: Gathered, plan: RunPlan, journal: Journal) -> Standing | None:
    """How both models stand to the period judged, their recipes tried on earlier ones."""
    rival, data, task = gathered.rival, gathered.data, plan.task
    if rival is None:
        return None
    fresh = fresh_mask(data, rival.trained_on)
    between = overlap(data, fresh, rival.version, len(rival.trained_on), task)
    origins: tuple[Origin, ...] = ()
    if JUDGED[task.outcome.kind].finds_cases:
        origins = rolling_origins(
            data, rival, between, task,
            seed=plan.options.seed, progress=journal.say, studies=_studies(plan),
        )  # fmt: skip
    if origins:
        journal.step("origins", told(origins))
    return Standing(between.both, between.refresh, origins, between.unshared)


def _judge(
    champion: StoredChampion | None,
    trained: Trained,
    look: Look | None,
    plan: RunPlan,
    at: Standing | None,
) -> Verdict:
    same = champion is not None and trained.packed.digest == champion.version.artifact
    seed = plan.options.seed
    return judge(trained.trial, champion, plan.task, seed=seed, same_bundle=same, look=look, at=at)


def apply(
    registry: SyncRegistry,
    gathered: Gathered,
    decided: Deliberated,
    plan: RunPlan,
    held: HeldLease,
    journal: Journal,
    *,
    now: datetime,
) -> Applied:
    """Registers the challenger, then writes the decision; the champion moves last.

    Args:
        registry: the installation's.
        gathered: what the run read.
        decided: what it computed.
        plan: of the run.
        held: the lease, checked before each write.
        journal: where the steps are told.
        now: when the decision was taken.

    Raises:
        LeaseLost: another run took over; nothing more was written.
        RegistryError: the registry fails.
    """
    held.check()
    provenance = Provenance(
        _lineage(gathered, decided, plan),
        decided.leakage,
        now,
        plan.signing_key,
        gathered.left_out,
        gathered.units,
        decided.scorer_of,
        decided.dropped,
    )
    version = register(
        registry, decided.trial, decided.packed, decided.verdict, plan.task, provenance, held
    )
    journal.step("registered", f"{version.version}, {version.family}")
    held.check()
    verdict = _settled(registry, gathered, decided.verdict, version, held, now)
    _studies(plan).clear()
    promoted = verdict.decision.status is DecisionStatus.PROMOTED
    return Applied(version, verdict, version.version if promoted else gathered.serving)


def _settled(
    registry: SyncRegistry,
    gathered: Gathered,
    verdict: Verdict,
    version: ModelVersion,
    held: HeldLease,
    now: datetime,
) -> Verdict:
    alias = gathered.champion.alias if gathered.champion else None
    try:
        record_decision(registry, verdict, version, alias, held.lease, now=now)
    except Conflict:
        moved = CHAMPION_UNMOVED.stated(Found(passed=False))
        verdict = replace(verdict, decision=conclude((*verdict.decision.guards, moved)))
        record_decision(registry, verdict, version, alias, held.lease, now=now)
    return verdict


def _lineage(gathered: Gathered, decided: Deliberated, plan: RunPlan) -> Lineage:
    return Lineage(
        run_id=plan.run_id,
        seed=plan.options.seed,
        parent=gathered.serving,
        code_version=plan.code_version,
        libraries=library_versions(),
        leakage_override=leakage_override(decided.leakage),
    )
