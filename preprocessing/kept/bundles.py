"""Which rows of a OneRoster bundle are of which student, and the bundle without some of them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import TypeVar

from model.errors import NotThisTask
from preprocessing.kept.rewriting import records
from preprocessing.kept.whose import keys_in
from preprocessing.oneroster.bundle import MANIFEST, RosterBundle
from preprocessing.oneroster.declared import FILES
from preprocessing.oneroster.rows import listed
from preprocessing.task.spec import TaskSpec

IDS = ("sourcedId", "identifier", "userMasterIdentifier", "username")
"""Columns of users.csv that may be a student's id, whatever the mapping says."""

NAMED_IN: Mapping[str, str] = {
    "users": "sourcedId",
    "demographics": "sourcedId",
    "enrollments": "userSourcedId",
    "results": "studentSourcedId",
    "roles": "userSourcedId",
    "userProfiles": "userSourcedId",
    "userResources": "userSourcedId",
}
"""File to the column that names whose row it is."""

OTHERS = "agentSourcedIds"
"""Column of users.csv in which a row names other people."""

Row = TypeVar("Row")

FIRST = (1980, 1, 1, 0, 0, 0)
"""The time of every member, so that the same files make the same bytes."""


def owners_in(bundle: RosterBundle, task: TaskSpec) -> dict[str, list[str]]:
    """Each student that a bundle may hold, with the `sourcedId` of the user."""
    orgs = _rows(bundle.files.get("orgs", b""))
    units = [
        org[name] for org in orgs for name in ("name", "identifier", "sourcedId") if name in org
    ]
    found: dict[str, list[str]] = defaultdict(list)
    for user in _rows(bundle.files.get("users", b"")):
        for key in (key for name in IDS for key in keys_in(user.get(name), task, units)):
            if user.get("sourcedId"):
                found[key].append(user["sourcedId"].strip())
    # Other files may name who has no row in users.csv.
    for name, column in NAMED_IN.items():
        for user_id in _values(bundle.files.get(name, b""), column):
            for key in keys_in(user_id, task, units):
                found[key].append(user_id)
    return found


def bundle_without(bundle: RosterBundle, users: Collection[str]) -> bytes:
    """The bundle as a zip, without the rows of some users.

    A file that OneRoster does not have goes with the first of them, and so do the rows of one that
    is no CSV: nobody knows whom they name.

    Args:
        bundle: its files.
        users: the `sourcedId` of each.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(bundle.files.items()):
            left = _left(name, data, users)
            if left is None:
                continue
            member = zipfile.ZipInfo(f"{name}.csv", FIRST)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, left)
    return out.getvalue()


def as_zip(bundle: RosterBundle) -> bytes:
    """The bundle as one file; of a folder that is what is kept."""
    return bundle_without(bundle, ())


def _left(name: str, data: bytes, users: Collection[str]) -> bytes | None:
    """What of a file is left; None is nothing."""
    if not users or f"{name}.csv" == MANIFEST:
        return data
    if name not in FILES:
        return None
    try:
        return _without(name, data, users)
    except NotThisTask:
        # Of a file that is not needed the header alone was looked at when it came.
        return data.splitlines(keepends=True)[0]


def _without(name: str, data: bytes, users: Collection[str]) -> bytes:
    column = NAMED_IN.get(name)
    if column is None or not data.strip():
        return data
    parts, header = [], [""]
    for number, lines in enumerate(records(f"{name}.csv", data, ",")):
        raw = b"".join(lines)
        row = _cells(raw)
        if number == 0:
            header = row
        elif _cell(row, header, column).strip() in users:
            raw = raw[len(raw.rstrip(b"\r\n")) :]
        elif name == "users" and {*listed(_cell(row, header, OTHERS))} & {*users}:
            raw = _less(row, header, users) + raw[len(raw.rstrip(b"\r\n")) :]
        parts.append(raw)
    return b"".join(parts)


def _less(row: list[str], header: list[str], users: Collection[str]) -> bytes:
    """A row that names nobody of these among others."""
    at = header.index(OTHERS)
    kept = [one for one in listed(row[at]) if one not in users]
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([*row[:at], ",".join(kept), *row[at + 1 :]])
    return out.getvalue().encode()


def _cells(raw: bytes) -> list[str]:
    text = raw.decode("utf-8-sig", errors="replace")
    return next(csv.reader(io.StringIO(text, newline="")), [])


def _cell(row: list[str], header: list[str], column: str) -> str:
    at = header.index(column) if column in header else len(row)
    return row[at] if at < len(row) else ""


def _values(data: bytes, column: str) -> set[str]:
    text = data.decode("utf-8-sig", errors="replace")
    rows = _readable(csv.reader(io.StringIO(text, newline="")))
    header = next(rows, [])
    return {_cell(row, header, column).strip() for row in rows}


def _rows(data: bytes) -> list[dict[str, str]]:
    text = data.decode("utf-8-sig", errors="replace")
    rows = _readable(csv.DictReader(io.StringIO(text, newline="")))
    return [{k: v for k, v in row.items() if isinstance(k, str) and v} for row in rows]


def _readable(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows that can be read."""
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error:
            continue
