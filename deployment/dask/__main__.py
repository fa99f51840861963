"""`python -m deployment.dask train|score`: Parquet files larger than memory, by partition."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pyarrow.parquet

from database.aliases import CHAMPION, AliasRepository
from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.rights.objections import ObjectionRepository
from database.tombstones import TombstoneRepository
from database.versions import ModelVersionRepository
from deployment.dask.opening import pool
from deployment.dask.scoring import (
    ScoredPartition,
    ScoringJob,
    refusals,
    scored_partition,
    without,
)
from deployment.exit_codes import ExitCode, failed
from deployment.settings import Settings
from deployment.wiring import (
    add_task_option,
    configure_logging,
    registry,
    settings_from_environment,
)
from model.bundle import load_bundle
from model.computing.pool import Pool
from model.errors import ConfigurationError, FarolError, NotFound
from model.options import DEFAULT_SEED
from preprocessing.columnar.partitions import Partition, partitions_of
from preprocessing.predictor import Predictor
from preprocessing.student_ids import key_of
from retraining.progress import progress
from retraining.run.champion import load_predictor
from training.beyond_memory.boosting import OUT_OF_CORE
from training.beyond_memory.fitting import LargeModel, fit_partitions
from training.candidates import load_task_to_train

EPILOG = """\
FILE is a Parquet file or a folder of them. With FAROL_DASK workers read the files themselves: they
must find them under the same path. Without, this process does it alone, in as little memory.

train   needs the task's columns and student_id, period, outcome (0 or 1, or the number). Students
        with about 40,000 rows are held out: half calibrate and draw the line, the figures are of
        the other half. The bundle is one as any other; it is written, and not registered.
score   writes a Parquet file a partition with the columns of POST /predict/bulk. Erased students
        and those who object are not scored. Nothing is logged: use the API where outcomes are to
        meet their predictions.

examples
  python -m deployment.dask train windows/ --out bundle
  FAROL_DASK=tls://10.0.0.5:8786 python -m deployment.dask train windows/ --family xgboost --out b
  python -m deployment.dask score students/ --period 2025 --out scores
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one of the two; the result is the exit code."""
    given = _parser().parse_args(argv)
    try:
        if given.out.exists():
            raise ConfigurationError(f"--out {given.out}: is there already")
        settings = settings_from_environment(given.task)
        configure_logging(settings)
        partitions = partitions_of(given.file.absolute(), given.partition)
        with pool(settings) as workers:
            if cluster := workers.ready():
                progress()(cluster)
            sys.stdout.write(COMMANDS[given.what](settings, given, partitions, workers))
    except (FarolError, OSError) as error:
        return failed("dask", error)
    return ExitCode.DONE


def _train(
    settings: Settings, given: argparse.Namespace, partitions: list[Partition], workers: Pool
) -> str:
    task = load_task_to_train(settings.task)
    found = fit_partitions(
        partitions, task, given.family, seed=given.seed, progress=progress(), pool=workers
    )
    digest = found.model.write(given.out)
    Predictor(load_bundle(given.out, digest)).self_test()
    return _told(found, given.out, digest)


def _told(found: LargeModel, out: Path, digest: str) -> str:
    figures = ", ".join(f"{name} {value:.4f}" for name, value in found.figures.items())
    return (
        f"{out}: {found.model.family} of {found.rows:,} rows by {found.workers} workers, "
        f"bundle {digest}\non {found.judged:,} rows of students held out: {figures}\n"
    )


def _score(
    settings: Settings, given: argparse.Namespace, partitions: list[Partition], workers: Pool
) -> str:
    with registry(settings) as opened:
        job = _job(opened, settings, given)
        part = given.out.with_name(f"{given.out.name}.part")
        part.mkdir(parents=True)
        # Whoever waits for the result sees the whole of it or none.
        try:
            done = workers.each(scored_partition, job, partitions)
            rows = _written(done, part, opened, settings, job)
            part.rename(given.out)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return f"{given.out}: {rows:,} rows by {job.version}, {len(partitions)} files\n"


def _job(opened: SyncRegistry, settings: Settings, given: argparse.Namespace) -> ScoringJob:
    """The champion, or the version that was asked for, with its signature checked here."""
    alias = opened.run(AliasRepository().find(CHAMPION))
    if alias is None:
        raise NotFound("a champion: nobody serves yet")
    version = opened.run(ModelVersionRepository().get(alias.version))
    with tempfile.TemporaryDirectory() as folder:
        key = settings.signing_key.get_secret_value()
        load_predictor(opened, version, Path(folder), key).self_test()
    archive = opened.run(ArtifactRepository().get(version.artifact))
    task = load_task_to_train(settings.task)
    return ScoringJob(task, archive, version.version, given.period or "")


def _written(
    done: Iterable[ScoredPartition],
    folder: Path,
    opened: SyncRegistry,
    settings: Settings,
    job: ScoringJob,
) -> int:
    """Writes a file a partition, without those who may not be scored; gives how many rows."""
    objecting = opened.run(ObjectionRepository().students())
    rows = 0
    for number, scored in enumerate(done):
        students = scored.table.column("student_id").to_pylist()
        keys = [
            None
            if student is None
            else key_of(job.task, student, units, pseudonyms=settings.student_pseudonyms)
            for student, units in zip(students, scored.units, strict=True)
        ]
        known = {key for key in keys if key is not None}
        erased = opened.run(TombstoneRepository().erased(known, settings.tombstone_key))
        table = without(scored.table, refusals(erased, objecting), keys)
        pyarrow.parquet.write_table(table, folder / f"part-{number:05d}.parquet")
        rows += len(table)
    return rows


Command = Callable[[Settings, argparse.Namespace, list[Partition], Pool], str]
COMMANDS: dict[str, Command] = {"train": _train, "score": _score}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployment.dask",
        description="Trains on, or scores, Parquet files larger than memory.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="what", required=True, metavar="COMMAND")
    train = commands.add_parser("train", help="boosted trees on labelled rows")
    train.add_argument("--family", choices=tuple(OUT_OF_CORE), default="lightgbm")
    train.add_argument("--seed", type=int, default=DEFAULT_SEED, help="of draws and trees")
    score = commands.add_parser("score", help="what the champion says of each row")
    score.add_argument("--period", help="of rows that give none, and of headers such as INDE 2024")
    for command in (train, score):
        command.add_argument("file", type=Path, metavar="FILE")
        command.add_argument("--out", type=Path, required=True, metavar="FOLDER")
        command.add_argument(
            "--partition", type=int, default=250_000, metavar="ROWS", help="most rows of a task"
        )
        add_task_option(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
