"""`python -m deployment.dask`: a model of Parquet files that no memory holds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deployment.dask.opening import pool
from deployment.exit_codes import ExitCode, failed
from deployment.wiring import add_task_option, configure_logging, settings_from_environment
from model.bundle import load_bundle
from model.errors import ConfigurationError, FarolError
from model.options import DEFAULT_SEED
from preprocessing.columnar.partitions import partitions_of
from preprocessing.predictor import Predictor
from retraining.progress import progress
from training.beyond_memory.boosting import OUT_OF_CORE
from training.beyond_memory.fitting import LargeModel, fit_partitions
from training.candidates import load_task_to_train

EPILOG = """\
FILE is a Parquet file or a folder of them, with the task's columns and student_id, period, outcome
(0 or 1, or the number). Students with about 40,000 rows are held out: half calibrate and draw the
line, the figures are of the other half.

With FAROL_DASK the workers train one model together, and read the files themselves: they must find
them under the same path. Without, this process does it alone, in as little memory.

The bundle is one as any other. It is written, and not registered: no run has judged it.

examples
  python -m deployment.dask windows/ --out bundle
  FAROL_DASK=tls://10.0.0.5:8786 python -m deployment.dask windows/ --family xgboost --out bundle
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Trains and writes the bundle; the result is the exit code."""
    given = _parser().parse_args(argv)
    try:
        if given.out.exists():
            raise ConfigurationError(f"--out {given.out}: is there already")
        settings = settings_from_environment(given.task)
        configure_logging(settings)
        task, say = load_task_to_train(settings.task), progress()
        with pool(settings) as workers:
            partitions = partitions_of(given.file.absolute(), given.partition)
            found = fit_partitions(
                partitions, task, given.family, seed=given.seed, progress=say, pool=workers
            )
        digest = found.model.write(given.out)
        Predictor(load_bundle(given.out, digest)).self_test()
    except (FarolError, OSError) as error:
        return failed("dask", error)
    sys.stdout.write(_told(found, given.out, digest))
    return ExitCode.DONE


def _told(found: LargeModel, out: Path, digest: str) -> str:
    figures = ", ".join(f"{name} {value:.4f}" for name, value in found.figures.items())
    return (
        f"{out}: {found.model.family} of {found.rows:,} rows by {found.workers} workers, "
        f"bundle {digest}\non {found.judged:,} rows of students held out: {figures}\n"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployment.dask",
        description="Trains boosted trees on labelled Parquet files larger than memory.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    add_task_option(parser)
    parser.add_argument("--family", choices=tuple(OUT_OF_CORE), default="lightgbm")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="of the bundle")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="of draws and trees")
    parser.add_argument(
        "--partition", type=int, default=250_000, metavar="ROWS", help="most rows of one task"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
