"""One row a student and period, from what a bundle says of enrolments, results and people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from preprocessing.files.cells import Cell
from preprocessing.oneroster.measures import (
    EXEMPT,
    GRADED,
    MEASURES,
    NOT_SUBMITTED,
    RosterResult,
)
from preprocessing.oneroster.roster import Roster
from preprocessing.oneroster.rows import LINE, Fields, listed
from preprocessing.oneroster.sessions import RosterPeriods
from preprocessing.task.oneroster import OneRosterMapping, RosterSource
from preprocessing.task.spelling import fold

STUDENT = "student"
HOMEROOM = "homeroom"
Subject = tuple[str, str]
"""Period and student."""


@dataclass(frozen=True, slots=True)
class RosterStudents:
    """Makes the cells of students.

    Attributes:
        enrolled: period and student to the enrolments there.
        results: period and student to the results there, each with its line item.
    """

    roster: Roster
    mapping: OneRosterMapping
    periods: RosterPeriods
    enrolled: Mapping[Subject, Sequence[Fields]]
    results: Mapping[Subject, Sequence[tuple[str, Fields, Fields]]]

    @classmethod
    def of(
        cls, roster: Roster, mapping: OneRosterMapping, periods: RosterPeriods
    ) -> RosterStudents:
        """The students of a bundle."""
        return cls(roster, mapping, periods, _enrolled(roster, periods), _results(roster, periods))

    def subjects(self) -> list[Subject]:
        """Every student of every period, in a fixed order."""
        return sorted({*self.enrolled, *self.results})

    def cells(self, subject: Subject) -> list[Cell]:
        """The id, then the mapped columns in the mapping's order."""
        user = self.roster.row("users", subject[1])
        own = subject[1] if self.mapping.id == "sourcedId" else user.get(self.mapping.id)
        return [own, *(self._cell(one, subject) for one in self.mapping.columns.values())]

    def lines(self, source: RosterSource, subject: Subject) -> list[str]:
        """The rows that a student's cell is made of, as file and line."""
        user = subject[1]
        if source.users is not None:
            rows = [("users", user)]
        elif source.demographics is not None:
            rows = [("demographics", user)]
        elif source.orgs is not None:
            rows = [("orgs", self._org(subject, source.type) or "")]
        elif source.classes is not None:
            rows = [("classes", self._homeroom(subject) or "")]
        elif source.enrollments is not None:
            found = self.enrolled.get(subject, ())
            return sorted(f"enrollments.csv line {one[LINE]}" for one in found)
        else:
            rows = [("results", one.key) for one in self._chosen(source, subject)]
        told = ((file, self._of(file, key, LINE)) for file, key in rows)
        return [f"{file}.csv line {line}" for file, line in told if line is not None]

    def _cell(self, source: RosterSource, subject: Subject) -> Cell:
        if source.users is not None:
            return next(iter(listed(self._user(subject).get(source.users, ""))), None)
        if source.demographics is not None:
            return self._demographic(source, subject)
        if source.orgs is not None:
            key = self._org(subject, source.type)
            return key if source.orgs == "sourcedId" else self._of("orgs", key, source.orgs)
        if source.classes is not None:
            key = self._homeroom(subject)
            return (
                key if source.classes == "sourcedId" else self._of("classes", key, source.classes)
            )
        if source.enrollments is not None:
            return len({one["classSourcedId"] for one in self.enrolled.get(subject, ())})
        assert source.results is not None
        return MEASURES[source.results](list(self._chosen(source, subject)))

    def _user(self, subject: Subject) -> Fields:
        return self.roster.row("users", subject[1])

    def _of(self, file: str, key: str | None, column: str) -> str | None:
        return self.roster.row(file, key).get(column)

    def _demographic(self, source: RosterSource, subject: Subject) -> Cell:
        row = self.roster.row("demographics", subject[1])
        if source.demographics != "age":
            return row.get(source.demographics or "")
        born, begins = row.get("birthDate"), self.periods.begins.get(subject[0])
        return None if born is None or begins is None else _age(born, begins)

    def _org(self, subject: Subject, wanted: str | None) -> str | None:
        """The school of most enrolments, else the user's own; of a type, that one or above it."""
        schools = Counter(one["schoolSourcedId"] for one in self.enrolled.get(subject, ()))
        most = sorted(schools, key=lambda key: (-schools[key], key))
        key = most[0] if most else self._user(subject).get("primaryOrgSourcedId")
        seen: set[str] = set()
        while wanted is not None and key and self._of("orgs", key, "type") != wanted:
            seen.add(key)
            above = self._of("orgs", key, "parentSourcedId")
            key = above if above not in seen else None
        return key

    def _homeroom(self, subject: Subject) -> str | None:
        keys = sorted(one["classSourcedId"] for one in self.enrolled.get(subject, ()))
        homerooms = (key for key in keys if self._of("classes", key, "classType") == HOMEROOM)
        return next(homerooms, None)

    def _chosen(self, source: RosterSource, subject: Subject) -> Iterator[RosterResult]:
        for key, result, item in self.results.get(subject, ()):
            if self._is_wanted(source, item) and result["scoreStatus"] != EXEMPT:
                yield RosterResult(
                    score=self._score(source, result, item),
                    day=result["scoreDate"],
                    key=key,
                    missing=result.get("missing") == "true"
                    or result["scoreStatus"] == NOT_SUBMITTED,
                    late=result.get("late") == "true",
                    incomplete=result.get("incomplete") == "true",
                )

    def _is_wanted(self, source: RosterSource, item: Fields) -> bool:
        category = self._of("categories", item["categorySourcedId"], "title")
        session = self.roster.row("academicSessions", item["academicSessionSourcedId"])
        return (
            _names(source.subjects, self._subjects(item["classSourcedId"]))
            and _names(source.categories, [category or ""])
            and _names(source.sessions, [session.get("title", ""), session.get("type", "")])
        )

    def _subjects(self, class_key: str) -> list[str]:
        of_class = self.roster.row("classes", class_key)
        course = self.roster.row("courses", of_class.get("courseSourcedId"))
        found = [one for row in (of_class, course) for one in listed(row.get("subjects", ""))]
        found += [one for row in (of_class, course) for one in listed(row.get("subjectCodes", ""))]
        return [*found, course.get("courseCode", ""), course.get("title", "")]

    def _score(self, source: RosterSource, result: Fields, item: Fields) -> float | None:
        if result["scoreStatus"] != GRADED or "score" not in result:
            return None
        score = float(result["score"])
        if source.scale is None:
            return score
        low, high = float(item.get("resultValueMin", 0)), item.get("resultValueMax")
        if high is None or float(high) <= low:
            self.roster.account.ignored["lineItems resultValueMax"] += 1
            return None
        bottom, top = source.scale
        return bottom + (score - low) / (float(high) - low) * (top - bottom)


def _names(wanted: Sequence[str], found: Sequence[str]) -> bool:
    return not wanted or bool({*map(fold, wanted)} & {*map(fold, found)})


def _age(born: str, on: str) -> int:
    """Whole years from a date to another.

    >>> _age("2012-03-02", "2025-03-01"), _age("2012-03-01", "2025-03-01")
    (12, 13)
    """
    birth, day = date.fromisoformat(born), date.fromisoformat(on)
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def _enrolled(roster: Roster, periods: RosterPeriods) -> dict[Subject, list[Fields]]:
    found: dict[Subject, list[Fields]] = defaultdict(list)
    for one in roster.rows("enrollments").values():
        if one["role"] != STUDENT:
            continue
        terms = listed(roster.row("classes", one["classSourcedId"]).get("termSourcedIds", ""))
        for period in {periods.of_session[term] for term in terms if term in periods.of_session}:
            found[period, one["userSourcedId"]].append(one)
    return found


def _results(
    roster: Roster, periods: RosterPeriods
) -> dict[Subject, list[tuple[str, Fields, Fields]]]:
    found: dict[Subject, list[tuple[str, Fields, Fields]]] = defaultdict(list)
    for key, result in roster.rows("results").items():
        item = roster.row("lineItems", result["lineItemSourcedId"])
        period = periods.of_session.get(item["academicSessionSourcedId"])
        if period is not None:
            found[period, result["studentSourcedId"]].append((key, result, item))
    return found
