"""An export as the files of a OneRoster bundle: who was where, and what came of it."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from preprocessing.edfi.declared import OF_GRADE, SCHOOL, SECTION, STUDENT
from preprocessing.edfi.reading import EdFiExport, Item, day, value, word
from preprocessing.oneroster.bundle import RosterBundle
from preprocessing.oneroster.declared import FILES, READ

NAMELESS = "-"
"""In the place of names, which OneRoster asks for and nobody here reads."""

SEXES = {"male": "male", "female": "female", "not selected": "unspecified"}
YEAR = "schoolYearTypeReference.schoolYear"
Row = Mapping[str, str]


@dataclass(slots=True)
class _Files:
    """The files while they are made; a row that is there already stays as it is."""

    export: EdFiExport
    rows: dict[str, dict[str, Row]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, file: str, key: str, **cells: str) -> None:
        self.rows[file].setdefault(key, {"sourcedId": key, "status": "active", **cells})

    def has(self, file: str, key: str) -> bool:
        return key in self.rows[file]


def roster_of(export: EdFiExport, name: str, top: float | None = None) -> RosterBundle:
    """The bundle.

    Students are known by their `studentUniqueId`; no name is taken over. A grade is a result of a
    line item for each section, grading period and type of grade. Who is in a school and in none of
    its sections is in one that stands for the school.

    Args:
        export: the resources.
        name: what the bundle is called.
        top: the highest grade that there is, where grades are to be brought to a scale.
    """
    files = _Files(export)
    _add_orgs(files)
    _add_sessions(files)
    _add_courses(files)
    _add_students(files)
    _add_sections(files)
    _add_schools_without_sections(files)
    _add_grades(files, top)
    written = {file: _csv(file, rows.values()) for file, rows in files.rows.items() if rows}
    return RosterBundle(name, {**written, "manifest": _manifest(written)})


def _add_orgs(files: _Files) -> None:
    for _, one in files.export.of("localEducationAgencies"):
        key = value(one, "localEducationAgencyId")
        files.add("orgs", key, name=value(one, "nameOfInstitution"), type="district")
    for _, one in files.export.of("schools"):
        above = value(one, "localEducationAgencyReference.localEducationAgencyId")
        files.add(
            "orgs", value(one, "schoolId"), name=value(one, "nameOfInstitution"), type="school",
            identifier=value(one, "schoolId"),
            parentSourcedId=above if files.has("orgs", above) else "",
        )  # fmt: skip


def _add_sessions(files: _Files) -> None:
    spans: dict[str, list[str]] = defaultdict(list)
    for _, one in files.export.of("sessions"):
        spans[value(one, YEAR)] += [value(one, "beginDate")[:10], value(one, "endDate")[:10]]
    for year, days in spans.items():
        _add_session(files, _year(year), year, "schoolYear", year, min(days), max(days), "")
    for _, one in files.export.of("sessions"):
        year, title = value(one, YEAR), value(one, "sessionName")
        _add_session(
            files, _key("term", value(one, SCHOOL), year, title), title, "term", year,
            value(one, "beginDate"), value(one, "endDate"), _year(year),
        )  # fmt: skip
    for number, one in files.export.of("gradingPeriods"):
        year = value(one, YEAR)
        if not files.has("academicSessions", _year(year)):
            files.export.account.leave_out("gradingPeriods", number, "no session is of its year")
            continue
        key, title = _grading_period(one, value(one, SCHOOL), year)
        _add_session(
            files, key, title, "gradingPeriod", year,
            value(one, "beginDate"), value(one, "endDate"), _year(year),
        )  # fmt: skip


def _add_session(
    files: _Files, key: str, title: str, kind: str, year: str, begins: str, ends: str, above: str
) -> None:
    files.add(
        "academicSessions", key, title=title, type=kind, startDate=begins[:10], endDate=ends[:10],
        parentSourcedId=above, schoolYear=year,
    )  # fmt: skip


def _add_courses(files: _Files) -> None:
    known = {value(one, "courseCode"): one for _, one in files.export.of("courses")}
    for number, one in files.export.of("courseOfferings"):
        school, code = value(one, SCHOOL), value(one, "localCourseCode")
        if not files.has("orgs", school):
            files.export.account.leave_out("courseOfferings", number, "its school is not there")
            continue
        course = known.get(value(one, "courseReference.courseCode"), {})
        title = value(one, "localCourseTitle") or value(course, "courseTitle") or code
        files.add(
            "courses", _key(school, code), title=title, courseCode=code, orgSourcedId=school,
            subjects=",".join(_subjects(course)),
        )  # fmt: skip


def _subjects(course: Item) -> list[str]:
    """Of Data Standard 4 on a list, before that one."""
    several = course.get("academicSubjects")
    items = several if isinstance(several, list) else [course]
    found = [word(one, "academicSubjectDescriptor") for one in items if isinstance(one, dict)]
    return [one.replace(",", " ") for one in found if one]


def _add_students(files: _Files) -> None:
    last: dict[str, Item] = {}
    for _, one in files.export.of("studentSchoolAssociations"):
        before = last.get(value(one, STUDENT))
        if before is None or value(before, "entryDate") <= value(one, "entryDate"):
            last[value(one, STUDENT)] = one
    for _, one in files.export.of("students"):
        key = value(one, "studentUniqueId")
        at = last.get(key, {})
        school = value(at, SCHOOL)
        files.add(
            "users", key, enabledUser="true", username=key, identifier=key,
            givenName=NAMELESS, familyName=NAMELESS,
            grades=word(at, "entryGradeLevelDescriptor").replace(",", " "),
            primaryOrgSourcedId=school if files.has("orgs", school) else "",
        )  # fmt: skip
        sex = word(one, "birthSexDescriptor").casefold()
        files.add(
            "demographics", key, birthDate=day(value(one, "birthDate")) or "",
            sex=SEXES.get(sex, "other") if sex else "",
        )  # fmt: skip


def _add_sections(files: _Files) -> None:
    homerooms = {
        _section(one["sectionReference"])
        for _, one in files.export.of("studentSectionAssociations")
        if one.get("homeroomIndicator") is True
    }
    for number, one in files.export.of("studentSectionAssociations"):
        student, section = value(one, STUDENT), one["sectionReference"]
        key = _section(section)
        if (why := _no_section(files, section, student)) is not None:
            files.export.account.leave_out("studentSectionAssociations", number, why)
            continue
        _add_class(files, section, homeroom=key in homerooms)
        files.add(
            "enrollments", _key("in", key, student, value(one, "beginDate")[:10]),
            classSourcedId=key, schoolSourcedId=value(section, "schoolId"),
            userSourcedId=student, role="student",
            beginDate=value(one, "beginDate")[:10], endDate=value(one, "endDate")[:10],
        )  # fmt: skip


def _no_section(files: _Files, section: Item, student: str) -> str | None:
    """Why what somebody did in a section cannot be used."""
    if not files.has("users", student):
        return "its student is not there"
    if not files.has("orgs", value(section, "schoolId")):
        return "its school is not there"
    return None if files.has("academicSessions", _term(section)) else "its session is not there"


def _add_class(files: _Files, section: Item, *, homeroom: bool) -> None:
    school, code = value(section, "schoolId"), value(section, "localCourseCode")
    files.add("courses", _key(school, code), title=code, courseCode=code, orgSourcedId=school)
    files.add(
        "classes", _section(section), title=value(section, "sectionIdentifier"),
        courseSourcedId=_key(school, code), classType="homeroom" if homeroom else "scheduled",
        schoolSourcedId=school, termSourcedIds=_term(section),
    )  # fmt: skip


def _add_schools_without_sections(files: _Files) -> None:
    classes, sessions = files.rows["classes"], files.rows["academicSessions"]
    in_sections = {
        (
            one["userSourcedId"],
            one["schoolSourcedId"],
            sessions[classes[one["classSourcedId"]]["termSourcedIds"]]["schoolYear"],
        )
        for one in files.rows["enrollments"].values()
    }
    for number, one in files.export.of("studentSchoolAssociations"):
        student, school = value(one, STUDENT), value(one, SCHOOL)
        year = value(one, YEAR) or _year_of_day(files, school, value(one, "entryDate")[:10])
        why = None
        if not files.has("users", student):
            why = "its student is not there"
        elif not files.has("orgs", school):
            why = "its school is not there"
        elif not files.has("academicSessions", _year(year)):
            why = "no session of its school is of its year"
        if why is not None:
            files.export.account.leave_out("studentSchoolAssociations", number, why)
        elif (student, school, year) not in in_sections:
            key = _key("school", school, year)
            files.add("courses", key, title="School", courseCode="", orgSourcedId=school)
            files.add(
                "classes", key, title="School", courseSourcedId=key, classType="scheduled",
                schoolSourcedId=school, termSourcedIds=_year(year),
            )  # fmt: skip
            files.add(
                "enrollments", _key("in", key, student), classSourcedId=key,
                schoolSourcedId=school, userSourcedId=student, role="student",
                beginDate=value(one, "entryDate")[:10],
                endDate=value(one, "exitWithdrawDate")[:10],
            )  # fmt: skip


def _year_of_day(files: _Files, school: str, entered: str) -> str:
    """The school year of the first session of a school that had not ended by a day."""
    sessions = [
        (value(one, "endDate")[:10], value(one, YEAR))
        for _, one in files.export.of("sessions")
        if value(one, SCHOOL) == school and value(one, "endDate")[:10] >= entered
    ]
    return min(sessions, default=("", ""))[1]


def _add_grades(files: _Files, top: float | None) -> None:
    for number, one in files.export.of("grades"):
        section, student = one[OF_GRADE], value(one, f"{OF_GRADE}.studentUniqueId")
        if (why := _no_section(files, section, student)) is not None:
            files.export.account.leave_out("grades", number, why)
            continue
        _add_class(files, section, homeroom=False)
        year = value(one, "gradingPeriodReference.schoolYear")
        reference: Item = one["gradingPeriodReference"]
        period, title = _grading_period(reference, value(reference, "schoolId"), year)
        term = files.rows["academicSessions"][_term(section)]
        _add_session(
            files, period, title, "gradingPeriod", term["schoolYear"],
            term["startDate"], term["endDate"], _year(term["schoolYear"]),
        )  # fmt: skip
        kind = word(one, "gradeTypeDescriptor")
        ends = files.rows["academicSessions"][period]["endDate"]
        item = _key("grade", _section(section), period, kind)
        files.add("categories", _key("type", kind), title=kind)
        files.add(
            "lineItems", item, title=kind, assignDate=ends, dueDate=ends,
            classSourcedId=_section(section), categorySourcedId=_key("type", kind),
            academicSessionSourcedId=period, schoolSourcedId=value(section, "schoolId"),
            resultValueMin="" if top is None else "0",
            resultValueMax="" if top is None else f"{top:g}",
        )  # fmt: skip
        files.add(
            "results", _key(item, student), lineItemSourcedId=item, studentSourcedId=student,
            scoreStatus="fully graded", score=value(one, "numericGradeEarned"),
            scoreDate=value(one, "currentGradeAsOfDate")[:10] or ends,
        )  # fmt: skip


def _grading_period(item: Item, school: str, year: str) -> tuple[str, str]:
    """The key of a grading period, and what it is called."""
    kind = word(item, "gradingPeriodDescriptor")
    # Of Data Standard 5 on it has a name, before that a number within the year.
    name = value(item, "gradingPeriodName")
    which = name or value(item, "periodSequence")
    return _key("period", school, year, kind, which), name or kind


def _section(reference: Item) -> str:
    return _key("section", *(value(reference, name) for name in SECTION))


def _term(section: Item) -> str:
    school, year = value(section, "schoolId"), value(section, "schoolYear")
    return _key("term", school, year, value(section, "sessionName"))


def _year(year: str) -> str:
    return _key("year", year)


def _key(*parts: str) -> str:
    """One key of several; no two lists of parts give the same one, and none holds a comma.

    >>> _key("a", "b,c"), _key("a|b", "c")
    ('a|b%2Cc', 'a%7Cb|c')
    """
    return "|".join(
        part.replace("%", "%25").replace("|", "%7C").replace(",", "%2C") for part in parts
    )


def _csv(file: str, rows: Iterable[Row]) -> bytes:
    header = [column.name for column in READ[file].columns]
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _manifest(written: Mapping[str, bytes]) -> bytes:
    told: Sequence[tuple[str, str]] = (
        ("manifest.version", "1.0"),
        ("oneroster.version", "1.2"),
        *((f"file.{name}", "bulk" if name in written else "absent") for name in sorted(FILES)),
    )
    return b"propertyName,value\n" + b"".join(f"{k},{v}\n".encode() for k, v in told)
