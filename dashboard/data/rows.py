"""What the page about data puts in tables and sentences; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.texts import Texts
from model.units.coverage import CoveredPlace

Answer = Mapping[str, Any]
Row = dict[str, Any]

STATUSES = ("joined", "corrected", "duplicate", "orphaned", "early")

REASONS: Mapping[str, re.Pattern[str]] = {
    "missing": re.compile(r"is missing"),
    "same": re.compile(r"is the same as in row (?P<n>\d+)"),
    "holds_nothing": re.compile(r"holds neither an outcome nor any feature that can be read"),
    "too_wide": re.compile(r"(?P<n>\d+) cells under (?P<m>\d+) headers"),
    "many_lines": re.compile(r"a cell runs over many lines; is a quote left open\?"),
    "no_number": re.compile(r"not a number"),
    "no_unit": re.compile(r"no such unit is known"),
    "which_unit": re.compile(r"is missing; rows of several units are read"),
    "unknown_column": re.compile(r"unknown to this task"),
    "fed_nothing": re.compile(r"read as (?P<name>.+), and no cell holds a value that can be used"),
    "passed_over": re.compile(r"(?P<name>.+) is read from (?P<header>.+)"),
}
"""Key of a sentence to the words of the API that it says in the reader's language."""


@dataclass(frozen=True, slots=True)
class OutcomeMeaning:
    """How an outcome is entered.

    Attributes:
        column: the raw outcome's.
        binary: it is one of two; else a number.
        units: the task's unit columns.
    """

    column: str
    binary: bool
    units: tuple[str, ...]

    @classmethod
    def of(cls, schema: Answer) -> OutcomeMeaning:
        """As the API's schema tells it."""
        outcome = schema["outcome"]
        units = tuple(unit["name"] for unit in schema["units"])
        return cls(outcome["column"], outcome["kind"] == "binary", units)


def reason_told(reason: str, texts: Texts) -> str:
    """Why a row or a column is not used; what has no sentence here stays as the API says it."""
    for key, pattern in REASONS.items():
        if found := pattern.fullmatch(reason):
            return texts(f"reject.{key}", **found.groupdict())
    return reason


def missing_rows(listed: Answer, meaning: OutcomeMeaning, texts: Texts) -> list[Row]:
    """One row a student, with an outcome to be entered."""
    return [
        {
            texts("students.id"): one["student_id"],
            **{name: one["units"].get(name, "") for name in meaning.units},
            texts("data.outcome"): None,
        }
        for one in listed["students"]
    ]


def filled_in(found: list[Row], values: Mapping[int, Any], texts: Texts) -> list[Row]:
    """The rows of `missing_rows` with outcomes that were entered before, by their place."""
    return [{**row, texts("data.outcome"): values.get(place)} for place, row in enumerate(found)]


def entered(
    rows: Iterable[Row], listed: Answer, meaning: OutcomeMeaning, texts: Texts
) -> list[Row]:
    """The outcomes of the rows that were filled in, as the API takes them.

    Args:
        rows: as they were made by `missing_rows`, and edited.
        listed: what they were made from.
        meaning: how an outcome is entered.
        texts: the reader's language.
    """
    found = []
    for one, row in zip(listed["students"], rows, strict=True):
        value = row[texts("data.outcome")]
        if value is None or value == "":
            continue
        found.append(
            outcome_item(one["student_id"], listed["period"], one["units"], value, meaning, texts)
        )
    return found


def outcome_item(
    student: str,
    period: str,
    units: Mapping[str, str],
    value: Any,
    meaning: OutcomeMeaning,
    texts: Texts,
) -> Row:
    """One outcome as the API takes it.

    Args:
        student: the school's identifier.
        period: of the features.
        units: where the student is; those that are empty are left out.
        value: the reader's word for one of two, or a number.
        meaning: how an outcome is entered.
        texts: the reader's language.
    """
    outcome = value == texts("data.at_risk") if meaning.binary else float(value)
    named = {name: unit for name, unit in units.items() if unit}
    return {"student_id": student, "period": period, **named, "outcome": outcome}


def reported_lines(answer: Answer, texts: Texts) -> list[str]:
    """What became of reported outcomes, a sentence for each thing that happened."""
    lines = [texts("data.accepted", n=answer["accepted"])]
    lines += [texts(f"data.{name}", n=answer[name]) for name in STATUSES if answer[name]]
    return lines


def refused_rows(answer: Answer, texts: Texts) -> list[Row]:
    """The outcomes that were refused, by their place in what was sent, counted from 1."""
    return [
        {texts("data.row"): one["index"] + 1, texts("data.reason"): one["reason"]}
        for one in answer["rejected"]
    ]


def table_line(table: Answer, texts: Texts) -> str:
    """What a table holds, in a sentence."""
    return texts(
        "data.table_line",
        source=table["source"],
        period=table["period"],
        read=table["rows_read"],
        kept=table["rows_kept"],
        rejected=table["rows_read"] - table["rows_kept"],
        students=table["students"],
        outcomes=table["outcomes"],
        of=table["outcome_period"],
    )


def column_rows(table: Answer, texts: Texts) -> list[Row]:
    """The columns of the task that the table has, each with its header there."""
    return [
        {
            texts("data.header"): one["header"],
            texts("data.column"): texts.column(one["name"]),
            texts("data.role"): texts(f"role.{one['role']}"),
            texts("data.unreadable"): one["unreadable"],
        }
        for one in table["columns"]
        if one["header"] is not None
    ]


def absent_line(table: Answer, texts: Texts) -> str | None:
    """The columns of the task that the table does not have; None where it has all."""
    absent = [
        texts.column(one["name"])
        for one in table["columns"]
        if one["header"] is None and one["role"] not in ("period", "checked")
    ]
    return texts("data.absent", names=", ".join(absent)) if absent else None


def protected_line(table: Answer, texts: Texts) -> str | None:
    """The protected columns that are read; None where there are none."""
    names = [
        one["header"] for one in table["columns"] if one["header"] and one["role"] == "protected"
    ]
    return texts("data.protected", names=", ".join(names)) if names else None


def unused_rows(table: Answer, texts: Texts) -> list[Row]:
    """The columns of the file that are not read, and why."""
    return [
        {
            texts("data.header"): one["header"],
            texts("data.reason"): reason_told(one["reason"], texts),
        }
        for one in table["unused"]
    ]


def reject_rows(rejects: Sequence[Answer], texts: Texts) -> list[Row]:
    """The rows that cannot be used, and why."""
    return [
        {
            texts("data.row"): one["row"],
            texts("data.field"): texts("data.row") if one["field"] == "row" else one["field"],
            texts("data.reason"): reason_told(one["reason"], texts),
        }
        for one in rejects
    ]


def kept_lines(table: Answer, texts: Texts) -> list[str]:
    """What became of a table that was kept, a sentence for each thing that happened."""
    if table["known"]:
        return [texts("data.known", source=table["source"])]
    lines = [texts("data.kept", source=table["source"], n=table["rows_kept"])]
    for name in ("erased", "elsewhere", "objecting", "held", "orphans_joined"):
        if table[name]:
            lines.append(texts(f"data.{name}", n=table[name]))
    lines += [texts("data.objection", n=n, why=why) for why, n in table["objections"].items()]
    return lines + [implausible_told(one, texts) for one in table["implausible"]]


def implausible_told(one: Answer, texts: Texts) -> str:
    """A column that contradicts another period of the same students, in a sentence."""
    return texts(
        "data.moves" if one["asked"] else "data.stays",
        column=texts.column(one["column"]),
        broken=one["broken"],
        students=one["students"],
        asked=one["asked"],
        earlier=one["earlier"],
        later=one["later"],
        row=one["row"],
    )


def batch_rows(found: Sequence[Answer], texts: Texts) -> list[Row]:
    """One row a file that was read."""
    return [
        {
            texts("data.at"): texts.moment(datetime.fromisoformat(one["ingested_at"])),
            texts("data.source"): one["source"],
            texts("students.period"): one["period"],
            texts("data.rows_read"): one["rows_read"],
            texts("data.rows_kept"): one["rows_kept"],
            texts("data.rejected"): one["rejected"],
            texts("data.unreadable"): sum(one["cells_ignored"].values()),
            texts("data.sent_by"): one["sent_by"] or texts("data.command_line"),
        }
        for one in found
    ]


def coverage_rows(places: Sequence[CoveredPlace], texts: Texts, *, units: bool) -> list[Row]:
    """One row a period, or a unit in a period: how many students have an outcome."""
    return [
        {
            texts("students.period"): one.period,
            **({texts("units.unit"): one.unit or texts("units.not_known")} if units else {}),
            texts("data.students"): _count(one.students, texts),
            texts("units.outcomes"): _count(one.outcomes, texts),
            texts("data.share"): _share(one, texts),
        }
        for one in places
    ]


def _count(number: int | None, texts: Texts) -> str:
    return texts("units.hidden") if number is None else str(number)


def _share(one: CoveredPlace, texts: Texts) -> str:
    if one.students is None or one.outcomes is None or not one.students:
        return ""
    return texts.share(one.outcomes / one.students)
