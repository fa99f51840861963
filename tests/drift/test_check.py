"""The drift check on a real registry: gather, compare, store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from database import drift_reports, embedded, students
from database.client import SyncRegistry, open_registry
from database.indexes import ensure_indexes
from drift import check
from drift.check import choose_recent, run_drift_check
from model.errors import BundleError, NotEnoughData
from model.student import Observation
from tests.drift.school import (
    KEY,
    NOW,
    TASK,
    School,
    cohort,
    found_school,
    graduate,
    little_task,
    serve,
)


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("registry")
    yield embedded.ensure_running(home)
    embedded.stop(home)


@pytest.fixture
def opened(uri: str, request: pytest.FixtureRequest) -> Iterator[SyncRegistry]:
    with open_registry(uri, f"t{abs(hash(request.node.nodeid)) % 10**12}") as registry:
        registry.run(ensure_indexes())
        yield registry


@pytest.fixture
def school(opened: SyncRegistry) -> School:
    return found_school(opened)


def test_without_a_champion_the_check_says_what_to_do(opened: SyncRegistry) -> None:
    with pytest.raises(NotEnoughData, match=r"no champion yet.*retraining\.pipeline"):
        run_drift_check(opened, little_task(), now=NOW)


def test_a_new_period_like_the_old_one_has_not_drifted_and_the_report_is_stored(
    opened: SyncRegistry, school: School
) -> None:
    opened.run(students.observe(cohort(400, "2024", seed=5)))

    report = run_drift_check(opened, school.task, now=NOW, signing_key=KEY)

    assert not report.drifted
    assert (report.rows, report.periods, report.model_version) == (400, ("2024",), "v1")
    assert "compared: 400 students in the feature store, period 2024" in report.notes
    assert opened.run(drift_reports.get(report.report_id)) == report


def test_a_new_period_that_differs_drifts_in_that_feature_and_in_the_scores(
    opened: SyncRegistry, school: School
) -> None:
    opened.run(students.observe(cohort(400, "2024", seed=5, shift=-1.5)))

    report = run_drift_check(opened, school.task, now=NOW)

    assert {f.feature for f in report.features if f.drifted} == {"ieg", "risk_score"}
    assert report.estimated["flagged"] > 0.5


def test_the_same_check_at_the_same_moment_is_one_report(
    opened: SyncRegistry, school: School
) -> None:
    run_drift_check(opened, school.task, now=NOW)
    run_drift_check(opened, school.task, now=NOW)
    run_drift_check(opened, school.task, now=NOW + timedelta(days=1))

    assert len(opened.run(drift_reports.newest(10))) == 2


def test_the_champions_own_period_is_compared_but_said_to_be_so(
    opened: SyncRegistry, school: School
) -> None:
    report = run_drift_check(opened, school.task, now=NOW)

    assert not report.drifted
    assert any("trained on 2023 as well" in note for note in report.notes)


def test_outcomes_that_came_in_since_are_realised_performance(
    opened: SyncRegistry, school: School
) -> None:
    seen = cohort(400, "2024", seed=5)
    opened.run(students.observe(seen))
    graduate(opened, school, seen, seed=7, now=NOW)

    before = run_drift_check(opened, school.task, now=NOW - timedelta(seconds=1))
    after = run_drift_check(opened, school.task, now=NOW)

    assert before.realised == {}
    assert after.realised["n"] == 400
    assert after.realised["recall"] == pytest.approx(before.estimated["recall"], abs=0.08)


def test_outcomes_of_records_it_was_trained_on_are_no_measure_of_the_champion(
    opened: SyncRegistry, school: School
) -> None:
    graduate(opened, school, cohort(300, "2023", seed=1), seed=7, now=NOW)

    assert run_drift_check(opened, school.task, now=NOW).realised == {}


def test_a_foreign_signature_stops_the_check(opened: SyncRegistry, school: School) -> None:
    with pytest.raises(BundleError):
        run_drift_check(opened, school.task, now=NOW, signing_key=b"another key")


def test_predictions_of_a_newer_period_than_the_store_are_compared_once_a_student(
    opened: SyncRegistry, school: School
) -> None:
    serve(opened, school, cohort(150, "2025", seed=9), at=NOW - timedelta(days=1))

    report = run_drift_check(opened, school.task, now=NOW)

    assert (report.rows, report.periods) == (150, ("2025",))
    assert "compared: 150 students predictions were asked for, period 2025" in report.notes


def test_nothing_at_all_is_not_enough_data() -> None:
    with pytest.raises(NotEnoughData, match=r"preprocessing\.ingest"):
        choose_recent([], [], ("2023",))


def test_the_command_prints_one_json_object_or_a_table_and_tells_what_is_missing_by_its_exit_code(
    tmp_path: Path, uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    task = tmp_path / "little.yaml"
    task.write_text(TASK, encoding="utf-8")
    for key, value in {
        "MONGO_URI": uri,
        "MONGO_DB": f"cli-{tmp_path.name[:20]}",
        "FAROL_HOME": str(tmp_path),
        "FAROL_TASK": str(task),
        "FAROL_SIGNING_KEY": KEY.decode(),
    }.items():
        monkeypatch.setenv(key, value)

    empty = check.main([])
    said = capsys.readouterr()
    with open_registry(uri, f"cli-{tmp_path.name[:20]}") as opened:
        school = found_school(opened)
        opened.run(students.observe(cohort(200, "2024", seed=5, shift=-2.0)))
    as_json, printed = check.main(["--json"]), capsys.readouterr()
    as_table, shown = check.main([]), capsys.readouterr()

    assert (empty, as_json, as_table) == (3, 0, 0)
    assert "no champion yet" in said.err
    assert json.loads(printed.out)["model_version"] == school.version.version
    assert "Drift in" in shown.out and "ieg" in shown.out


def test_observations_of_one_period_are_preferred_to_its_predictions() -> None:
    seen: list[Observation] = cohort(5, "2024", seed=1)

    recent = choose_recent(seen, [], ("2023",))

    assert (len(recent.records), recent.period) == (5, "2024")
