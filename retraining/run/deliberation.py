"""What a run computes: a challenger, its honest scores, and what is decided about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from database.driver.client import SyncRegistry
from model.decisions.looks import Look
from model.dropped import DroppedStudy
from model.promotion import DecisionStatus
from model.version import ModelVersion
from preprocessing.leakage import LeakageReport, check_leakage
from retraining.promotion.decision import conclude
from retraining.promotion.evidence import Origin
from retraining.promotion.spread import Standing
from retraining.run.challenge import ScoredChallenger, first_trial, successor_trial
from retraining.run.champion import StoredChampion
from retraining.run.gathering import Gathered
from retraining.run.journal import Journal
from retraining.run.judged_kinds import JUDGED
from retraining.run.looking import Prospect, take
from retraining.run.origins import rolling_origins, told
from retraining.run.plan import RunPlan
from retraining.run.recalibration import recalibrate
from retraining.run.registration import Parcel, parcel
from retraining.run.standing import overlap
from retraining.run.verdict import Verdict, comparable, judge
from retraining.run.window import fresh_mask
from training.continuing.start import NOBODY, NoStart, Start, without_trees
from training.dropped import dropped_features
from training.tuning.studies import Studies


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
        without_erased: from how many erased students the champion learned that it was trained to
            replace; 0 for every other.
    """

    verdict: Verdict
    scorer_of: ModelVersion | None = None
    dropped: DroppedStudy | None = None
    without_erased: int = 0


def train(gathered: Gathered, plan: RunPlan, folder: Path, journal: Journal) -> Trained:
    """Trains the challenger and scores it on students it did not learn from.

    Raises:
        LeakageError: the features determine the outcome.
    """
    return prepared(gathered, partial(_trial, gathered, plan, journal), plan, folder, journal)


def prepared(
    gathered: Gathered,
    make: Callable[[], ScoredChallenger],
    plan: RunPlan,
    folder: Path,
    journal: Journal,
) -> Trained:
    """Checks the features, has the challenger trained and packs it.

    Args:
        gathered: what the run read.
        make: trains the challenger and scores it.
        plan: of the run.
        folder: a temporary one, for the bundle.
        journal: where the steps are told.

    Raises:
        LeakageError: the features determine the outcome.
        ClusterFailed: there is nobody to train it.
    """
    if cluster := plan.pool.ready():
        journal.step("cluster", cluster)
    report = check_leakage(gathered.data, plan.task, seed=plan.options.seed)
    journal.step("leakage", _measured(report))
    trial = make()
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
    if gathered.whole is not None:
        return None  # A run on what is in memory reads more of what is new to the champion.
    if plan.options.without_erased:
        return None  # What the champion's scorer has learned stays in it.
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


def with_dropped(
    decided: Deliberated, plan: RunPlan, journal: Journal, start: Start
) -> Deliberated:
    """Measures what each feature brings the challenger: for its card, not for the decision.

    Args:
        decided: the challenger.
        plan: of the run.
        journal: told of each column.
        start: what it went on from, if it did.
    """
    if decided.trial.whole is not None:
        return decided  # It takes a fit of all records a feature.
    start, model = without_trees(start), decided.trial.model
    study = dropped_features(
        decided.trial.trained, plan.task, model.family, model.params,
        seed=plan.options.seed, progress=journal.say, start=start, pool=plan.pool,
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
    if objections := comparable(gathered.data.take(gathered.fresh), plan.task):
        verdict = Verdict(conclude(objections), None)
        journal.step("decided", f"{verdict.decision.status.value}; nothing was trained")
        return verdict
    prospect = gathered.prospect
    return _refused(prospect, journal) if prospect and prospect.objections else None


def _refused(prospect: Prospect, journal: Journal) -> Verdict:
    """The verdict where a look is not taken; it costs nothing."""
    journal.step("decided", "kept; no look was taken")
    return Verdict(conclude(prospect.objections), None, prospect.refused)


def _measured(report: LeakageReport) -> str:
    found = report.skipped or "the features do not determine the outcome"
    accepted = ", ".join(report.accepted)
    return f"{found}; accepted by the task: {accepted}" if accepted else found


def _trial(gathered: Gathered, plan: RunPlan, journal: Journal) -> ScoredChallenger:
    data, task, seed, studies = gathered.data, plan.task, plan.options.seed, studies_of(plan)
    if gathered.rival is None:
        start = gathered.start if isinstance(gathered.start, NoStart) else NOBODY
        return first_trial(
            data, task,
            seed=seed, progress=journal.say, studies=studies, start=start, pool=plan.pool,
        )  # fmt: skip
    return successor_trial(
        data, gathered.fresh, task,
        seed=seed, progress=journal.say, studies=studies, start=gathered.start, pool=plan.pool,
    )  # fmt: skip


def studies_of(plan: RunPlan) -> Studies:
    """Searches are kept on disk below the host's lock; a dry run holds none and writes nothing."""
    return Studies(None if plan.options.dry_run else plan.home / "tuning")


def _trained(trial: ScoredChallenger) -> str:
    told = f"{trial.model.family}, judged on {trial.judged_on}"
    unused = ", ".join(f"{name} ({why})" for name, why in trial.model.encoder.dropped.items())
    told = f"{told}; not used: {unused}" if unused else told
    left_out = "; ".join(f"{name} ({why})" for name, why in trial.model.left_out.items())
    return f"{told}; left out: {left_out}" if left_out else told


def _standing(gathered: Gathered, plan: RunPlan, journal: Journal) -> Standing | None:
    """How both models stand to the period judged, their recipes tried on earlier ones."""
    rival, data, task = gathered.rival, gathered.data, plan.task
    if rival is None:
        return None
    fresh = fresh_mask(data, rival.trained_on)
    if gathered.whole is not None:
        return gathered.whole.standing(rival, data.take(gathered.fresh), task)
    between = overlap(data, fresh, rival.version, len(rival.trained_on), task)
    origins: tuple[Origin, ...] = ()
    if JUDGED[task.outcome.kind].finds_cases:
        origins = rolling_origins(
            data, rival, between, task,
            seed=plan.options.seed, progress=journal.say, studies=studies_of(plan),
            start=without_trees(gathered.start), pool=plan.pool,
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
    return judge(
        trained.trial, champion, plan.task,
        seed=plan.options.seed, same_bundle=same, look=look, at=at, pool=plan.pool,
    )  # fmt: skip
