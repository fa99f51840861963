"""Resources as an Ed-Fi API answers them become a bundle and a table of events that are read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from preprocessing.edfi.__main__ import main
from preprocessing.events.reading import read_events
from preprocessing.files.loading import CleanTable
from preprocessing.oneroster.reading import read_bundle
from preprocessing.task.spec import parse_task
from tests.preprocessing.conftest import NOW
from tests.preprocessing.oneroster.made import TASK

Json = dict[str, Any]
Write = Callable[..., Path]
NAMES = ("Ana", "Alves")
EVENTS = """
events:
  id: {name: student}
  date: {name: day}
  kind: {name: category}
  value: {name: duration}
  aggregates: [{name: absent, kinds: [Unexcused Absence], values: [count, sum], windows: [period]}]
"""


def descriptor(kind: str, word: str) -> str:
    return f"uri://ed-fi.org/{kind}Descriptor#{word}"


def school_of(number: int) -> Json:
    return {"schoolId": 255901000 + number}


def year(schoolyear: int = 2025) -> Json:
    return {"schoolYearTypeReference": {"schoolYear": schoolyear}}


def section(code: str = "MAT-7", school: int = 1) -> Json:
    return school_of(school) | {
        "localCourseCode": code, "schoolYear": 2025, "sectionIdentifier": f"{code}, A|1",
        "sessionName": "2024-2025 Fall",
    }  # fmt: skip


def grade(student: str, mark: float | None, kind: str = "Exam", period: str = "First term") -> Json:
    found: Json = {
        "gradeTypeDescriptor": descriptor("GradeType", kind),
        "gradingPeriodReference": school_of(1)
        | {"gradingPeriodDescriptor": descriptor("GradingPeriod", "First Semester"),
           "gradingPeriodName": period, "schoolYear": 2025},
        "studentSectionAssociationReference": section()
        | {"studentUniqueId": student, "beginDate": "2024-08-19"},
    }  # fmt: skip
    return found if mark is None else found | {"numericGradeEarned": mark}


def event(student: str, day: str, category: str) -> Json:
    return {
        "studentReference": {"studentUniqueId": student}, "schoolReference": school_of(1),
        "sessionReference": school_of(1), "eventDate": day, "eventDuration": 0.5,
        "attendanceEventCategoryDescriptor": descriptor("AttendanceEventCategory", category),
    }  # fmt: skip


def export() -> dict[str, list[Any]]:
    """Three students of two schools: one has sections and grades, one a school alone."""
    who = {name: {"studentReference": {"studentUniqueId": name}} for name in ("s1", "s2", "s3")}
    return {
        "localEducationAgencies": [
            {"localEducationAgencyId": 255901, "nameOfInstitution": "District"}
        ],
        "schools": [
            school_of(n) | {
                "nameOfInstitution": name,
                "localEducationAgencyReference": {"localEducationAgencyId": 255901},
            }
            for n, name in ((1, "North"), (2, "South"))
        ],
        "students": [
            {"studentUniqueId": name, "firstName": NAMES[0], "lastSurname": NAMES[1],
             "birthDate": "2012-03-04", "birthSexDescriptor": descriptor("Sex", sex)}
            for name, sex in (("s1", "Female"), ("s2", "Male"), ("s3", "Not Selected"))
        ],
        "sessions": [
            year() | {"sessionName": "2024-2025 Fall", "schoolReference": school_of(n),
                      "beginDate": "2024-08-19", "endDate": "2025-06-20"}
            for n in (1, 2)
        ],
        "gradingPeriods": [
            year() | {"gradingPeriodDescriptor": descriptor("GradingPeriod", "First Semester"),
                      "gradingPeriodName": "First term", "periodSequence": 1,
                      "schoolReference": school_of(1),
                      "beginDate": "2024-08-19", "endDate": "2024-12-20"}
        ],
        "courses": [
            {"courseCode": "M7", "courseTitle": "Mathematics 7",
             "academicSubjects": [
                 {"academicSubjectDescriptor": descriptor("AcademicSubject", "Mathematics")}]}
        ],
        "courseOfferings": [
            {"localCourseCode": "MAT-7", "schoolReference": school_of(1),
             "courseReference": {"courseCode": "M7"}}
        ],
        "studentSchoolAssociations": [
            who["s1"] | {"schoolReference": school_of(1), "entryDate": "2024-08-19",
                         "entryGradeLevelDescriptor": descriptor("GradeLevel", "7")},
            who["s2"] | year()
            | {"schoolReference": school_of(2), "entryDate": "2024-09-02T00:00:00"},
            who["s3"] | {"schoolReference": school_of(1), "entryDate": "2031-01-01"},
        ],
        "studentSectionAssociations": [
            who["s1"] | {"sectionReference": section(), "beginDate": "2024-08-19",
                         "homeroomIndicator": True}
        ],
        "grades": [
            grade("s1", 80), grade("s1", 60, "Final"), grade("s1", 40, "Final", "Second term"),
            grade("s2", None),
        ],
        "studentSchoolAttendanceEvents": [
            event("s1", "2025-02-03", "Unexcused Absence"), event("s1", "2025-02-04", "Tardy"),
        ],
    }  # fmt: skip


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(items: dict[str, list[Any]]) -> Path:
        folder = tmp_path / "export"
        folder.mkdir(exist_ok=True)
        for name, found in items.items():
            (folder / f"{name}.json").write_text(json.dumps(found))
        return folder

    return written


def read(path: Path) -> dict[str, CleanTable]:
    reading = read_bundle(path, parse_task(TASK, source="roster.yaml"), now=NOW)
    return {table.batch.period: table for table in reading.tables}


def test_grades_enrolments_and_people_become_rows_of_the_task(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "roster.zip"

    code = main([str(write(export())), "--out", str(out), "--highest-grade", "100"])

    (table,) = read(out).values()
    found = {o.student_id: o for o in table.observations}
    assert (code, table.batch.period, table.batch.rejects) == (0, "2025", ())
    assert found["s1"].units == {"school": "North", "homeroom": "MAT-7, A|1"}
    assert found["s1"].features == {
        "mathematics": 6.0, "first_term": 7.0, "missing_work": 0.0, "age": 12.0, "grade": 7.0,
    }  # fmt: skip
    assert found["s2"].units == {"school": "South"} and "mathematics" not in found["s2"].features
    assert [found[one].protected["sex"] for one in ("s1", "s2")] == ["female", "male"]
    told = capsys.readouterr().out
    assert "1 left out: studentSchoolAssociations: no session of its school is of its year" in told
    assert not any(name.encode() in out.read_bytes() for name in NAMES)
    assert oct(out.stat().st_mode)[-3:] == "600"


def test_attendance_becomes_events_of_the_task(write: Write, tmp_path: Path) -> None:
    table, task = tmp_path / "days.csv", parse_task(TASK + EVENTS, source="roster.yaml")

    main([str(write(export())), "--out", str(tmp_path / "r.zip"), "--events", str(table)])

    (read_table,) = read_events(table, task)
    days = [(str(e.day), e.kind, e.value) for e in read_table.events["s1"]]
    assert days == [("2025-02-03", "unexcused absence", 0.5), ("2025-02-04", "tardy", 0.5)]
    assert read_table.rejected == {}


@pytest.mark.parametrize("needed", ["schools", "students", "sessions", "studentSchoolAssociations"])
def test_a_resource_that_is_missing_is_named_and_nothing_is_written(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str], needed: str
) -> None:
    items = export()
    del items[needed]

    code = main([str(write(items)), "--out", str(tmp_path / "r.zip")])

    assert code == 1 and not (tmp_path / "r.zip").exists()
    assert f"nothing is written: {needed}.json: is missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("grades.json", b"[{]", "is no JSON (line 1)"),
        ("grades.json", b"\xff[]", "is not UTF-8"),
        ("grades.json", b"{}", "is no list of items"),
        ("grades.json", b"[" * 100_000, "is no JSON"),
        ("grades.json", b"[" + b"1" * 5_000 + b"]", "is no JSON"),
        ("grades.json", b"[NaN]", "is no JSON"),
        ("grades.json", b'["\\ud800"]', "is no JSON"),
        ("grades.ndjson", b"{}\n\n{", "is no JSON (line 3)"),
    ],
)
def test_a_resource_that_is_malformed_is_named(
    write: Write,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes,
    why: str,
) -> None:
    folder = write(export())
    (folder / name).write_bytes(content)

    assert main([str(folder), "--out", str(tmp_path / "r.zip")]) == 1
    assert f"{name}: {why}" in capsys.readouterr().err


def test_an_item_that_cannot_be_used_is_told_by_number_and_field_and_without_a_value(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = export()
    nobody = grade("secret-student", 50)
    elsewhere = grade("s1", 50)
    elsewhere["studentSectionAssociationReference"]["schoolId"] = 7
    nameless = grade("s1", 50)
    del nameless["studentSectionAssociationReference"]["sessionName"]
    items["grades"] += [nobody, elsewhere, nameless, 3]
    items["students"].append({"studentUniqueId": "s4", "birthDate": "04/03/2012"})
    folder = write(items)
    (folder / "notes.txt").write_text("x")

    assert main([str(folder), "--out", str(tmp_path / "r.zip")]) == 0

    told = capsys.readouterr().out
    for line in (
        "grades item 5: its student is not there",
        "grades item 6: its school is not there",
        "grades item 7: studentSectionAssociationReference.sessionName is missing",
        "grades item 8: is no object",
        "students item 4: birthDate is no date",
        "notes.txt is no resource that is read",
    ):
        assert line in told
    assert "secret-student" not in told and "2012" not in told


def test_pages_and_lines_of_a_resource_are_one(write: Write, tmp_path: Path) -> None:
    items = export()
    folder = write({name: found for name, found in items.items() if name != "grades"})
    first, *rest = (one | {"note": "two\u2028lines"} for one in items["grades"])
    (folder / "grades-1.json").write_text(json.dumps([first]))
    lines = "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in rest)
    (folder / "grades-2.ndjson").write_text(lines, encoding="utf-8")

    assert main([str(folder), "--out", str(tmp_path / "a.zip"), "--highest-grade", "100"]) == 0

    whole = next(iter(read(tmp_path / "a.zip").values()))
    assert whole.observations[0].features["mathematics"] == 6.0
