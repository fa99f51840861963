"""One drift report against the champion's profile: `python -m drift.check [--json]`."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import orjson
from rich.console import Console

from database.drift_reports import DriftReportRepository
from database.driver.client import SyncRegistry
from database.unit_history import UnitHistoryRepository
from deployment.exit_codes import ExitCode, failed
from deployment.wiring import add_task_option, registry, settings_from_environment
from drift.comparing.champion import compare_with_champion
from drift.comparing.gathering import gather
from drift.policy import policy_of
from drift.report import nothing_compared
from drift.table import nothing_yet, write
from model.drift import DriftReport
from model.errors import FarolError
from model.units.named import spellings
from model.version import ModelVersion
from preprocessing.task.spec import TaskSpec, load_task


def run_drift_check(
    opened: SyncRegistry,
    task: TaskSpec,
    *,
    now: datetime,
    signing_key: bytes,
    seed: int = 0,
) -> DriftReport:
    """Compares the newest cohort with the champion's training profile and stores the report.

    Where the task has units, it also counts what there is of each (`database.unit_history`).

    Args:
        opened: the registry.
        task: the champion's task.
        now: aware UTC; outcomes that arrived later are not looked at.
        signing_key: the installation's key; the champion must be signed with it.
        seed: of the tests that draw.

    Returns:
        The stored report; its `compared` is False where no period holds a cohort.

    Raises:
        ConfigurationError: the task asks for a drift test that there is not.
        NotEnoughData: there is no champion yet.
        BundleError: the champion's bundle cannot be trusted or read.
        RegistryError: the registry fails.
    """
    policy = policy_of(task.drift)
    gathered = opened.run(gather(task, now, signing_key))
    version, recent = gathered.version, gathered.recent
    report_id = _report_id(version, now)
    report = (
        compare_with_champion(
            gathered,
            task,
            policy,
            report_id=report_id,
            now=now,
            signing_key=signing_key,
            seed=seed,
        )
        if recent.records
        else nothing_compared(
            report_id=report_id,
            now=now,
            model_version=version.version,
            left_out=recent.left_out,
        )
    )
    opened.run(DriftReportRepository().add(report))
    if task.unit:
        column = task.unit[0].name
        names = spellings(column, recent.units)
        opened.run(UnitHistoryRepository().recount(column, names, now=now))
    return report


def _report_id(version: ModelVersion, now: datetime) -> str:
    """The same check of the same moment has the same id, so it is stored once."""
    return hashlib.sha256(f"{version.version}\x1f{now.isoformat()}".encode()).hexdigest()[:16]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command: 0 done (drifted or not), 2 usage, 3 nothing to compare yet, 1 failure."""
    parser = argparse.ArgumentParser(prog="python -m drift.check", description=__doc__)
    add_task_option(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--seed", type=int, default=0, help="of the tests that draw (default 0)")
    given = parser.parse_args(arguments)
    try:
        settings = settings_from_environment(given.task)
        task = load_task(settings.task)
        with registry(settings) as opened:
            report = run_drift_check(
                opened,
                task,
                now=datetime.now(UTC),
                signing_key=settings.signing_key.get_secret_value(),
                seed=given.seed,
            )
    except FarolError as error:
        return failed("drift", error)
    if given.json:
        sys.stdout.write(orjson.dumps(report, option=orjson.OPT_UTC_Z).decode() + "\n")
    elif report.compared:
        write(report, Console())
    if not report.compared:
        sys.stderr.write(f"drift: {nothing_yet(report)}\n")
        return ExitCode.NOT_ENOUGH_DATA
    return ExitCode.DONE


if __name__ == "__main__":
    raise SystemExit(main())
