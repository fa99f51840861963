"""What is compared is chosen: files, periods, a unit with the others."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from database.driver.client import SyncRegistry
from database.students import StudentRepository
from drift import check
from drift.comparing.choice import ChosenComparison, Comparison
from drift.comparing.files import compare_files, side_of_file
from drift.comparing.periods import compare_periods
from drift.comparing.sides import compare_sides
from drift.page.render import html_page
from drift.policy import policy_of
from model.errors import NotEnoughData
from model.student import Observation
from preprocessing.task.spec import TaskSpec, parse_task
from tests.drift.school import KEY, NOW, TASK, cohort

CITY = f"{TASK}unit:\n  - {{name: escola, aliases: [Escola], kind: category}}\n"
HEADER = "RA,IEG,IDA,stone,Escola,defasagem"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A city's task, and a registry that does not answer."""
    task = tmp_path / "city.yaml"
    task.write_text(CITY, encoding="utf-8")
    for key, value in {
        "MONGO_URI": "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=100",
        "FAROL_HOME": str(tmp_path / "home"),
        "FAROL_TASK": str(task),
        "FAROL_SIGNING_KEY": KEY.decode(),
    }.items():
        monkeypatch.setenv(key, value)


def city() -> TaskSpec:
    return parse_task(CITY, source="city")


def moved_to(school: str, seen: list[Observation]) -> list[Observation]:
    return [
        replace(o, student_id=f"{school}-{o.student_id}", units={"escola": school}, unit=school)
        for o in seen
    ]


def write(folder: Path, name: str, seen: list[Observation], school: str = "Escola A") -> Path:
    rows = (
        f"{o.student_id},{o.features['ieg']},{o.features['ida']},{o.features['stone']},{school},0"
        for o in seen
    )
    path = folder / name
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    return path


def test_two_files_are_compared_with_the_tasks_aliases_and_without_a_registry(
    settings: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    former = write(tmp_path, "grades 2023.csv", cohort(300, "2023", seed=1))
    like = write(tmp_path, "like 2024.csv", cohort(300, "2024", seed=2))
    moved = write(tmp_path, "moved 2024.csv", cohort(300, "2024", seed=3, shift=-1.5))

    quiet = check.main(["--reference", str(former), "--current", str(like)])
    told = capsys.readouterr().out
    drifted = check.main(["--reference", str(former), "--current", str(moved), "--json"])
    report = json.loads(capsys.readouterr().out)

    assert (quiet, drifted) == (0, 0)
    assert "No drift: 300 records of like 2024.csv look like grades 2023.csv." in told
    assert "One look, which makes no alarm" in told
    assert report["against"] == "grades 2023.csv"
    assert {row["feature"] for row in report["features"] if row["drifted"]} == {"ieg"}
    assert "alarms" not in report


def test_a_unit_of_a_file_is_compared_with_the_others(
    settings: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, "city 2024.csv", cohort(300, "2024", seed=2))
    other = [replace(o, student_id=f"B{o.student_id}") for o in cohort(90, "2024", 5, shift=-2)]
    rows = write(tmp_path, "b 2024.csv", other, "Escola B").read_text("utf-8").split("\n")[1:]
    path.write_text("\n".join([path.read_text("utf-8"), *rows]), encoding="utf-8")

    code = check.main(["--current", str(path), "--unit", "escola b", "--json"])
    report = json.loads(capsys.readouterr().out)

    assert code == 0
    assert (report["rows"], report["against"]) == (90, "the other units of city 2024.csv")
    assert {row["feature"] for row in report["features"] if row["drifted"]} == {"ieg"}


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--reference", "a.csv"], 2, "give --reference and --current"),
        (["--current-period", "2024"], 2, "give --reference-period and --current-period"),
        (["--reference-period", "2024", "--current-period", "2024"], 2, "are the same"),
        (["--reference", "a.csv", "--current", "b.csv", "--unit", "x"], 2, "leave --reference"),
        (["--reference", "no.csv", "--current", "no.csv"], 2, "no.csv"),
        (["--reference", "{few}", "--current", "{few}"], 3, "fewer than the 50"),
        (["--current", "{few}", "--unit", "Escola Z"], 3, "no record of few 2024.csv is of escola"),
    ],
)
def test_what_cannot_be_compared_is_told_by_the_exit_code_and_a_sentence(
    settings: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    code: int,
    said: str,
) -> None:
    few = write(tmp_path, "few 2024.csv", cohort(20, "2024", seed=2))
    try:
        ended = check.main([option.format(few=few) for option in options])
    except SystemExit as end:
        ended = int(str(end.code))

    assert ended == code
    assert said in capsys.readouterr().err


def test_two_periods_of_the_registry_are_compared_without_a_champion(opened: SyncRegistry) -> None:
    opened.run(StudentRepository().observe(cohort(300, "2023", seed=1)))
    opened.run(StudentRepository().observe(cohort(300, "2024", seed=2, shift=1.5)))
    choice = ChosenComparison(Comparison.PERIODS, reference_period="2023", current_period="2024")

    report = compare_periods(opened, choice, city(), now=NOW).report

    assert (report.drifted_features, report.against) == (("ieg",), "period 2023")
    with pytest.raises(NotEnoughData, match=r"no school file tells of period 1999; .* 2023, 2024"):
        compare_periods(opened, replace(choice, reference_period="1999"), city(), now=NOW)


def test_a_unit_of_the_newest_period_is_compared_with_the_others(opened: SyncRegistry) -> None:
    opened.run(StudentRepository().observe(moved_to("escola a", cohort(300, "2024", seed=1))))
    opened.run(StudentRepository().observe(moved_to("escola b", cohort(80, "2024", 2, shift=-2))))
    opened.run(StudentRepository().observe(moved_to("escola b", cohort(80, "2031", 3))))
    choice = ChosenComparison(Comparison.UNIT, unit="Escola B")

    report = compare_periods(opened, choice, city(), now=NOW).report

    assert (report.rows, report.drifted_features) == (80, ("ieg",))
    assert report.periods == ("Escola B of period 2024",)


def test_two_parquet_files_of_one_period_each_are_compared_by_column_as_by_record(
    tmp_path: Path,
) -> None:
    task = city()
    random = np.random.default_rng(3)
    paths = []
    for period, shift in (("2023", 0.0), ("2024", 2.0)):
        columns = {name: random.uniform(0, 8, 200) + shift for name in ("ieg", "ida")}
        path = tmp_path / f"city_{period}.parquet"
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
        paths.append(path)
    choice = ChosenComparison(Comparison.FILES, reference=paths[0], current=paths[1])

    found = compare_files(choice, task, now=NOW)

    assert found.report.rows == 200 and found.report.drifted
    assert found.report.against == "city_2023.parquet"
    assert found.picture is not None and found.picture.rows_then == 200
    assert "200 registros" in html_page(found.report, found.picture, "pt")


def test_parquet_files_have_the_same_report_by_column_as_row_by_row(tmp_path: Path) -> None:
    """One column went, one came, categories are spelled as schools do, and a mark is no mark."""
    random = np.random.default_rng(4)
    former = {
        "RA": [f"R{i}" for i in range(300)],
        "ida": random.uniform(0, 9, 300),
        "stone": random.choice(["Quartzo", "agata"], 300),
    }
    later = {
        "RA": [f"R{i}" for i in range(200)],
        "ieg": random.uniform(0, 9, 200),
        "ida": [None if mark > 8 else mark for mark in random.uniform(1, 10, 200).tolist()],
    }
    paths = [tmp_path / "city_2023.parquet", tmp_path / "city_2024.parquet"]
    for path, columns in zip(paths, (former, later), strict=True):
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
    choice = ChosenComparison(Comparison.FILES, reference=paths[0], current=paths[1])

    by_column = compare_files(choice, city(), now=NOW)
    then, later_on = (side_of_file(path, None, city(), now=NOW) for path in paths)
    by_row = compare_sides(then, later_on, city(), policy_of(city().drift), now=NOW, seed=0)

    assert {row.feature for row in by_row.report.features if row.drifted} >= {"ieg", "stone"}
    assert by_column.report.features == by_row.report.features
    assert by_column.report.named is not None and by_row.report.named is not None
    assert by_column.report.named.values == by_row.report.named.values
    assert by_column.picture == by_row.picture
    assert by_column.report.report_id == by_row.report.report_id
