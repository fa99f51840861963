"""A whole bundle, its files checked against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from model.errors import NotThisTask
from preprocessing.files.limits import Room
from preprocessing.oneroster.bundle import RosterBundle
from preprocessing.oneroster.declared import FILES, READ
from preprocessing.oneroster.manifest import present
from preprocessing.oneroster.rows import Fields, RosterAccount, Table, check_header, read_rows
from preprocessing.task.oneroster import OneRosterMapping

MOST_PROBLEMS = 50
ALWAYS = ("academicSessions", "users", "classes", "enrollments")
"""Without them nobody could say who was where, and when."""

KEPT: Mapping[str, tuple[str, ...]] = {
    "academicSessions": (
        "title", "type", "startDate", "parentSourcedId", "schoolYear",
    ),
    "orgs": ("name", "type", "identifier", "parentSourcedId"),
    "courses": ("title", "courseCode", "subjects", "subjectCodes"),
    "categories": ("title",),
    "classes": (
        "title", "classCode", "classType", "location", "courseSourcedId", "termSourcedIds",
        "subjects", "subjectCodes",
    ),
    "enrollments": ("classSourcedId", "schoolSourcedId", "userSourcedId", "role"),
    "lineItems": (
        "classSourcedId", "categorySourcedId", "academicSessionSourcedId", "resultValueMin",
        "resultValueMax",
    ),
    "results": (
        "lineItemSourcedId", "studentSourcedId", "scoreStatus", "score", "scoreDate", "incomplete",
        "late", "missing",
    ),
}  # fmt: skip
"""The columns that are kept of each file; of users and demographics those that are mapped."""


@dataclass(frozen=True, slots=True)
class Roster:
    """The rows of a bundle that can be used, by file and `sourcedId`.

    Attributes:
        account: the rows that were left out.
        unused: files of the bundle that the mapping does not need, and other files.
    """

    tables: Mapping[str, Table]
    account: RosterAccount
    unused: tuple[str, ...] = field(default=())

    def rows(self, file: str) -> Table:
        """The rows of a file; none where the bundle has no such file."""
        return self.tables.get(file, {})

    def row(self, file: str, key: str | None) -> Fields:
        """One row; empty where there is none."""
        return self.rows(file).get(key or "", {})


def needed_by(mapping: OneRosterMapping) -> dict[str, str]:
    """File to the columns of the task that come from it, as words.

    >>> needed_by(OneRosterMapping(columns={"mat": {"results": "mean"}}))["lineItems"]
    'mat'
    """
    needed: dict[str, list[str]] = {name: ["who was where"] for name in ALWAYS}
    for column, source in mapping.columns.items():
        files = [source.file]
        if source.results is not None:
            files += ["lineItems"]
            files += ["courses"] if source.subjects else []
            files += ["categories"] if source.categories else []
        for file in files:
            needed.setdefault(file, []).append(column)
    return {name: ", ".join(columns[:5]) for name, columns in needed.items()}


def read_roster(bundle: RosterBundle, mapping: OneRosterMapping) -> Roster:
    """Reads a bundle.

    Args:
        bundle: its files.
        mapping: says which of them are needed.

    Raises:
        NotThisTask: files are missing or malformed; each is named, and nothing is to be kept.
    """
    account, room = RosterAccount(), Room(bundle.name)
    needed = needed_by(mapping)
    there = present(bundle, needed, account)
    tables: dict[str, Table] = {}
    for name, declared in FILES.items():
        if name not in there:
            continue
        if name in READ and (
            name in needed or name not in {"lineItems", "results", "demographics"}
        ):
            tables[name] = read_rows(
                declared,
                bundle.files[name],
                wanted=_kept(name, mapping),
                known=tables,
                account=account,
                room=room,
            )
        else:
            check_header(declared, bundle.files[name], account)
    if account.problems:
        shown = account.problems[:MOST_PROBLEMS]
        more = len(account.problems) - len(shown)
        rest = [f"and {more} more"] if more else []
        raise NotThisTask(f"{bundle.name}: nothing is kept: " + " | ".join([*shown, *rest]))
    unused = [f"{name}.csv" for name in sorted(there - tables.keys())]
    unknown = [f"{name}.csv" for name in sorted(bundle.files) if name not in {*FILES, "manifest"}]
    return Roster(tables, account, (*unused, *unknown, *bundle.others))


def _kept(name: str, mapping: OneRosterMapping) -> tuple[str, ...]:
    sources = mapping.columns.values()
    if name == "users":
        mapped = {s.users for s in sources if s.users is not None}
        return tuple(sorted({*mapped, mapping.id, "primaryOrgSourcedId"} - {"sourcedId"}))
    if name == "demographics":
        fields = {s.demographics for s in sources if s.demographics is not None}
        return tuple(sorted("birthDate" if one == "age" else one for one in fields))
    return KEPT[name]
