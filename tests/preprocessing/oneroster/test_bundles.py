"""OneRoster bundles made to the specification, whole, and with something missing or malformed."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from database.batches import BatchRepository
from database.driver.client import SyncRegistry
from database.labels import LabelRepository
from database.students import StudentRepository
from model.errors import ConfigurationError, NotThisTask
from preprocessing.files.admitted import AdmittedUnits
from preprocessing.files.loading import FileReading
from preprocessing.ingest import main
from preprocessing.ingesting.files import ingest_file
from preprocessing.ingesting.lines import describe
from preprocessing.ingesting.reading import ReadAs, load_mapping, read_any
from preprocessing.oneroster.bundle import is_bundle, open_bundle
from preprocessing.task.spec import TaskSpec, parse_task
from tests.preprocessing.conftest import NOW
from tests.preprocessing.oneroster.made import (
    ALL,
    HEADERS,
    TASK,
    as_csv,
    files,
    manifest,
    tables,
    unpacked,
    zipped,
)


@pytest.fixture(scope="module")
def task() -> TaskSpec:
    return parse_task(TASK, source="the test's task")


def read(path: Path, task: TaskSpec, made: dict[str, bytes]) -> FileReading:
    return read_any(zipped(path / "roster.zip", made), task, now=NOW)


def changed(name: str, row: int, **cells: str) -> dict[str, bytes]:
    """The bundle with some cells of a row, counted from 0, changed."""
    made = tables()
    made[name][row] |= cells
    return files(made)


def test_a_bundle_becomes_one_row_a_student_and_school_year(tmp_path: Path, task: TaskSpec) -> None:
    first, second = read(tmp_path, task, files()).tables

    assert (first.batch.period, second.batch.period) == ("2024", "2025")
    assert (first.batch.rows_read, first.batch.rows_kept) == (4, 4)
    by_id = {one.student_id: one for one in first.observations}
    assert sorted(by_id) == ["s1", "s2", "s3", "s4"]
    one, other = by_id["s1"], by_id["s3"]
    # Of 20 points 10 in the first term and 12 in the second, half of that on the scale to 10.
    assert one.features == {
        "mathematics": 5.5, "first_term": 5.0, "missing_work": 0.0, "age": 12.0, "grade": 7.0,
    }  # fmt: skip
    assert other.features["missing_work"] == 4.0
    assert one.units == {"school": "School north", "homeroom": "7 north"}
    assert (one.protected, by_id["s2"].protected) == ({"sex": "male"}, {"sex": "female"})
    assert {o.period for o in second.outcomes} == {"2024"}
    assert {o.student_id: o.value for o in first.outcomes} == dict.fromkeys(by_id, 0.0)


def test_names_logins_and_teachers_are_in_nothing_that_is_read(
    tmp_path: Path, task: TaskSpec
) -> None:
    reading = read(tmp_path, task, files())

    text = repr(reading)
    assert not any(word in text for word in ("Given", "Family", "login", "ID-s1", "teacher"))


def test_folder_and_zip_and_a_zip_of_a_folder_are_the_same_batch(
    tmp_path: Path, task: TaskSpec
) -> None:
    places = [
        unpacked(tmp_path / "a", files()),
        zipped(tmp_path / "b.zip", files()),
        zipped(tmp_path / "c.zip", files(), "export/"),
    ]

    assert all(map(is_bundle, places))
    batches = [
        [t.batch.batch_id for t in read_any(place, task, now=NOW).tables] for place in places
    ]
    assert batches[0] == batches[1] == batches[2]


@pytest.mark.parametrize("name", sorted({*HEADERS} - {"roles"}))
def test_a_file_that_is_missing_is_reported_by_its_name(
    tmp_path: Path, task: TaskSpec, name: str
) -> None:
    made = files()
    del made[f"{name}.csv"]

    with pytest.raises(NotThisTask, match=f"nothing is kept: {name}.csv: is missing") as said:
        read(tmp_path, task, made)

    made["manifest.csv"] = manifest([*({*HEADERS} - {name})])
    with pytest.raises(NotThisTask, match=f"{name}.csv: is absent, and .* comes from it"):
        read(tmp_path, task, made)
    assert "roster.zip" in str(said.value)


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_a_file_that_is_malformed_is_reported_by_its_name(
    tmp_path: Path, task: TaskSpec, name: str
) -> None:
    whole = files()
    text = whole[f"{name}.csv"]
    wrong = {
        b"": "is empty",
        text.replace(b"sourcedId,", b"id,", 1): "line 1 lacks the columns sourcedId",
        text.replace(b"\r\n", b"\r\n\xff\xfe", 1): "line 2 is not UTF-8",
        text.replace(b"status", b"sourcedId", 1): "line 1 names a column twice: sourcedId",
        text + b"\0": "is no text",
    }

    for data, why in wrong.items():
        with pytest.raises(NotThisTask, match=f"{name}.csv: {why}"):
            read(tmp_path, task, {**whole, f"{name}.csv": data})
    if name != "roles":  # Of a file that nobody needs the header alone is read.
        with pytest.raises(NotThisTask, match=rf"{name}.csv: line \d+ is no line of a CSV"):
            read(tmp_path, task, {**whole, f"{name}.csv": text + b'"open,quote\r\n'})


def test_everything_that_is_wrong_with_the_files_is_said_at_once(
    tmp_path: Path, task: TaskSpec
) -> None:
    made = files() | {"users.csv": b"", "scoreScales.csv": b"a\n", "notes.txt": b"x"}
    del made["orgs.csv"]

    with pytest.raises(NotThisTask) as said:
        read(tmp_path, task, made)

    text = str(said.value)
    assert all(f"{one}.csv: " in text for one in ("users", "scoreScales", "orgs"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (manifest(HEADERS, users="delta"), "users.csv: manifest.csv says delta; only whole"),
        (manifest(HEADERS, users="all"), "users.csv: manifest.csv must say bulk"),
        (manifest(HEADERS, users="absent"), "users.csv: is in the bundle; manifest"),
        (manifest(HEADERS).replace(b"1.2", b"1.1"), "manifest.csv: oneroster.version must be 1.2"),
        (manifest(HEADERS) + b"\nfile.pets,bulk", "pets.csv: manifest.csv names it"),
        (manifest(HEADERS) + b"\na,b,c", "manifest.csv: line 26 has 3 cells under 2 headers"),
        (b"a,b\n", "manifest.csv: line 1 lacks the columns propertyName, value"),
        (b"propertyName,value\noneroster.version,1.2\n", "manifest.csv: names no file"),
    ],
)  # fmt: skip
def test_a_manifest_that_says_something_else_is_reported(
    tmp_path: Path, task: TaskSpec, text: bytes, why: str
) -> None:
    assert len(ALL) == 21

    with pytest.raises(NotThisTask, match=why):
        read(tmp_path, task, files() | {"manifest.csv": text})


@pytest.mark.parametrize(
    ("name", "row", "cells", "why"),
    [
        ("users", 1, {"familyName": ""}, "familyName: line 3: is missing"),
        ("users", 1, {"enabledUser": "yes"}, "enabledUser: line 3: must be true or false"),
        ("users", 1, {"sourcedId": "s1"}, "sourcedId: line 3: is the same as in line 2"),
        ("demographics", 1, {"birthDate": "15/02/2011"}, "birthDate: line 3: must be a date"),
        ("demographics", 0, {"sourcedId": "s9"}, "sourcedId: line 2: names no row of users.csv"),
        ("enrollments", 0, {"role": "pupil"}, "role: line 2: must be administrator"),
        ("enrollments", 0, {"classSourcedId": "x"}, "line 2: names no row of classes.csv"),
        ("results", 5, {"score": "9,5"}, "score: line 7: must be a number"),
        ("results", 5, {"scoreStatus": "graded"}, "scoreStatus: line 7: must be exempt"),
        ("lineItems", 2, {"resultValueMax": "ten"}, "resultValueMax: line 4: must be a number"),
        ("academicSessions", 0, {"schoolYear": "24"}, "schoolYear: line 2: must be a year, YYYY"),
    ],
)
def test_a_malformed_row_is_left_out_with_file_line_and_column(
    tmp_path: Path, task: TaskSpec, name: str, row: int, cells: dict[str, str], why: str
) -> None:
    tables = read(tmp_path, task, changed(name, row, **cells)).tables

    batch = tables[0].batch
    told = [f"{one.field}: {one.reason}" for one in batch.rejects]
    assert any(one.startswith(f"{name}.csv ") and why in one for one in told)
    assert batch.rows_read - batch.rows_kept == len(batch.rejects)
    assert not any(value and value in " ".join(told) for value in ("15/02/2011", "9,5", "pupil"))


def test_a_row_of_another_width_and_one_over_two_lines_have_their_own_lines(
    tmp_path: Path, task: TaskSpec
) -> None:
    made = tables()
    made["results"][0]["comment"] = "two\nlines"
    made["results"][2]["score"] = "many"
    data = as_csv("results", made["results"]) + b"a,b\r\n"

    batch = read(tmp_path, task, files(made) | {"results.csv": data}).tables[0].batch

    assert [r.reason.partition(":")[0] for r in batch.rejects] == ["line 5", "line 67"]
    assert batch.rejects[1].reason == "line 67: 2 cells under 15 headers"


def test_what_is_deleted_exempt_or_of_another_year_counts_nowhere(
    tmp_path: Path, task: TaskSpec
) -> None:
    made = tables()
    of_s1 = [r for r in made["results"] if r["studentSourcedId"] == "s1"]
    for one in of_s1:
        one["scoreStatus" if "exam" in str(one["sourcedId"]) else "status"] = (
            "exempt" if "exam" in str(one["sourcedId"]) else "tobedeleted"
        )
    made["enrollments"] = [e for e in made["enrollments"] if e["userSourcedId"] != "s2"]
    made["results"] = [r for r in made["results"] if r["studentSourcedId"] != "s2"]

    first, _ = read(tmp_path, task, files(made)).tables

    by_id = {one.student_id: one for one in first.observations}
    assert "s2" not in by_id
    assert by_id["s1"].features == {"missing_work": 0.0, "age": 12.0, "grade": 7.0}
    assert "s1" not in {o.student_id for o in first.outcomes}


def test_a_line_item_without_a_range_and_a_parent_in_a_circle_end_nothing(
    tmp_path: Path, task: TaskSpec
) -> None:
    made = tables()
    for one in made["lineItems"]:
        one["resultValueMax"] = ""
    made["orgs"][0]["parentSourcedId"] = "north"
    made["orgs"][1]["parentSourcedId"] = "nowhere"
    made["academicSessions"][0]["parentSourcedId"] = "T1-2024"

    batch = read(tmp_path, task, files(made)).tables[0].batch

    assert batch.cells_ignored["lineItems resultValueMax"] > 0
    assert batch.cells_ignored["orgs parentSourcedId"] == 1
    assert batch.rows_kept == 4


def test_a_term_can_be_the_period_and_an_org_above_the_school_the_unit(tmp_path: Path) -> None:
    text = TASK.replace("horizon: 1", "horizon: 0").replace(
        "oneroster:\n", "periods: '^T[12]-[0-9]{4}$'\n"
        "oneroster:\n  id: identifier\n  session: term\n  period: sourcedId\n",
    ).replace("{orgs: name}", "{orgs: identifier, type: district}")  # fmt: skip
    made = tables()
    made["orgs"][0]["identifier"] = "D-1"

    tables_read = read(tmp_path, parse_task(text, source="t"), files(made)).tables

    assert [t.batch.period for t in tables_read] == ["T1-2024", "T1-2025", "T2-2024", "T2-2025"]
    (one, *_) = tables_read[0].observations
    assert (one.student_id, one.units["school"]) == ("ID-s1", "D-1")
    assert one.features["mathematics"] == 5.0


def test_who_speaks_for_a_school_sends_its_students_only(tmp_path: Path, task: TaskSpec) -> None:
    path = zipped(tmp_path / "r.zip", files())

    table = read_any(
        path, task, now=NOW, period="2025", admitted=AdmittedUnits.of(task, ["School South"])
    ).tables[0]

    assert {o.student_id for o in table.observations} == {"s2", "s4"}
    assert table.batch.rows_read - table.batch.rows_kept == 2


def test_a_mapping_file_stands_in_for_the_tasks_own(tmp_path: Path, task: TaskSpec) -> None:
    written = tmp_path / "mapping.yaml"
    written.write_text("columns: {mathematics: {results: lowest}, age: {demographics: age}}")
    path = zipped(tmp_path / "r.zip", files())

    table = read_any(path, task, now=NOW, form=ReadAs(mapping=load_mapping(written, task))).tables[
        0
    ]

    assert table.observations[0].features["mathematics"] == 10.0
    headers = {one.name: one.header for one in table.columns}
    assert headers["mathematics"] == "results.csv lowest" and headers["sex"] is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("columns: {x: {results: mean}}", "columns: x: no columns of task roster_year"),
        ("columns: {age: {results: average}}", "columns.age.results"),
        ("columns: {age: {results: mean, users: grades}}", "columns.age: .*name one of users"),
        ("columns: {age: {users: grades, scale: [0, 1]}}", "scale: for results only"),
        ("columns: {age: {results: mean, scale: [1, 1]}}", "first number must be below"),
        ("columns: {age: {\n  user: grades}}", r"line 2: columns.age.user: .*mean users\?"),
        ("- columns", "mapping: Input should be"),
        ("columns: [", "not readable as YAML"),
    ],
)
def test_a_mistake_in_a_mapping_is_named(
    tmp_path: Path, task: TaskSpec, text: str, why: str
) -> None:
    written = tmp_path / "mapping.yaml"
    written.write_text(text)

    with pytest.raises(ConfigurationError, match=why):
        load_mapping(written, task)
    if "columns: {x" in text:
        with pytest.raises(ConfigurationError, match=r"oneroster\.columns: x: no columns"):
            parse_task(TASK.replace("    school: {orgs", "    x: {orgs"), source="t")


def test_a_task_that_says_nothing_of_bundles_says_so(tmp_path: Path, pede: TaskSpec) -> None:
    path = zipped(tmp_path / "r.zip", files())

    with pytest.raises(NotThisTask, match="write `oneroster` in its YAML"):
        read_any(path, pede, now=NOW)
    with pytest.raises(NotThisTask, match="is no readable workbook"):
        read_any(path, pede, now=NOW, form=ReadAs(kind="table"))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda p: p.write_bytes(p.read_bytes()[:-40]),
        lambda p: p.write_bytes(b"PK\x03\x04 is no zip"),
        lambda p: zipped(p, {"users.csv": b""}),
    ],
)
def test_what_is_no_bundle_is_refused(
    tmp_path: Path, task: TaskSpec, spoil: Callable[[Path], object]
) -> None:
    path = zipped(tmp_path / "r.zip", files())
    spoil(path)

    assert not is_bundle(path)
    with pytest.raises(NotThisTask, match=r"r\.zip: is no OneRoster bundle"):
        read_any(path, task, now=NOW, form=ReadAs(kind="oneroster"))


def test_a_bundle_is_kept_whole_or_not_at_all_and_twice_changes_nothing(
    tmp_path: Path, task: TaskSpec, registry: SyncRegistry
) -> None:
    broken = zipped(tmp_path / "broken.zip", files() | {"results.csv": b"\xff"})
    with pytest.raises(NotThisTask, match=r"results\.csv"):
        ingest_file(registry, broken, task, now=NOW)
    assert registry.run(StudentRepository().count()) == 0
    assert registry.run(BatchRepository().newest(1)) == []
    whole = zipped(tmp_path / "whole.zip", changed("results", 0, score="x"))

    results, unused = ingest_file(registry, whole, task, now=NOW)
    again, _ = ingest_file(registry, whole, task, now=NOW)

    assert [r.known for r in results] == [False, False] and all(r.known for r in again)
    labels = registry.run(LabelRepository().window(arrived_until=NOW, limit=0))
    assert {(one.student_id, one.period) for one in labels} == {
        (f"s{n}", "2024") for n in range(1, 5)
    }
    lines = "\n".join(describe(results[0], task))
    assert "results.csv score: line 2: must be a number" in lines
    assert unused == ("whole.zip: roles.csv is not needed",)


def test_the_command_reads_a_bundle_and_says_what_is_wrong_with_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = tmp_path / "roster.yaml"
    written.write_text(TASK)
    monkeypatch.setenv("FAROL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAROL_TASK", str(written))
    good = zipped(tmp_path / "good.zip", files())
    bad = unpacked(tmp_path / "bad", files() | {"orgs.csv": b""})

    assert main(["--preview", str(good), "--as", "oneroster"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert main(["--preview", str(bad)]) == 1

    assert [(one["period"], one["students"]) for one in told["tables"]] == [
        ("2024", 4),
        ("2025", 4),
    ]
    refused = json.loads(capsys.readouterr().out)["refused"]
    assert "orgs.csv: is empty" in refused[0]


def test_a_zip_of_too_many_parts_is_refused_before_its_directory_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(12_000):
            archive.writestr(f"{number:060}.csv", b"")
        archive.writestr("manifest.csv", b"")
    monkeypatch.delattr(zipfile, "ZipFile")

    assert not is_bundle(path)
    with pytest.raises(NotThisTask, match="more than 200 files"):
        open_bundle(path)
