"""A folder of resources as an Ed-Fi API gives them; what is wrong is told by resource and item."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from model.errors import NotThisTask
from preprocessing.edfi.declared import RESOURCES, EdFiResource
from preprocessing.files.limits import LARGEST, too_large

FILE = re.compile(r"([A-Za-z]+)(?:[-_.]\d+)?\.(json|jsonl|ndjson)")
MOST_TOLD = 20
"""Items that are told with their number; all are counted."""

Item = Mapping[str, Any]


@dataclass(slots=True)
class EdFiAccount:
    """What of an export cannot be used; no value is in it.

    Attributes:
        problems: resources that are missing or malformed; with any of them nothing is written.
        left_out: reason to the number of items.
        told: the first of them.
        unused: files that are no resource that is read.
    """

    problems: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    def leave_out(self, resource: str, number: int, reason: str) -> None:
        """Counts an item that cannot be used."""
        self.left_out[f"{resource}: {reason}"] += 1
        if len(self.told) < MOST_TOLD:
            self.told.append(f"{resource} item {number}: {reason}")


@dataclass(frozen=True, slots=True)
class EdFiExport:
    """The items of an export that can be used.

    Attributes:
        items: resource to its items, each with its number from 1.
    """

    items: Mapping[str, Sequence[tuple[int, Item]]]
    account: EdFiAccount

    def of(self, resource: str) -> Sequence[tuple[int, Item]]:
        """The items of a resource; none where the export has no such file."""
        return self.items.get(resource, ())


def value(item: Item, path: str) -> str:
    """A field of an item as text; empty where it is not there.

    >>> value({"schoolReference": {"schoolId": 255901001}}, "schoolReference.schoolId")
    '255901001'
    >>> value({"schoolId": None}, "schoolId"), value({"a": "  "}, "a.b")
    ('', '')
    """
    found: Any = item
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return ""
    return str(found).strip()


def word(item: Item, path: str) -> str:
    """The word of a descriptor.

    >>> word({"gradeTypeDescriptor": "uri://ed-fi.org/GradeTypeDescriptor#Final"},
    ...      "gradeTypeDescriptor")
    'Final'
    """
    return value(item, path).rpartition("#")[2].strip()


def day(text: str) -> str | None:
    """The day of a date, or of a date and time; None where it is none.

    >>> day("2024-02-05T00:00:00"), day("05/02/2024")
    ('2024-02-05', None)
    """
    try:
        return date.fromisoformat(text[:10]).isoformat() if len(text[:10]) == 10 else None
    except ValueError:
        return None


def read_export(folder: Path) -> EdFiExport:
    """Reads a folder.

    Raises:
        NotThisTask: it is none, larger than a file may be, or resources are missing or malformed;
            each is named.
    """
    if not folder.is_dir():
        raise NotThisTask(f"{folder.name}: is no folder of Ed-Fi resources")
    # A link would bring in what is no part of the export.
    paths = sorted(p for p in folder.iterdir() if p.is_file() and not p.is_symlink())
    if sum(path.stat().st_size for path in paths) > LARGEST:
        raise too_large(folder.name, LARGEST)
    account = EdFiAccount()
    found: dict[str, list[Any]] = {}
    for path in paths:
        named = FILE.fullmatch(path.name)
        if named is None or named[1] not in RESOURCES:
            account.unused.append(path.name)
            continue
        found.setdefault(named[1], []).extend(_items(path, account))
    for one in RESOURCES.values():
        if one.needed and one.name not in found:
            account.problems.append(f"{one.name}.json: is missing")
    if account.problems:
        raise NotThisTask(f"{folder.name}: nothing is written: " + " | ".join(account.problems))
    return EdFiExport(
        {name: _usable(RESOURCES[name], items, account) for name, items in found.items()}, account
    )


def _items(path: Path, account: EdFiAccount) -> list[Any]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        account.problems.append(f"{path.name}: is not UTF-8")
        return []
    whole = path.suffix == ".json"
    read: list[Any] = []
    # At line feeds alone: a text in JSON may hold what else ends a line.
    for before, part in enumerate([text] if whole else text.split("\n")):
        if not whole and not part.strip():
            continue
        try:
            read.append(orjson.loads(part))
        except orjson.JSONDecodeError as error:
            account.problems.append(f"{path.name}: is no JSON (line {before + error.lineno})")
            return []
    found = read[0] if whole else read
    if not isinstance(found, list):
        account.problems.append(f"{path.name}: is no list of items")
        return []
    return found


def _usable(
    resource: EdFiResource, items: Sequence[Any], account: EdFiAccount
) -> list[tuple[int, Item]]:
    usable = []
    for number, item in enumerate(items, start=1):
        reason = _wrong(resource, item)
        if reason:
            account.leave_out(resource.name, number, reason)
        else:
            usable.append((number, item))
    return usable


def _wrong(resource: EdFiResource, item: Any) -> str:
    if not isinstance(item, dict):
        return "is no object"
    for path in resource.required:
        if not value(item, path):
            return f"{path} is missing"
    for path in resource.days:
        if value(item, path) and day(value(item, path)) is None:
            return f"{path} is no date"
    return ""
