"""What a run reads before it decides: the labelled window, and who serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from database.driver.client import SyncRegistry
from database.labels import LabelRepository
from model.units.tested import KnownUnits
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.predictor import misfit
from retraining.helping.helped import help_given, marked
from retraining.run import training_labels
from retraining.run.champion import StoredChampion, load_champion
from retraining.run.journal import Journal
from retraining.run.judged_kinds import JUDGED
from retraining.run.known_units import known_units
from retraining.run.looking import Prospect, prospect_of
from retraining.run.plan import RunPlan
from retraining.run.recipes.going_on import start_of
from retraining.run.verdict import comparable
from retraining.run.whole.window import WholeWindow
from retraining.run.window import Mask, check_trainable, fresh_mask, told_left_out
from training.continuing.start import NOBODY, GrownStart, NoStart


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
        start: what a challenger may go on from, or why nothing.
        whole: what a challenger learns from, where `data` is but the part that it is judged on;
            None where it learns from `data`.
    """

    at: datetime
    data: TrainingSet
    champion: StoredChampion | None
    left_out: Mapping[str, int] = field(default_factory=dict)
    misfit: str = ""
    outlearned: str = ""
    units: KnownUnits | None = None
    prospect: Prospect | None = None
    start: GrownStart | NoStart = NOBODY
    whole: WholeWindow | None = None

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
    data = marked(data, found, registry.run(help_given()))
    left_out = registry.run(LabelRepository().beyond(arrived_until=now, limit=limit))
    journal.step("window", _told(data, left_out, plan))
    check_trainable(data, plan.task)
    champion = load_champion(registry, folder, plan.signing_key)
    unfit = misfit(champion.predictor.bundle, plan.task) if champion else ""
    units = registry.run(known_units(plan.task, found))
    spent = "" if champion is None else outlearned(champion, data, plan)
    gathered = Gathered(now, data, champion, left_out, unfit, spent, units)
    if why := unfit or spent:
        gathered = replace(gathered, start=NoStart(f"{gathered.serving}: {why}"))
    if gathered.rival is not None:
        look = prospect_of(registry, plan, data, gathered.rival, left_out, now=now)
        start = start_of(registry, gathered.rival, data, plan.task)
        gathered = replace(gathered, prospect=look, start=start)
    journal.step("champion", told_champion(gathered))
    return gathered


def outlearned(champion: StoredChampion, data: TrainingSet, plan: RunPlan) -> str:
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
    if data.helped is not None and (helped := int(data.helped.sum())):
        told += f", {helped} of students who were helped"
    if left_out:
        told += f"; {told_left_out(left_out)}: training.window is {plan.task.training.window:,}"
    return told


def told_champion(gathered: Gathered) -> str:
    """Who serves, and why it is compared with nobody where it is not."""
    serving = gathered.serving or "none yet"
    why = gathered.misfit or gathered.outlearned
    return f"{serving}: {why}; a first one is sought" if why else serving
