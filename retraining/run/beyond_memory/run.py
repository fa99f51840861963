"""A run on a window that no memory holds: its own reading and training, everybody's judgement.

The records judged are those of students whom the model learned nothing from, read from the registry
as in any run. So the guards, the error budget, approval and trial are those of any challenger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from database.driver.client import SyncRegistry
from database.labels import LabelRepository
from model.computing.pool import Pool
from model.label import Label
from preprocessing.columnar.partitions import opened_parquet
from preprocessing.dataset import TrainingSet, training_set
from preprocessing.predictor import misfit
from preprocessing.task.spec import TaskSpec
from retraining.helping.helped import Given, help_given, marked
from retraining.run.beyond_memory.left_behind import claim
from retraining.run.beyond_memory.reading import ReadingJob
from retraining.run.beyond_memory.window import ReadWindow, ranges_of, read_window
from retraining.run.challenge import ScoredChallenger
from retraining.run.champion import load_champion
from retraining.run.deliberation import Trained, prepared
from retraining.run.gathering import Gathered, outlearned, told_champion
from retraining.run.journal import Journal
from retraining.run.known_units import known_units
from retraining.run.looking import prospect_of
from retraining.run.plan import RunPlan
from retraining.run.window import check_trainable, told_left_out
from training.beyond_memory.checked import STUDENT
from training.beyond_memory.fitting import fit_partitions
from training.beyond_memory.labelled import held_share
from training.continuing.start import NoStart

START = NoStart("a window beyond memory is learned from anew")


def alone(task: TaskSpec, family: str) -> TaskSpec:
    """The task as such a run trains by it: one family, not tuned; its recipe says so."""
    own = {"candidates": (family,), "trials": 0, "seconds": None}
    return task.model_copy(update={"training": task.training.model_copy(update=own)})


@dataclass(slots=True)
class BeyondMemory:
    """How a run reads a window and trains on it, where no memory holds it.

    Attributes:
        opener: opens the task's registry, in other processes of this host too.
        family: of `training.beyond_memory`.
        folder: an empty one, where the workers find it.
        rows: of a file.
        processes: that read.
        sampled: records beside those judged that are in memory, for rules without a model.
    """

    opener: Callable[[], SyncRegistry]
    family: str
    folder: Path
    rows: int
    processes: int
    sampled: int
    _window: ReadWindow | None = field(default=None, init=False)
    _share: float = field(default=0.0, init=False)
    _sample: TrainingSet | None = field(default=None, init=False)

    def gather(
        self,
        registry: SyncRegistry,
        plan: RunPlan,
        folder: Path,
        journal: Journal,
        *,
        now: datetime,
    ) -> Gathered:
        """Reads the window into files, and of it what both models are judged on.

        Args:
            registry: of the task.
            plan: of the run.
            folder: into which the champion is unpacked.
            journal: told of the step.
            now: when the run began, aware UTC.

        Raises:
            NotEnoughData: too few records to judge on.
            BundleError: the champion's bundle cannot be trusted.
            RegistryError: the registry fails.
            OSError: a file cannot be written.
        """
        claim(plan.home, self.folder)
        limit, task = plan.options.window or 0, plan.task
        window = self._window = self._read(registry, plan, limit, now)
        given = registry.run(help_given())
        data = _records(window.judged, task, given)
        self._sample = _records(window.sampled, task, given)
        left_out = registry.run(LabelRepository().beyond(arrived_until=now, limit=limit))
        journal.step("window", _told(window, data, left_out))
        check_trainable(data, task)
        champion = load_champion(registry, folder, plan.signing_key)
        unfit = misfit(champion.predictor.bundle, task) if champion else ""
        spent = "" if champion is None else outlearned(champion, data, plan)
        units = registry.run(known_units(task, [*window.judged, *window.sampled]))
        gathered = Gathered(
            now, data, champion, left_out, unfit, spent, units, start=START, whole=window.whole
        )
        if gathered.rival is not None:
            look = prospect_of(
                registry, plan, data, gathered.rival, left_out, now=now, whole=window.whole
            )
            gathered = replace(gathered, prospect=look)
        journal.step("champion", told_champion(gathered))
        return gathered

    def train(self, gathered: Gathered, plan: RunPlan, folder: Path, journal: Journal) -> Trained:
        """Trains on the files.

        Raises:
            LeakageError: the features determine the outcome.
            ClusterFailed: the workers are gone for good.
        """
        make = partial(self._trial, gathered, plan.task, plan.options.seed, plan.pool, journal)
        return prepared(gathered, make, plan, folder, journal)

    def students(self, _: Gathered) -> Iterator[str]:
        """Whom the files tell of, a student once for each record."""
        for partition in self._window.partitions if self._window else ():
            with opened_parquet(partition.path) as file:
                for batch in file.iter_batches(columns=[STUDENT]):
                    yield from batch.column(0).to_pylist()

    def _read(self, registry: SyncRegistry, plan: RunPlan, limit: int, now: datetime) -> ReadWindow:
        since = registry.run(LabelRepository().last_of_window(arrived_until=now, limit=limit))
        ranges = ranges_of(registry, self.rows)
        rows = min(ranges.rows, limit or ranges.rows)
        self._share = held_share(rows)
        job = ReadingJob(
            self.opener, plan.task, self.folder, now, since, self._share,
            min(1.0, self.sampled / rows), plan.options.seed,
        )  # fmt: skip
        return read_window(job, ranges, self.processes)

    def _trial(
        self, gathered: Gathered, task: TaskSpec, seed: int, pool: Pool, journal: Journal
    ) -> ScoredChallenger:
        if self._window is None or self._sample is None:
            raise ValueError("the window was not read")
        found = fit_partitions(
            self._window.partitions, task, self.family,
            seed=seed, progress=journal.say, held=self._share, pool=pool,
        )  # fmt: skip
        cases = gathered.data
        if gathered.rival is not None:
            cases = cases.take(gathered.fresh)
        scores = found.model.score(cases.records)
        return ScoredChallenger(
            found.model, self._sample, cases, scores, "group_holdout", self._window.whole
        )


def _records(labels: Sequence[Label], task: TaskSpec, given: Given) -> TrainingSet:
    data = training_set(labels, [column.name for column in task.protected])
    return marked(data, labels, given)


def _told(window: ReadWindow, data: TrainingSet, left_out: Mapping[str, int]) -> str:
    told = (
        f"{window.rows:,} labelled records in {len(window.partitions)} files, {len(data):,} of "
        "students whom nothing is learned from"
    )
    return f"{told}; {told_left_out(left_out)}" if left_out else told
