"""The resources of Ed-Fi that are read, and what each item must have.

Names are those of the API's JSON (`GET /data/v3/ed-fi/<resource>`, Data Standard 3 to 5), case
included; `studentReference.studentUniqueId` is a field of a reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

STUDENT = "studentReference.studentUniqueId"
SCHOOL = "schoolReference.schoolId"
SECTION = ("localCourseCode", "schoolId", "schoolYear", "sectionIdentifier", "sessionName")
"""What names a section in a reference to it."""

OF_GRADE = "studentSectionAssociationReference"


@dataclass(frozen=True, slots=True)
class EdFiResource:
    """A resource.

    Attributes:
        required: fields without which an item cannot be used.
        days: of these and others, those that are dates where they are there.
        needed: an export without it is refused.
    """

    name: str
    required: tuple[str, ...]
    days: tuple[str, ...] = ()
    needed: bool = False


RESOURCES: Mapping[str, EdFiResource] = {
    one.name: one
    for one in (
        EdFiResource("schools", ("schoolId", "nameOfInstitution"), needed=True),
        EdFiResource("localEducationAgencies", ("localEducationAgencyId", "nameOfInstitution")),
        EdFiResource("students", ("studentUniqueId",), ("birthDate",), needed=True),
        EdFiResource(
            "sessions",
            (
                "sessionName", SCHOOL, "schoolYearTypeReference.schoolYear",
                "beginDate", "endDate",
            ),
            ("beginDate", "endDate"),
            needed=True,
        ),
        EdFiResource(
            "gradingPeriods",
            (
                "gradingPeriodDescriptor", SCHOOL, "schoolYearTypeReference.schoolYear",
                "beginDate", "endDate",
            ),
            ("beginDate", "endDate"),
        ),
        EdFiResource("courses", ("courseCode", "courseTitle")),
        EdFiResource(
            "courseOfferings", ("localCourseCode", SCHOOL, "courseReference.courseCode")
        ),
        EdFiResource(
            "studentSchoolAssociations",
            (STUDENT, SCHOOL, "entryDate"),
            ("entryDate", "exitWithdrawDate"),
            needed=True,
        ),
        EdFiResource(
            "studentSectionAssociations",
            (STUDENT, "beginDate", *(f"sectionReference.{name}" for name in SECTION)),
            ("beginDate", "endDate"),
        ),
        EdFiResource(
            "grades",
            (
                "gradeTypeDescriptor",
                "gradingPeriodReference.gradingPeriodDescriptor",
                "gradingPeriodReference.schoolId",
                "gradingPeriodReference.schoolYear",
                f"{OF_GRADE}.studentUniqueId",
                *(f"{OF_GRADE}.{name}" for name in SECTION),
            ),
            ("currentGradeAsOfDate",),
        ),
        EdFiResource(
            "studentSchoolAttendanceEvents",
            (STUDENT, SCHOOL, "attendanceEventCategoryDescriptor", "eventDate"),
            ("eventDate",),
        ),
    )
}  # fmt: skip
"""In an order in which one comes after those that it refers to."""
