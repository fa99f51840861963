"""`python -m deployment.dask train|score|run`: more rows than memory holds, by partition."""

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
from deployment.dask.running import run
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
run     reads all labelled records of the registry into such files, by several processes of this
        host, has them learned from, and judges what was learned as any other challenger, on
        students whom it has learned nothing from. It registers a version; guards, approval and
        trial decide whether it serves. The files are this account's alone and are removed at the
        end; workers of another account or host need a --folder that they can read.
score   writes a Parquet file a partition with the columns of POST /predict/bulk. Erased students
        and those who object are not scored. Nothing is logged: use the API where outcomes are to
        meet their predictions.

examples
  python -m deployment.dask train windows/ --out bundle
  FAROL_DASK=tls://10.0.0.5:8786 python -m deployment.dask train windows/ --family xgboost --out b
  python -m deployment.dask score students/ --period 2025 --out scores
  python -m deployment.dask run --processes 4
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one of them; the result is the exit code."""
    given = _parser().parse_args(argv)
    try:
        settings = settings_from_environment(given.task)
        configure_logging(settings)
        with pool(settings) as workers:
            sys.stdout.write(COMMANDS[given.what](settings, given, workers))
    except (FarolError, OSError) as error:
        return failed("dask", error)
    return ExitCode.DONE


def _files(given: argparse.Namespace, workers: Pool) -> list[Partition]:
    """The partitions of what is read, once there is somewhere to write to.

    Raises:
        ConfigurationError: what would be written is there already.
        NotThisTask: no Parquet, or files of different columns.
        ClusterFailed: the workers cannot be asked.
    """
    if given.out.exists():
        raise ConfigurationError(f"--out {given.out}: is there already")
    partitions = partitions_of(given.file.absolute(), given.partition)
    if cluster := workers.ready():
        progress()(cluster)
    return partitions


def _train(settings: Settings, given: argparse.Namespace, workers: Pool) -> str:
    partitions = _files(given, workers)
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


def _score(settings: Settings, given: argparse.Namespace, workers: Pool) -> str:
    partitions = _files(given, workers)
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


Command = Callable[[Settings, argparse.Namespace, Pool], str]
COMMANDS: dict[str, Command] = {"train": _train, "score": _score, "run": run}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployment.dask",
        description="Trains on, or scores, more rows than memory holds.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="what", required=True, metavar="COMMAND")
    train = commands.add_parser("train", help="boosted trees on labelled rows")
    score = commands.add_parser("score", help="what the champion says of each row")
    whole = commands.add_parser("run", help="a retraining run on all labels of the registry")
    score.add_argument("--period", help="of rows that give none, and of headers such as INDE 2024")
    for command in (train, whole):
        command.add_argument("--family", choices=tuple(OUT_OF_CORE), default="lightgbm")
        command.add_argument("--seed", type=int, default=DEFAULT_SEED, help="of draws and trees")
    for command, rows in ((train, 250_000), (score, 250_000), (whole, 20_000)):
        command.add_argument(
            "--partition", type=_number, default=rows, metavar="ROWS", help="most rows of a task"
        )
        add_task_option(command)
    for command in (train, score):
        command.add_argument("file", type=Path, metavar="FILE")
        command.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    whole.add_argument(
        "--rows", type=_number, metavar="N", help="the newest N labelled records (default: all)"
    )
    whole.add_argument(
        "--processes", type=_number, default=1, metavar="N", help="that read at once (default: 1)"
    )
    whole.add_argument(
        "--folder", type=Path, metavar="FOLDER",
        help="where the files are while it runs (default: in FAROL_HOME)",
    )  # fmt: skip
    return parser


def _number(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main())
