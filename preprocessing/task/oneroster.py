"""Where the columns of a task are in a OneRoster bundle: the mapping, as YAML has it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import Field, model_validator

from preprocessing.task.columns import Spec

SessionType = Literal["schoolYear", "semester", "term", "gradingPeriod"]
OrgType = Literal["department", "school", "district", "local", "state", "national"]
Measure = Literal[
    "mean", "last", "lowest", "highest", "graded", "missing", "missing_share", "late", "incomplete"
]
"""What is made of a student's results; worked out in `preprocessing.oneroster.measures`."""

UserField = Literal["grades", "identifier", "userMasterIdentifier", "enabledUser"]
DemographicField = Literal[
    "age",
    "birthDate",
    "sex",
    "americanIndianOrAlaskaNative",
    "asian",
    "blackOrAfricanAmerican",
    "nativeHawaiianOrOtherPacificIslander",
    "white",
    "demographicRaceTwoOrMoreRaces",
    "hispanicOrLatinoEthnicity",
    "countryOfBirthCode",
    "stateOfBirthAbbreviation",
    "cityOfBirth",
    "publicSchoolResidenceStatus",
]
SOURCES = ("users", "demographics", "orgs", "classes", "enrollments", "results")


class RosterSource(Spec):
    """Where one column of the task comes from; exactly one file is named.

    Attributes:
        users: a field of users.csv; of a list the first.
        demographics: a field of demographics.csv, or `age`, in whole years when the period began.
        orgs: a field of the student's school.
        type: of orgs; the nearest org of this type, from the school upwards.
        classes: a field of the student's homeroom.
        enrollments: `classes`, in how many classes the student is.
        results: what is made of the student's results in the period.
        subjects: of results; only those of classes, or of their courses, with one of these
            subjects, subject codes, course codes or titles.
        categories: of results; only line items of a category with one of these titles.
        sessions: of results; only line items of a session with one of these titles or types.
        scale: of results; scores are brought from the line item's own range into this one.
    """

    users: UserField | None = None
    demographics: DemographicField | None = None
    orgs: Literal["name", "identifier", "sourcedId"] | None = None
    type: OrgType | None = None
    classes: Literal["title", "classCode", "location", "sourcedId"] | None = None
    enrollments: Literal["classes"] | None = None
    results: Measure | None = None
    subjects: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    scale: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _names_one_file(self) -> RosterSource:
        named = [name for name in SOURCES if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError(f"name one of {', '.join(SOURCES)}")
        filters = ("subjects", "categories", "sessions", "scale")
        idle = [name for name in filters if getattr(self, name)]
        if idle and self.results is None:
            raise ValueError(f"{', '.join(idle)}: for results only")
        if self.type and self.orgs is None:
            raise ValueError("type: for orgs only")
        if self.scale and not self.scale[0] < self.scale[1]:
            raise ValueError("scale: the first number must be below the second")
        return self

    @property
    def file(self) -> str:
        """The file that it names, without its ending."""
        return next(name for name in SOURCES if getattr(self, name) is not None)

    @property
    def told(self) -> str:
        """The file and the field, for whoever reads the account.

        >>> RosterSource(results="mean", subjects=("MAT",)).told
        'results.csv mean (MAT)'
        """
        only = ", ".join((*self.subjects, *self.categories, *self.sessions))
        return f"{self.file}.csv {getattr(self, self.file)}" + (f" ({only})" if only else "")


class OneRosterMapping(Spec):
    """How a OneRoster bundle becomes rows of the task: one a student and period.

    Attributes:
        id: the field of users.csv that is the student's id.
        session: the type of academic session that makes a period.
        period: the field of that session which is the period's name.
        columns: the task's columns by their canonical names.
    """

    id: Literal["sourcedId", "identifier", "userMasterIdentifier", "username"] = "sourcedId"
    session: SessionType = "schoolYear"
    period: Literal["schoolYear", "title", "sourcedId"] = "schoolYear"
    columns: Annotated[dict[str, RosterSource], Field(min_length=1)]

    def unknown(self, names: Collection[str]) -> list[str]:
        """The mapped columns that the task, whose columns have these names, does not have."""
        return sorted({*self.columns} - {*names})
