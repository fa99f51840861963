"""A bundle made to the specification, small, of students whom nobody knows."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

HEADERS: Mapping[str, str] = {
    "academicSessions": "sourcedId,status,dateLastModified,title,type,startDate,endDate,"
    "parentSourcedId,schoolYear",
    "categories": "sourcedId,status,dateLastModified,title,weight",
    "classes": "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,"
    "location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods",
    "courses": "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,"
    "orgSourcedId,subjects,subjectCodes",
    "demographics": "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,"
    "asian,blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,"
    "demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,countryOfBirthCode,"
    "stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus",
    "enrollments": "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,"
    "role,primary,beginDate,endDate",
    "lineItems": "sourcedId,status,dateLastModified,title,description,assignDate,dueDate,"
    "classSourcedId,categorySourcedId,academicSessionSourcedId,resultValueMin,resultValueMax,"
    "schoolSourcedId",
    "orgs": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
    "results": "sourcedId,status,dateLastModified,lineItemSourcedId,studentSourcedId,scoreStatus,"
    "score,scoreDate,comment,textScore,classSourcedId,inProgress,incomplete,late,missing",
    "roles": "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,"
    "orgSourcedId,userProfileSourcedId",
    "users": "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,"
    "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,"
    "preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns",
}
"""The header line of each file, as the specification has it."""

ALL = (
    "academicSessions", "categories", "classes", "classResources", "courses", "courseResources",
    "demographics", "enrollments", "lineItemLearningObjectiveIds", "lineItems",
    "lineItemScoreScales", "orgs", "resources", "resultLearningObjectiveIds", "results",
    "resultScoreScales", "roles", "scoreScales", "userProfiles", "userResources", "users",
)  # fmt: skip

TASK = """
name: roster_year
title: Fails the year
id: {name: student}
unit:
  - {name: school, kind: category}
  - {name: homeroom, kind: category}
features:
  - {name: mathematics, low: 0, high: 10}
  - {name: first_term, low: 0, high: 10}
  - {name: missing_work, low: 0, high: 500, integer: true}
  - {name: age, low: 4, high: 30}
  - {name: grade, low: 1, high: 13}
protected:
  - {name: sex, kind: category, categories: {female: [], male: [], other: [], unspecified: []}}
outcome:
  column: {name: final, low: 0, high: 10}
  horizon: 1
  below: 5
oneroster:
  columns:
    school: {orgs: name}
    homeroom: {classes: title}
    mathematics: {results: mean, subjects: [Mathematics], scale: [0, 10]}
    first_term: {results: mean, sessions: [First term], scale: [0, 10]}
    missing_work: {results: missing}
    age: {demographics: age}
    grade: {users: grades}
    sex: {demographics: sex}
    final: {results: last, categories: [Exam], scale: [0, 10]}
"""


def tables() -> dict[str, list[dict[str, object]]]:
    """Two school years, two schools, four students and a teacher."""
    years, terms = ("2024", "2025"), ("First term", "Second term")
    sessions = [
        session(f"Y{y}", y, "schoolYear", y, "") for y in years
    ] + [
        session(f"T{n}-{y}", title, "term", y, f"Y{y}")
        for y in years for n, title in enumerate(terms, start=1)
    ]  # fmt: skip
    schools = ("north", "south")
    found: dict[str, list[dict[str, object]]] = {
        "academicSessions": sessions,
        "orgs": [
            {"sourcedId": "district", "name": "District", "type": "district"},
            *[school_org(s) for s in schools],
        ],
        "categories": [
            {"sourcedId": "exam", "title": "Exam"}, {"sourcedId": "work", "title": "Homework"},
        ],
        "courses": [
            {"sourcedId": "mat", "title": "Mathematics 7", "orgSourcedId": "district",
             "subjects": "Mathematics,Science"},
            {"sourcedId": "art", "title": "Art 7", "orgSourcedId": "district", "subjects": "Art"},
        ],
        "classes": [], "enrollments": [], "lineItems": [], "results": [],
        "users": [], "demographics": [], "roles": [],
    }  # fmt: skip
    for number, student in enumerate(("s1", "s2", "s3", "s4")):
        found["users"].append(
            user(student) | {"grades": "7,8", "primaryOrgSourcedId": schools[number % 2]}
        )
        found["demographics"].append(
            {"sourcedId": student, "birthDate": f"2011-0{number + 1}-15",
             "sex": "female" if number % 2 else "male"}
        )  # fmt: skip
        found["roles"].append(
            {"sourcedId": f"r-{student}", "userSourcedId": student, "roleType": "primary",
             "role": "student", "orgSourcedId": schools[number % 2]}
        )  # fmt: skip
    found["users"].append(user("teacher"))
    for y in years:
        for s in schools:
            _add_classes(found, y, s)
    return found


def session(key: str, title: str, kind: str, year: str, parent: str) -> dict[str, object]:
    begins = f"{int(year) - 1}-08-15"
    return {
        "sourcedId": key, "title": title, "type": kind, "startDate": begins,
        "endDate": f"{year}-06-30", "parentSourcedId": parent, "schoolYear": year,
    }  # fmt: skip


def school_org(key: str) -> dict[str, object]:
    return {
        "sourcedId": key, "name": f"School {key}", "type": "school", "parentSourcedId": "district",
    }  # fmt: skip


def user(key: str) -> dict[str, object]:
    return {
        "sourcedId": key, "enabledUser": "true", "username": f"login-{key}",
        "givenName": "Given", "familyName": "Family", "identifier": f"ID-{key}",
    }  # fmt: skip


def _add_classes(found: dict[str, list[dict[str, object]]], year: str, school: str) -> None:
    both = f"T1-{year},T2-{year}"
    students = ("s1", "s3") if school == "north" else ("s2", "s4")
    for course, kind in (("mat", "homeroom"), ("art", "scheduled")):
        key = f"{course}-{school}-{year}"
        found["classes"].append(
            {"sourcedId": key, "title": f"7 {school}" if kind == "homeroom" else "Art",
             "courseSourcedId": course, "classType": kind, "schoolSourcedId": school,
             "termSourcedIds": both}
        )  # fmt: skip
        for member, role in (*((s, "student") for s in students), ("teacher", "teacher")):
            found["enrollments"].append(
                {"sourcedId": f"e-{key}-{member}", "classSourcedId": key,
                 "schoolSourcedId": school, "userSourcedId": member, "role": role}
            )  # fmt: skip
        for term in (1, 2):
            for category in ("exam", "work"):
                item = f"{category}{term}-{key}"
                found["lineItems"].append(
                    {"sourcedId": item, "title": "Line item", "assignDate": f"{year}-03-01",
                     "dueDate": f"{year}-03-1{term}", "classSourcedId": key,
                     "categorySourcedId": category, "academicSessionSourcedId": f"T{term}-{year}",
                     "resultValueMin": "0", "resultValueMax": "20", "schoolSourcedId": school}
                )  # fmt: skip
                for number, student in enumerate(students):
                    lost = category == "work" and number == 1
                    found["results"].append(
                        {"sourcedId": f"{item}-{student}", "lineItemSourcedId": item,
                         "studentSourcedId": student,
                         "scoreStatus": "not submitted" if lost else "fully graded",
                         "score": "" if lost else str(8 + 2 * term + number),
                         "scoreDate": f"{year}-0{3 + term}-10"}
                    )  # fmt: skip


def manifest(present: Collection[str], **said: str) -> bytes:
    lines = ["propertyName,value", "manifest.version,1.0", "oneroster.version,1.2"]
    lines += [f"file.{one},{said.get(one, 'bulk' if one in present else 'absent')}" for one in ALL]
    lines += ["source.systemName,Made up"]
    return "\n".join(lines).encode()


def as_csv(name: str, rows: Sequence[Mapping[str, object]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, HEADERS[name].split(","), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def files(made: Mapping[str, Sequence[Mapping[str, object]]] | None = None) -> dict[str, bytes]:
    """The bundle's files by name, its manifest among them."""
    found = {f"{n}.csv": as_csv(n, rows) for n, rows in (made or tables()).items()}
    return {"manifest.csv": manifest([n.removesuffix(".csv") for n in found]), **found}


def zipped(path: Path, made: Mapping[str, bytes], folder: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in made.items():
            archive.writestr(folder + name, data)
    return path


def unpacked(path: Path, made: Mapping[str, bytes]) -> Path:
    path.mkdir(parents=True)
    for name, data in made.items():
        (path / name).write_bytes(data)
    return path
