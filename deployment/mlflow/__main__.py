"""`python -m deployment.mlflow sync|model`: runs and versions as MLflow shows and loads them."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from database.versions import ModelVersionRepository
from deployment.exit_codes import ExitCode, failed
from deployment.mlflow.library import prepare
from deployment.mlflow.model_files import requirements, write_model
from deployment.mlflow.sync import TaskRecords, sync
from deployment.mlflow.tracker import Tracker
from deployment.settings import Settings
from deployment.tasks.installed import installed
from deployment.wiring import (
    add_task_option,
    environment,
    registry,
    settings_from_environment,
)
from model.errors import ConfigurationError, FarolError, LeaseHeld
from retraining.run.champion import load_predictor
from retraining.tracking.seen import SeenFile, state_of

SLOWER = 10
"""Added to the niceness of a sync: whatever else the machine does comes first."""

EPILOG = """\
sync sends to FAROL_MLFLOW (a tracking server, or a folder) what is not there yet: each version as a
run with parameters, metrics, card, plots and a model, runs that made no version, drift reports as
curves, and the aliases champion and challenger of the registered model. Both are named
<MONGO_DB>-<task>, farol-pede_lag say. It may be stopped and repeated; a run that somebody deleted
stays deleted. The worker does the same every five minutes (job tracking), and no training waits.

model writes one version as a folder for mlflow.pyfunc.load_model, without any server. There is no
pickle in it. No version that is made of training records (k nearest neighbours) is ever written.

It needs mlflow: make setup-mlflow. Credentials are MLflow's own: MLFLOW_TRACKING_USERNAME and
MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, in the environment or in .env.

examples
  FAROL_MLFLOW=http://localhost:5000 python -m deployment.mlflow sync
  python -m deployment.mlflow model v3 --out v3
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one of the two."""
    given = _parser().parse_args(argv)
    prepare(environment())
    try:
        settings = settings_from_environment(given.task)
        COMMANDS[given.what](settings, given)
    except (FarolError, OSError) as error:
        return failed("mlflow", error)
    return ExitCode.DONE


def _sync(settings: Settings, _given: argparse.Namespace) -> None:
    where = settings.mlflow.get_secret_value()
    if not where:
        raise ConfigurationError("FAROL_MLFLOW is not set, so there is nowhere to send to")
    os.nice(SLOWER)
    task = installed(settings)
    with _alone(task.home), registry(settings) as opened:
        state = opened.run(state_of(settings.tracking_digest))
        source = TaskRecords(opened, task.name, settings.signing_key.get_secret_value())
        sent = sync(source, Tracker(where, f"{settings.mongo_db}-{task.name}"), _say)
        SeenFile(task.home).keep(state)
    sys.stdout.write(f"{sent}\n")


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Held while something is sent: two at once would both begin what neither finds.

    Raises:
        LeaseHeld: another process of this host holds it.
    """
    home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home / "tracking.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise LeaseHeld("another process of this host is at it") from error
    try:
        yield
    finally:
        lock.release()


def _model(settings: Settings, given: argparse.Namespace) -> None:
    key = settings.signing_key.get_secret_value()
    with registry(settings) as opened, tempfile.TemporaryDirectory() as folder:
        version = opened.run(ModelVersionRepository().get(given.version))
        predictor = load_predictor(opened, version, Path(folder), key)
        write_model(predictor, given.out, {"farol.version": version.version})
    needed = " ".join(requirements(predictor.bundle))
    sys.stdout.write(f"{given.out}: {version.version}; it needs {needed}\n")


COMMANDS: Mapping[str, Callable[[Settings, argparse.Namespace], None]] = {
    "sync": _sync, "model": _model,
}  # fmt: skip


def _say(what: str) -> None:
    sys.stderr.write(f"{what}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployment.mlflow",
        description="Sends runs, versions and drift to MLflow, or writes a version as a model.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whats = parser.add_subparsers(dest="what", required=True)
    sending = whats.add_parser("sync", help="send what the tracking server lacks")
    model = whats.add_parser("model", help="write one version as a folder")
    model.add_argument("version", metavar="VERSION", help="v3, say")
    model.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="must not exist")
    for one in (sending, model):
        add_task_option(one)
    return parser


if __name__ == "__main__":
    sys.exit(main())
