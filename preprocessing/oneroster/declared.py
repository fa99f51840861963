"""The files of a OneRoster 1.2 CSV bundle and their columns.

https://www.imsglobal.org/spec/oneroster/v1p2/bind/csv: names are as there, case included. A column
that is required has a value in each row; of the others the header may be missing too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite

Check = Callable[[str], str | None]
"""What is wrong with a value that is not empty; None: nothing."""

LONGEST_TEXT = 4_000
YEAR = re.compile(r"\d{4}", re.ASCII)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
EXTENSION = "ext:"
"""What a value begins with that is none of the specification's own vocabulary."""


def text(value: str) -> str | None:
    """Any text of a bounded length."""
    return None if len(value) <= LONGEST_TEXT else f"is longer than {LONGEST_TEXT} characters"


def day(value: str) -> str | None:
    """A date as YYYY-MM-DD.

    >>> day("2025-02-03"), day("03/02/2025")
    (None, 'must be a date, YYYY-MM-DD')
    """
    try:
        known = len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        known = False
    return None if known else "must be a date, YYYY-MM-DD"


def year(value: str) -> str | None:
    """A year of four digits."""
    return None if YEAR.fullmatch(value) else "must be a year, YYYY"


def number(value: str) -> str | None:
    """A number with a decimal point."""
    known = NUMBER.fullmatch(value) is not None and isfinite(float(value))
    return None if known else "must be a number"


def one_of(*values: str) -> Check:
    """One of these words, or an extension.

    >>> one_of("true", "false")("yes")
    'must be true or false'
    """
    known = frozenset(values)
    told = f"must be {', '.join(values[:-1])} or {values[-1]}"
    return lambda value: None if value in known or value.startswith(EXTENSION) else told


truth = one_of("true", "false")


@dataclass(frozen=True, slots=True)
class RosterColumn:
    """A column of a file.

    Attributes:
        refers_to: the file whose rows it names by their `sourcedId`; empty: none.
        several: it may name several, with commas between.
    """

    name: str
    required: bool = False
    check: Check = text
    refers_to: str = ""
    several: bool = False


@dataclass(frozen=True, slots=True)
class RosterFile:
    """A file of a bundle.

    Attributes:
        name: without its ending.
        columns: those that are read; of a file that nobody reads, those that are required.
    """

    name: str
    columns: tuple[RosterColumn, ...]

    @property
    def required(self) -> tuple[str, ...]:
        """The headers that it must have."""
        return tuple(column.name for column in self.columns if column.required)


def _required(name: str, check: Check = text) -> RosterColumn:
    return RosterColumn(name, True, check)


def _names(name: str, file: str, *, required: bool = True, several: bool = False) -> RosterColumn:
    return RosterColumn(name, required, text, file, several)


def _file(name: str, *columns: RosterColumn) -> RosterFile:
    status = RosterColumn("status", check=one_of("active", "tobedeleted"))
    return RosterFile(name, (_required("sourcedId"), status, *columns))


READ: Mapping[str, RosterFile] = {
    file.name: file
    for file in (
        _file(
            "academicSessions",
            _required("title"),
            _required("type", one_of("gradingPeriod", "semester", "schoolYear", "term")),
            _required("startDate", day),
            _required("endDate", day),
            _names("parentSourcedId", "academicSessions", required=False),
            _required("schoolYear", year),
        ),
        _file(
            "orgs",
            _required("name"),
            _required(
                "type", one_of("department", "school", "district", "local", "state", "national")
            ),
            RosterColumn("identifier"),
            _names("parentSourcedId", "orgs", required=False),
        ),
        _file(
            "courses",
            _required("title"),
            RosterColumn("courseCode"),
            _names("orgSourcedId", "orgs"),
            RosterColumn("subjects"),
            RosterColumn("subjectCodes"),
        ),
        _file("categories", _required("title"), RosterColumn("weight", check=number)),
        _file(
            "users",
            _required("enabledUser", truth),
            _required("username"),
            _required("givenName"),
            _required("familyName"),
            RosterColumn("identifier"),
            RosterColumn("grades"),
            RosterColumn("userMasterIdentifier"),
            _names("primaryOrgSourcedId", "orgs", required=False),
        ),
        _file(
            "classes",
            _required("title"),
            _names("courseSourcedId", "courses"),
            RosterColumn("classCode"),
            _required("classType", one_of("homeroom", "scheduled")),
            RosterColumn("location"),
            _names("schoolSourcedId", "orgs"),
            _names("termSourcedIds", "academicSessions", several=True),
            RosterColumn("subjects"),
            RosterColumn("subjectCodes"),
        ),
        _file(
            "enrollments",
            _names("classSourcedId", "classes"),
            _names("schoolSourcedId", "orgs"),
            _names("userSourcedId", "users"),
            _required("role", one_of("administrator", "proctor", "student", "teacher")),
            RosterColumn("primary", check=truth),
            RosterColumn("beginDate", check=day),
            RosterColumn("endDate", check=day),
        ),
        RosterFile(
            "demographics",
            (
                _names("sourcedId", "users"),
                RosterColumn("status", check=one_of("active", "tobedeleted")),
                RosterColumn("birthDate", check=day),
                RosterColumn("sex", check=one_of("male", "female", "unspecified", "other")),
                RosterColumn("americanIndianOrAlaskaNative", check=truth),
                RosterColumn("asian", check=truth),
                RosterColumn("blackOrAfricanAmerican", check=truth),
                RosterColumn("nativeHawaiianOrOtherPacificIslander", check=truth),
                RosterColumn("white", check=truth),
                RosterColumn("demographicRaceTwoOrMoreRaces", check=truth),
                RosterColumn("hispanicOrLatinoEthnicity", check=truth),
                RosterColumn("countryOfBirthCode"),
                RosterColumn("stateOfBirthAbbreviation"),
                RosterColumn("cityOfBirth"),
                RosterColumn("publicSchoolResidenceStatus"),
            ),
        ),
        _file(
            "lineItems",
            _required("title"),
            _required("assignDate", day),
            _required("dueDate", day),
            _names("classSourcedId", "classes"),
            _names("categorySourcedId", "categories"),
            _names("academicSessionSourcedId", "academicSessions"),
            RosterColumn("resultValueMin", check=number),
            RosterColumn("resultValueMax", check=number),
            _names("schoolSourcedId", "orgs"),
        ),
        _file(
            "results",
            _names("lineItemSourcedId", "lineItems"),
            _names("studentSourcedId", "users"),
            _required(
                "scoreStatus",
                one_of(
                    "exempt", "fully graded", "not submitted", "partially graded", "submitted"
                ),
            ),
            RosterColumn("score", check=number),
            _required("scoreDate", day),
            RosterColumn("incomplete", check=truth),
            RosterColumn("late", check=truth),
            RosterColumn("missing", check=truth),
        ),
    )
}  # fmt: skip
"""What rows are read of, in an order in which a file comes after those that it refers to."""


def _unread(name: str, *required: str) -> RosterFile:
    return _file(name, *(_required(column) for column in required))


UNREAD: Mapping[str, RosterFile] = {
    file.name: file
    for file in (
        _unread("classResources", "classSourcedId", "resourceSourcedId"),
        _unread("courseResources", "courseSourcedId", "resourceSourcedId"),
        _unread("lineItemLearningObjectiveIds", "lineItemSourcedId", "learningObjectiveId"),
        _unread("lineItemScoreScales", "lineItemSourcedId", "scoreScaleSourcedId"),
        _unread("resources", "vendorResourceId"),
        _unread("resultLearningObjectiveIds", "resultSourcedId", "learningObjectiveId"),
        _unread("resultScoreScales", "resultSourcedId", "scoreScaleSourcedId"),
        _unread("roles", "userSourcedId", "roleType", "role", "orgSourcedId"),
        _unread("scoreScales", "title", "type", "orgSourcedId", "scoreScaleValue"),
        _unread("userProfiles", "userSourcedId", "profileType", "vendorId"),
        _unread("userResources", "userSourcedId", "resourceSourcedId"),
    )
}
"""What nobody needs here: that it is there, and its header, are checked; no row is looked at."""

FILES: Mapping[str, RosterFile] = {**READ, **UNREAD}
