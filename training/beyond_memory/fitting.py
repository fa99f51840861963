"""From Parquet files to a model: two small draws for what is chosen, all rows for the trees."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np

from model.computing.pool import HERE, Pool
from model.errors import ConfigurationError, NotEnoughData, WorkerLost
from model.profile import build_profile
from model.scorers.trees import TreeScorer
from preprocessing.columnar.partitions import Partition
from preprocessing.dataset import TrainingSet
from preprocessing.encoder import FeatureEncoder
from preprocessing.task.spec import TaskSpec
from training.beyond_memory.boosting import OUT_OF_CORE, Boosting, free_address
from training.beyond_memory.giving_back import give_back
from training.beyond_memory.labelled import (
    LabelledRows,
    calibrating,
    chunks,
    drawn,
    held_share,
)
from training.beyond_memory.spilled import spilled
from training.candidates import candidate
from training.golden import golden_records
from training.importance import spread
from training.kinds import kind_of
from training.lightgbm_text import text_model
from training.sample import sample_of, threads_for
from training.train import Progress, check_enough
from training.trained_model import FittedModel

DRAWN = 20_000
"""Rows that the encoder learns medians, scales and categories from."""
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class LargeModel:
    """A model of a window beyond memory.

    Attributes:
        model: as of any other window; its profile, calibration and thresholds are of held-out rows.
        figures: on the other half of the students held out, as of a card.
        rows: learned from.
        judged: measured on.
        workers: that trained it.
    """

    model: FittedModel
    figures: Mapping[str, float]
    rows: int
    judged: int
    workers: int


def fit_partitions(
    partitions: Sequence[Partition],
    task: TaskSpec,
    family: str,
    *,
    seed: int,
    progress: Progress,
    params: Mapping[str, Any] | None = None,
    held: float | None = None,
    pool: Pool = HERE,
) -> LargeModel:
    """Trains boosted trees on the rows of Parquet files, none of which are in memory together.

    Args:
        partitions: of the window; the pool's workers find the files where this process does.
        task: what the columns mean.
        family: a key of `OUT_OF_CORE`.
        seed: of draws and trees.
        progress: told of each stage.
        params: of the family; None takes the task's.
        held: share of the students that is held out; None: as `held_share` says.
        pool: its workers train one model together.

    Raises:
        ConfigurationError: no such family.
        NotThisTask: a file is no table of labelled rows of the task.
        NotEnoughData: too few rows.
        ClusterFailed: the workers are gone for good.
    """
    if family not in OUT_OF_CORE:
        raise ConfigurationError(f"{family} must fit in memory; {', '.join(OUT_OF_CORE)} need not")
    known = candidate(family)
    own = known.params_under(task.training) if params is None else params
    total = sum(partition.rows for partition in partitions)
    share = held_share(total) if held is None else held
    asked = _Survey(task, share, min(1.0, DRAWN / max(total, 1)), seed)
    found = reduce(_SurveyedRows.with_next, pool.each(_surveyed, asked, partitions))
    apart, drawn_rows = found.held.training_set(), found.drawn.training_set()
    progress(f"{found.rows:,} labelled rows to learn from, {len(apart):,} held out")
    check_enough(apart, task)
    encoder = FeatureEncoder.fit(task, drawn_rows.records)
    job = Boosting(
        own, seed, found.rows, found.positives,
        numeric=not task.outcome.form.two_valued,
        monotone=sample_of(drawn_rows, encoder, task).monotone,
        threads=threads_for(found.rows * len(encoder.columns)),
    )  # fmt: skip
    text, workers = _trained(partitions, asked, encoder, family, job, pool, progress)
    first = calibrating(apart.students, task=task.name, seed=seed)
    scorer = TreeScorer(text)
    model = _drawn_model(apart.take(first), drawn_rows, task, encoder, scorer, family, own, seed)
    judged = apart.take(~first)
    figures = kind_of(task).evaluate(task, judged, model.score(judged.records))
    return LargeModel(model, figures, found.rows, len(judged), workers)


@dataclass(frozen=True, slots=True)
class _Survey:
    """What is drawn from each partition.

    Attributes:
        held: share of the students that is held out.
        drawn: share of the others whose rows the encoder learns from.
    """

    task: TaskSpec
    held: float
    drawn: float
    seed: int


class _Pieces(tuple[LabelledRows, ...]):
    """Rows, piece by piece."""

    def __add__(self, other: Any) -> _Pieces:
        return _Pieces((*self, *other))

    def training_set(self) -> TrainingSet:
        """All of them as records.

        Raises:
            NotEnoughData: there is none.
        """
        sets = [piece.training_set() for piece in self]
        if not sets:
            raise NotEnoughData("the files hold no labelled row that can be read")
        return TrainingSet(
            tuple(record for one in sets for record in one.records),
            np.concatenate([one.outcome for one in sets]),
            np.concatenate([one.students for one in sets]),
            np.concatenate([one.periods for one in sets]),
            {},
        )


@dataclass(frozen=True, slots=True)
class _SurveyedRows:
    """What was found in some partitions; `rows` and `positives` are of those not held out."""

    held: _Pieces
    drawn: _Pieces
    rows: int
    positives: int

    def with_next(self, other: _SurveyedRows) -> _SurveyedRows:
        """These partitions and the next."""
        return _SurveyedRows(
            self.held + other.held,
            self.drawn + other.drawn,
            self.rows + other.rows,
            self.positives + other.positives,
        )


def _surveyed(asked: _Survey, partition: Partition) -> _SurveyedRows:
    held: list[LabelledRows] = []
    chosen: list[LabelledRows] = []
    count = positives = 0
    name, seed = asked.task.name, asked.seed
    for rows in chunks(partition, asked.task):
        out = drawn(rows.students, asked.held, task=name, seed=seed)
        held.append(rows.take(out))
        learned = rows.take(~out)
        count += len(learned.outcome)
        positives += int((learned.outcome == 1).sum())
        chosen.append(learned.take(drawn(learned.students, asked.drawn, task=name, seed=seed + 2)))
    return _SurveyedRows(_Pieces(held), _Pieces(chosen), count, positives)


@dataclass(frozen=True, slots=True)
class _PartJob:
    """What all processes that train together know."""

    asked: _Survey
    encoder: Mapping[str, Any]
    family: str
    job: Boosting


def _trained(
    partitions: Sequence[Partition],
    asked: _Survey,
    encoder: FeatureEncoder,
    family: str,
    job: Boosting,
    pool: Pool,
    progress: Progress,
) -> tuple[bytes, int]:
    """The trees, and how many workers made them; begun anew with those left where one is gone."""
    for attempt in range(1, ATTEMPTS + 1):
        hosts = pool.hosts()[: len(partitions)]
        shares = _dealt(partitions, len(hosts))
        try:
            addresses = tuple(pool.together(free_address, None, hosts)) if len(hosts) > 1 else ()
            threads = 1 if len(hosts) > 1 else job.threads
            shared = _PartJob(
                asked, encoder.spec(), family, replace(job, addresses=addresses, threads=threads)
            )
            progress(f"training {family} by {len(hosts)} workers, {job.rows:,} rows")
            models = pool.together(_part_of_model, shared, list(enumerate(shares)))
        except WorkerLost as lost:
            if attempt == ATTEMPTS:
                raise
            progress(f"{lost}; it begins anew")
            continue
        trees = OUT_OF_CORE[family].trees(models[0])
        return text_model(trees, len(encoder.columns)), len(hosts)
    raise AssertionError("the last attempt returns or raises")


def _part_of_model(shared: _PartJob, part: tuple[int, Sequence[Partition]]) -> bytes:
    """The model, as this process has it at the end; that of the first one is read."""
    rank, partitions = part
    asked = shared.asked
    with tempfile.TemporaryDirectory(prefix="farol-rows-") as folder:
        rows = spilled(
            partitions, asked.task, FeatureEncoder.from_spec(shared.encoder), Path(folder),
            held=asked.held, seed=asked.seed,
        )  # fmt: skip
        give_back()
        model = OUT_OF_CORE[shared.family].train(shared.job, rows, rank)
    return model if rank == 0 else b""


def _dealt(partitions: Sequence[Partition], workers: int) -> list[list[Partition]]:
    """The partitions by worker, the largest first, each to who has least."""
    dealt: list[list[Partition]] = [[] for _ in range(workers)]
    for partition in sorted(partitions, key=attrgetter("rows"), reverse=True):
        least = min(dealt, key=lambda own: sum(one.rows for one in own))
        least.append(partition)
    return dealt


def _drawn_model(
    held: TrainingSet,
    learned: TrainingSet,
    task: TaskSpec,
    encoder: FeatureEncoder,
    scorer: TreeScorer,
    family: str,
    params: Mapping[str, Any],
    seed: int,
) -> FittedModel:
    """The model with what follows from its margins on rows held out."""
    margins = scorer.margin(encoder.encode_many(held.records))
    rule = kind_of(task).draw(task, held, margins)
    scores = rule.calibration.score(margins)
    kinds = {column.name: column.kind.value for column in task.features}
    return FittedModel(
        task=task.name,
        family=family,
        params=params,
        encoder=encoder,
        scorer=scorer,
        calibration=rule.calibration,
        thresholds=rule.thresholds,
        candidates=(),
        reference=build_profile(held.records, kinds, scores, held.students.tolist()),
        held_out=scores,
        feature_names=task.feature_names,
        golden=tuple(golden_records(task, learned.records, seed)),
        explained=spread(held.records, scorer.EXPLAINED),
        interval=rule.interval,
        risk_interval=rule.risk_interval,
    )
