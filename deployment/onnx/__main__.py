"""`python -m deployment.onnx [VERSION] --out FILE`: a version's way from features to score."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from database.aliases import CHAMPION, AliasRepository
from database.driver.client import SyncRegistry
from database.versions import ModelVersionRepository
from deployment.exit_codes import ExitCode, failed
from deployment.onnx.running import OnnxScorer
from deployment.onnx.writing import TOLERANCE, farthest, result_of, written
from deployment.settings import Settings
from deployment.wiring import add_task_option, registry, settings_from_environment
from model.errors import FarolError, NotFound
from preprocessing.files.loading import read_tables
from preprocessing.predictor import Predictor
from preprocessing.task.spec import TaskSpec, load_task
from retraining.run.champion import load_predictor

EPILOG = """\
The file takes one column per feature, shape (rows, 1): float64 for numbers (NaN where one is
missing), text for categories (empty where it is missing), by the names and categories of the task
(GET /schema). It answers risk_score, or predicted for a numeric outcome, float64. Cleaning, lanes,
statuses and reasons are not in it. It tells version, bundle digest and thresholds in its metadata.

Before it is written, it scores the version's own made-up records as the version does. Each file of
--check is cleaned as python -m preprocessing.ingest would, and all its rows are scored both ways.

It needs onnx and onnxruntime: make setup-onnx.

examples
  python -m deployment.onnx --out champion.onnx
  python -m deployment.onnx v3 --out v3.onnx --check school_2024.csv
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Writes one file; 1 where it scores otherwise than the version, and nothing is written."""
    given = _parser().parse_args(argv)
    try:
        settings = settings_from_environment(given.task)
        predictor, version = _stored(settings, given.version)
        data = written(predictor, version)
        task = load_task(settings.task)
        off = [_checked(data, predictor, task, path, given.period) for path in given.check]
        if not all(one <= TOLERANCE for one in off):  # A score may be no number at all.
            return ExitCode.FAILED
        given.out.write_bytes(data)
    except (FarolError, OSError) as error:
        return failed("onnx", error)
    _tell(data, predictor, version, given.out)
    return ExitCode.DONE


def _stored(settings: Settings, asked: str | None) -> tuple[Predictor, str]:
    """The version's signed bundle, loaded, and its name."""
    key = settings.signing_key.get_secret_value()
    with registry(settings) as opened, tempfile.TemporaryDirectory() as folder:
        found = opened.run(ModelVersionRepository().get(asked or _champion(opened)))
        return load_predictor(opened, found, Path(folder), key), found.version


def _champion(opened: SyncRegistry) -> str:
    alias = opened.run(AliasRepository().find(CHAMPION))
    if alias is None:
        raise NotFound("a champion; name a version")
    return alias.version


def _checked(
    data: bytes, predictor: Predictor, task: TaskSpec, path: Path, period: str | None
) -> float:
    tables = read_tables(path, task, now=datetime.now(UTC), period=period)
    records = [one.features for table in tables for one in table.observations]
    off = farthest(data, predictor, records)
    sys.stderr.write(f"{path.name}: {len(records)} rows, the farthest score is off by {off:.2g}\n")
    return off


def _tell(data: bytes, predictor: Predictor, version: str, out: Path) -> None:
    asks = ", ".join(OnnxScorer(data).features)
    sys.stdout.write(
        f"{out}: {version}, {len(data):,} bytes, answers {result_of(predictor.bundle)}\n"
        f"it takes {asks}\n"
    )
    if predictor.bundle.scorer.KEEPS_RECORDS:
        sys.stderr.write(
            "The file holds training records, encoded and without ids, as the version's bundle "
            "does: treat it as personal data.\n"
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployment.onnx",
        description="Writes a version as one ONNX file: encoding, trees and calibration.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("version", nargs="?", metavar="VERSION", help="default: the champion")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="what is written")
    parser.add_argument(
        "--check", type=Path, action="append", default=[], metavar="FILE",
        help="score all rows of a school file both ways first (may be given again)",
    )  # fmt: skip
    parser.add_argument("--period", metavar="P", help="of those files, where they do not say")
    add_task_option(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
