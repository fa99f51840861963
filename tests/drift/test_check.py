"""The drift check on a real registry: gather, compare, store."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from database.artifacts import ArtifactRepository
from database.drift_reports import DriftReportRepository
from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import Replace, ReplaceMany
from database.labelling.recording import record_outcomes
from database.mapping.documents import to_document
from database.students import StudentRepository
from database.watch.alarms import AlarmRepository
from database.watch.pages import DriftPictureRepository
from drift import check
from drift.check import run_drift_check
from drift.page.render import html_page
from model.drift import LeftOut, Unjudged
from model.erasing.record_ids import record_id
from model.errors import BundleError, NotEnoughData
from model.label import Outcome
from model.profile import SCORE
from model.version import resign
from model.watch.alarm import AlarmLevel, WatchState
from preprocessing.task.policies import WatchPolicy
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


def test_without_a_champion_the_check_says_what_to_do(opened: SyncRegistry) -> None:
    with pytest.raises(NotEnoughData, match=r"no champion yet.*retraining\.pipeline"):
        run_drift_check(opened, little_task(), now=NOW, signing_key=KEY)


def test_a_new_period_like_the_old_one_has_not_drifted_and_the_report_is_stored(
    opened: SyncRegistry, school: School
) -> None:
    opened.run(StudentRepository().observe(cohort(400, "2024", seed=5)))

    report = run_drift_check(opened, school.task, now=NOW, signing_key=KEY)

    assert not report.drifted
    assert (report.rows, report.periods, report.model_version) == (400, ("2024",), "v1")
    assert "compared: 400 students in the feature store, period 2024" in report.notes
    assert opened.run(DriftReportRepository().get(report.report_id)) == report


def test_a_new_period_that_differs_drifts_in_that_feature_and_in_the_scores(
    opened: SyncRegistry, school: School
) -> None:
    opened.run(StudentRepository().observe(cohort(400, "2024", seed=5, shift=-1.5)))

    report = run_drift_check(opened, school.task, now=NOW, signing_key=KEY)

    assert {f.feature for f in report.features if f.drifted} == {"ieg", "risk_score"}
    assert report.estimated["flagged"] > 0.5


def test_the_same_check_at_the_same_moment_is_one_report(
    opened: SyncRegistry, school: School
) -> None:
    run_drift_check(opened, school.task, now=NOW, signing_key=KEY)
    run_drift_check(opened, school.task, now=NOW, signing_key=KEY)
    run_drift_check(opened, school.task, now=NOW + timedelta(days=1), signing_key=KEY)

    assert len(opened.run(DriftReportRepository().newest(10))) == 2


def test_the_champions_own_period_is_compared_but_said_to_be_so(
    opened: SyncRegistry, school: School
) -> None:
    report = run_drift_check(opened, school.task, now=NOW, signing_key=KEY)

    assert not report.drifted
    assert any("trained on 2023 as well" in note for note in report.notes)


def test_outcomes_that_came_in_since_are_realised_performance(
    opened: SyncRegistry, school: School
) -> None:
    seen = cohort(400, "2024", seed=5)
    opened.run(StudentRepository().observe(seen))
    graduate(opened, school, seen, seed=7, now=NOW)

    before = run_drift_check(opened, school.task, now=NOW - timedelta(seconds=1), signing_key=KEY)
    after = run_drift_check(opened, school.task, now=NOW, signing_key=KEY)

    assert before.realised == {}
    assert after.realised["n"] == 400
    assert after.realised["recall"] == pytest.approx(before.estimated["recall"], abs=0.08)


def test_outcomes_of_records_it_was_trained_on_are_no_measure_of_the_champion(
    opened: SyncRegistry, school: School
) -> None:
    graduate(opened, school, cohort(300, "2023", seed=1), seed=7, now=NOW)

    assert run_drift_check(opened, school.task, now=NOW, signing_key=KEY).realised == {}


def test_outcomes_of_records_it_was_calibrated_on_are_no_measure_of_it_either(
    opened: SyncRegistry, school: School
) -> None:
    students = cohort(260, "2024", seed=5)
    opened.run(StudentRepository().observe(students))
    ids = "\n".join(record_id(o.student_id, o.period) for o in students[:200]).encode()
    calibrated = replace(school.version, calibrated_on=opened.run(ArtifactRepository().put(ids)))
    document = to_document(resign(calibrated, school.task.name, KEY), key="version")
    opened.execute(ReplaceMany("model_versions", [Replace({"_id": "v1"}, document)]))
    graduate(opened, school, students, seed=7, now=NOW)

    assert run_drift_check(opened, school.task, now=NOW, signing_key=KEY).realised["n"] == 60


def came_day_by_day(opened: SyncRegistry, school: School, *, changed: int) -> None:
    """Outcomes of 400 students, 20 a day; of the last days the opposite of what scores expect."""
    students = cohort(400, "2024", seed=5)
    opened.run(StudentRepository().observe(students))
    scores = school.predictor.score_many([o.features for o in students])
    scores[400 - changed :] = 1 - scores[400 - changed :]
    drawn = (np.random.default_rng(7).random(400) < scores).astype(float).tolist()
    for day in range(20):
        now = NOW - timedelta(days=20 - day)
        came = [
            Outcome(value=drawn[i], observed_at=now, student_id=o.student_id, period=o.period)
            for i, o in enumerate(students)
            if i // 20 == day
        ]
        opened.run(record_outcomes(came, now=now))


def of_family(opened: SyncRegistry, school: School, family: str) -> None:
    version = to_document(replace(school.version, family=family), key="version")
    opened.execute(ReplaceMany("model_versions", [Replace({"_id": "v1"}, version)]))


def test_an_online_learners_report_says_since_when_errors_have_risen(
    opened: SyncRegistry, school: School
) -> None:
    of_family(opened, school, "online_logistic_continued")
    came_day_by_day(opened, school, changed=160)

    report = run_drift_check(opened, school.task, now=NOW, signing_key=KEY)

    (told,) = [note for note in report.notes if "Page-Hinkley" in note]
    assert "the errors of 400 outcomes" in told
    assert f"have risen since {NOW - timedelta(days=8):%Y-%m-%d}" in told


@pytest.mark.parametrize(
    ("family", "changed"), [("online_logistic", 0), ("logistic_regression", 160)]
)
def test_where_errors_did_not_rise_or_the_model_learns_once_a_year_nothing_is_said_of_their_order(
    family: str, changed: int, opened: SyncRegistry, school: School
) -> None:
    of_family(opened, school, family)
    came_day_by_day(opened, school, changed=changed)

    report = run_drift_check(opened, school.task, now=NOW, signing_key=KEY)

    assert not any("Page-Hinkley" in note for note in report.notes)


def test_a_foreign_signature_stops_the_check(opened: SyncRegistry, school: School) -> None:
    with pytest.raises(BundleError):
        run_drift_check(opened, school.task, now=NOW, signing_key=b"another key")


def test_predictions_of_a_newer_period_than_the_store_are_compared_once_a_student(
    opened: SyncRegistry, school: School
) -> None:
    serve(opened, school, cohort(150, "2025", seed=9), at=NOW - timedelta(days=1))

    report = run_drift_check(opened, school.task, now=NOW, signing_key=KEY)

    assert (report.rows, report.periods) == (150, ("2025",))
    assert "compared: 150 students predictions were asked for, period 2025" in report.notes


@pytest.mark.parametrize("period", ["2025", "2024", "1999"])
def test_a_few_try_out_calls_after_a_real_cohort_are_named_and_the_cohort_is_judged(
    opened: SyncRegistry, school: School, period: str
) -> None:
    opened.run(StudentRepository().observe(cohort(400, "2024", seed=5)))
    tried = [replace(o, student_id=f"try-{i}") for i, o in enumerate(cohort(3, period, seed=8))]
    serve(opened, school, tried, at=NOW - timedelta(hours=1))

    report = run_drift_check(opened, school.task, now=NOW, signing_key=KEY)

    assert (report.rows, report.periods, report.drifted) == (400, ("2024",), False)
    assert [(o.period, o.records) for o in report.left_out] == [(period, 3)]


def test_calls_of_a_future_period_are_named_and_hide_no_cohort_however_many(
    opened: SyncRegistry, school: School
) -> None:
    opened.run(StudentRepository().observe(cohort(400, "2024", seed=5)))
    serve(opened, school, cohort(380, "2031", seed=8, shift=-3), at=NOW - timedelta(hours=1))

    report = run_drift_check(opened, school.task, now=NOW, signing_key=KEY)

    assert (report.rows, report.periods) == (400, ("2024",))
    assert report.left_out == (LeftOut("2031", 380, Unjudged.FUTURE),)


def test_the_picture_of_a_report_is_kept_with_it(opened: SyncRegistry, school: School) -> None:
    opened.run(StudentRepository().observe(cohort(400, "2024", seed=5, shift=-2.0)))

    report = run_drift_check(opened, school.task, now=NOW, signing_key=KEY)

    picture = opened.run(DriftPictureRepository().get(report.report_id))
    columns = {one.feature: one for one in picture.features}
    assert columns.keys() == {"ieg", "ida", "stone", SCORE}
    assert columns["ieg"].quartiles_now[1] < columns["ieg"].quartiles_then[1] - 1
    assert picture.expected_then is not None and picture.expected_now is not None
    assert picture.expected_now > picture.expected_then
    assert "ieg" in html_page(report, picture, "pt")


def test_with_too_little_to_judge_the_report_says_so_and_is_no_alarm(
    opened: SyncRegistry, school: School
) -> None:
    strict = school.task.model_copy(update={"drift": WatchPolicy(min_records=301)})
    serve(opened, school, cohort(3, "2025", seed=8, shift=-3), at=NOW - timedelta(hours=1))

    report = run_drift_check(opened, strict, now=NOW, signing_key=KEY)

    assert (report.compared, report.drifted, report.rows, report.features) == (False, False, 0, ())
    assert [(o.period, o.records) for o in report.left_out] == [("2023", 300), ("2025", 3)]
    assert opened.run(DriftReportRepository().newest(1)) == [report]


def test_a_growing_cohort_that_drifts_is_suspected_and_then_in_alarm(
    opened: SyncRegistry, school: School
) -> None:
    def check(day: int) -> WatchState:
        at = NOW + timedelta(days=day)
        run_drift_check(opened, school.task, now=at, signing_key=KEY)
        state = opened.run(AlarmRepository().current())
        assert state is not None
        return state

    moved = cohort(220, "2025", seed=5, shift=-1.5)
    serve(opened, school, moved[:150], at=NOW - timedelta(days=1))
    first, same = check(0), check(1)
    serve(opened, school, moved[150:], at=NOW - timedelta(hours=1))
    second = check(2)

    suspected = set(first.at_level(AlarmLevel.SUSPECTED))
    assert suspected == set(same.at_level(AlarmLevel.SUSPECTED)) == {"ieg", "risk_score"}
    assert set(second.alarmed) == {"ieg", "risk_score"}
    assert second.expected is not None and 0 < second.expected.a_year < 1


def test_a_whole_school_file_that_drifts_is_in_alarm_at_its_only_check(
    opened: SyncRegistry, school: School
) -> None:
    opened.run(StudentRepository().observe(cohort(300, "2024", seed=5, shift=-1.5)))

    for day in range(3):
        at = NOW + timedelta(days=day)
        report = run_drift_check(opened, school.task, now=at, signing_key=KEY)

    state = opened.run(AlarmRepository().current())
    assert report.whole and state is not None
    assert set(state.alarmed) == {"ieg", "risk_score"}
    assert state.features[0].since == NOW
    assert state.expected is not None and state.expected.a_year == 0.01


def test_a_check_with_nothing_to_compare_leaves_the_alarms_as_they_are(
    opened: SyncRegistry, school: School
) -> None:
    opened.run(StudentRepository().observe(cohort(300, "2024", seed=5, shift=-1.5)))
    run_drift_check(opened, school.task, now=NOW, signing_key=KEY)
    before = opened.run(AlarmRepository().current())
    strict = school.task.model_copy(update={"drift": WatchPolicy(min_records=301)})

    run_drift_check(opened, strict, now=NOW + timedelta(days=1), signing_key=KEY)

    assert opened.run(AlarmRepository().current()) == before


def test_the_command_prints_one_json_object_or_a_table_and_tells_what_is_missing_by_its_exit_code(
    tmp_path: Path, uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    task = tmp_path / "little.yaml"
    task.write_text(TASK, encoding="utf-8")
    strict = tmp_path / "strict.yaml"
    strict.write_text(f"{TASK}drift: {{min_records: 1000}}\n", encoding="utf-8")
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
        opened.run(StudentRepository().observe(cohort(200, "2024", seed=5, shift=-2.0)))
    monkeypatch.setenv("FAROL_TASK", str(strict))
    too_few = check.main([])
    waiting = capsys.readouterr()
    monkeypatch.setenv("FAROL_TASK", str(task))
    as_json, printed = check.main(["--json"]), capsys.readouterr()
    page = tmp_path / "drift.html"
    as_table, shown = check.main(["--html", str(page), "--language", "en"]), capsys.readouterr()
    nowhere = check.main(["--html", str(tmp_path / "none" / "drift.html")])

    assert "A clear change in 2 of 4 items" in page.read_text("utf-8")
    assert nowhere == 2 and "--html" in capsys.readouterr().err
    assert (empty, too_few, as_json, as_table) == (3, 3, 0, 0)
    assert "no champion yet" in said.err
    assert "nothing to compare yet (2023: 300 records are fewer than the 1000" in waiting.err
    assert "drift.min_records" in waiting.err and waiting.out == ""
    assert json.loads(printed.out)["model_version"] == school.version.version
    assert json.loads(printed.out)["alarms"]["needed"] == 2
    assert "False alarms to expect while nothing changes: at most" in shown.out
    assert "Suspected: ieg (drift in 1 check of 2 in a row)" in shown.out
    assert "Drift in" in shown.out and "ieg" in shown.out
