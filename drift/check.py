"""One drift report, of the newest cohort or of whatever is chosen: `python -m drift.check`."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import orjson
from rich.console import Console
from rich.text import Text

from database.drift_reports import DriftReportRepository
from database.driver.client import SyncRegistry
from database.unit_history import UnitHistoryRepository
from database.watch.alarms import AlarmRepository
from database.watch.pages import DriftPictureRepository
from database.watch.statistics import EstimateRepository
from deployment.dask.opening import pool
from deployment.exit_codes import ExitCode, failed
from deployment.settings import Settings
from deployment.wiring import add_task_option, registry, settings_from_environment
from drift.alarms.expected import Growth, expected_false_alarms
from drift.alarms.persistence import next_state
from drift.alarms.rule import rule_of
from drift.alarms.schedule import times_a_year
from drift.alarms.told import alarm_lines, one_look_line
from drift.comparing.champion import compare_with_champion
from drift.comparing.choice import (
    EXAMPLES,
    ChosenComparison,
    Comparison,
    add_choice_options,
    choice_of,
)
from drift.comparing.files import compare_files
from drift.comparing.gathering import Recent, gather
from drift.comparing.periods import compare_periods
from drift.page.language import LANGUAGES
from drift.page.render import html_page
from drift.policy import policy_of
from drift.report import nothing_compared
from drift.table import nothing_yet, write
from model.drift import DriftReport
from model.errors import ConfigurationError, FarolError
from model.units.named import spellings
from model.version import ModelVersion
from model.watch.alarm import FalseAlarms, WatchState
from model.watch.picture import DriftPicture
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

    What it says is taken into the state of the champion's alarms (`database.watch.alarms`), and
    what is to be expected of the cohort before its outcomes come is kept
    (`database.watch.statistics`). Where the task has units, it also counts what there is of each
    (`database.unit_history`).

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
    gathered = opened.run(gather(task, now, signing_key, opened.data_key))
    version, recent = gathered.version, gathered.recent
    report_id = _report_id(version, now)
    compared = (
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
        else None
    )
    report = (
        compared.report
        if compared is not None
        else nothing_compared(
            report_id=report_id,
            now=now,
            model_version=version.version,
            left_out=recent.left_out,
        )
    )
    if compared is not None:
        opened.run(DriftPictureRepository().add(compared.picture))
    opened.run(DriftReportRepository().add(report))
    if report.compared:
        rule = rule_of(task.drift)
        expected = _expected(report, recent, task, now)
        opened.run(
            AlarmRepository().advance(
                version.version, lambda before: next_state(before, report, rule, expected)
            )
        )
    if compared is not None and compared.estimated is not None:
        opened.run(EstimateRepository().keep(compared.estimated))
    if task.unit:
        column = task.unit[0].name
        names = spellings(column, recent.units)
        opened.run(UnitHistoryRepository().recount(column, names, now=now))
    return report


def _expected(report: DriftReport, recent: Recent, task: TaskSpec, now: datetime) -> FalseAlarms:
    """The false alarms to expect of checks like this one.

    Raises:
        ConfigurationError: the task's schedule is no crontab line.
    """
    try:
        times = times_a_year(task.schedule.drift, now)
    except ValueError as error:
        raise ConfigurationError(f"schedule.drift of task {task.name}: {error}") from error
    cohorts = task.drift.periods_a_year
    growth = Growth(
        first=recent.fewest,
        last=max(round(recent.usual), report.rows),
        looks=round(times / cohorts),
        cohorts=cohorts,
        whole=report.whole,
    )
    tests = sum(row.p_value is not None for row in report.features)
    return expected_false_alarms(rule_of(task.drift), growth, tests=tests, checks_a_year=times)


def _report_id(version: ModelVersion, now: datetime) -> str:
    """The same check of the same moment has the same id, so it is stored once."""
    return hashlib.sha256(f"{version.version}\x1f{now.isoformat()}".encode()).hexdigest()[:16]


def _write_page(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"--html {path}: cannot be written: {error.strerror}") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command: 0 done (drifted or not), 2 usage, 3 nothing to compare yet, 1 failure."""
    parser = argparse.ArgumentParser(
        prog="python -m drift.check",
        description="Says what moved since the champion was trained, or between any two sets of "
        "records; checks of the champion also keep the state of its alarms.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_task_option(parser)
    add_choice_options(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="also write the report as one HTML page"
    )
    parser.add_argument(
        "--language", choices=LANGUAGES, default=LANGUAGES[0], help="of the page (default pt)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the tests that draw (default 0)")
    given = parser.parse_args(arguments)
    try:
        choice = choice_of(given)
    except ValueError as error:
        parser.error(str(error))
    try:
        settings = settings_from_environment(given.task)
        task, now = load_task(settings.task), datetime.now(UTC)
        report, picture, state = _checked(settings, choice, task, now=now, seed=given.seed)
        if given.html is not None:
            _write_page(given.html, html_page(report, picture, given.language))
    except FarolError as error:
        return failed("drift", error)
    if given.json:
        sys.stdout.write(orjson.dumps(_document(report, state), option=orjson.OPT_UTC_Z).decode())
        sys.stdout.write("\n")
    elif report.compared:
        console = Console()
        write(report, console)
        for line in alarm_lines(state) if state else (one_look_line(task.drift.alpha),):
            console.print(Text(line))
    if not report.compared:
        sys.stderr.write(f"drift: {nothing_yet(report)}\n")
        return ExitCode.NOT_ENOUGH_DATA
    return ExitCode.DONE


def _checked(
    settings: Settings, choice: ChosenComparison, task: TaskSpec, *, now: datetime, seed: int
) -> tuple[DriftReport, DriftPicture | None, WatchState | None]:
    """The report that was asked for with its picture, and the alarms of the champion's."""
    if choice.current is not None:
        with pool(settings) as workers:
            found = compare_files(choice, task, now=now, seed=seed, pool=workers)
        return found.report, found.picture, None
    with registry(settings) as opened:
        if choice.kind is not Comparison.CHAMPION:
            found = compare_periods(opened, choice, task, now=now, seed=seed)
            return found.report, found.picture, None
        key = settings.signing_key.get_secret_value()
        report = run_drift_check(opened, task, now=now, signing_key=key, seed=seed)
        picture = opened.run(DriftPictureRepository().find(report.report_id))
        return report, picture, opened.run(AlarmRepository().find(report.model_version))


def _document(report: DriftReport, state: WatchState | None) -> dict[str, object]:
    """The report with the alarms beside it, for `--json`."""
    told = {field.name: getattr(report, field.name) for field in fields(report)}
    return told if state is None else told | {"alarms": state}


if __name__ == "__main__":
    raise SystemExit(main())
