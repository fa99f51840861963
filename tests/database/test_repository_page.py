"""Every repository is listed, has a collection of its own, and is on the page with all it does."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections import Counter
from inspect import signature
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

import database
from database import installation
from database.indexes import INDEXES
from database.repositories import REPOSITORIES
from database.repository import Documents, Repository

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "repositories.md").read_text(encoding="utf-8")
RAISES = re.compile(r"Raises:\n((?: {4}\S.*\n?| {8,}.*\n?)+)")


def subclasses(kind: type[Documents]) -> set[type[Documents]]:
    """Every class of the product that is derived from one, however far."""
    for module in pkgutil.walk_packages(database.__path__, "database."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found = set(kind.__subclasses__())
    found |= {below for one in found for below in subclasses(one)}
    return {one for one in found if one.__module__.startswith("database.")}


def operations(kind: type) -> dict[str, FunctionType]:
    """A class's own public methods; one that is called as the base's is described there."""
    return {
        name: method
        for name, method in vars(kind).items()
        if isinstance(method, FunctionType) and not name.startswith("_")
        if not any(called_alike(method, vars(base).get(name)) for base in kind.__mro__[1:])
    }


def called_alike(one: FunctionType, other: FunctionType | None) -> bool:
    """Whether two methods take the same arguments."""
    return other is not None and signature(one).parameters == signature(other).parameters


def raised(method: FunctionType) -> list[str]:
    """The errors that a method's docstring names."""
    section = RAISES.search(inspect.getdoc(method) or "")
    return re.findall(r"^ {4}(\w+):", section.group(1), re.M) if section else []


def row(name: str, method: FunctionType) -> str:
    """What the page says of a method: how it is called, what it gives, and what it raises."""
    arguments = list(signature(method).parameters.values())[1:]
    shown = [f"{one.name}=" if one.default is not one.empty else one.name for one in arguments]
    for place, one in enumerate(arguments):
        if one.kind is one.KEYWORD_ONLY:
            shown.insert(place, "*")
            break
    gives = (inspect.getdoc(method) or "").split("\n\n")[0].replace("\n", " ")
    errors = ", ".join(f"`{error}`" for error in raised(method))
    return f"| `{name}({', '.join(shown)})` | {gives} | {errors} |"


@pytest.mark.parametrize("kind", [Documents, Repository, *REPOSITORIES], ids=lambda k: k.__name__)
def test_the_page_shows_all_that_a_repository_does(kind: type[Documents]) -> None:
    section = re.search(rf"^\| \*\*{kind.__name__}\*\*.*\n((?:\| `.*\n)*)", PAGE, re.M)
    assert section, f"docs/repositories.md has no row of {kind.__name__}"

    missing = {
        wanted
        for name, method in operations(kind).items()
        if (wanted := row(name, method)) not in section.group(1).splitlines()
    }

    assert missing == set(), f"docs/repositories.md lacks of {kind.__name__}"
    assert len(section.group(1).splitlines()) == len(operations(kind)), "rows of what is gone"


@pytest.mark.parametrize("kind", [Documents, Repository, *REPOSITORIES], ids=lambda k: k.__name__)
def test_every_operation_says_what_it_raises(kind: type[Documents]) -> None:
    silent = {
        name
        for name, method in operations(kind).items()
        if inspect.isgeneratorfunction(method) and not raised(method)
    }

    assert silent == set()


def test_every_repository_is_listed() -> None:
    kept = subclasses(Documents) - {Repository}

    assert {k.__name__ for k in kept} == {k.__name__ for k in REPOSITORIES}
    assert len(kept) == len(REPOSITORIES)


def test_no_collection_has_two_repositories() -> None:
    declared = Counter([installation.COLLECTION, *(kind.collection for kind in REPOSITORIES)])

    assert [name for name, times in declared.items() if times > 1] == []


def test_every_index_is_in_the_documents() -> None:
    collections, documented = [""], set()
    page = (DOCS / "registry.md").read_text(encoding="utf-8")
    table = page.split("## Indexes")[1].split("## ")[0]
    for _, named, fields, *_ in [line.split("|") for line in table.splitlines() if "|" in line]:
        collections = re.findall(r"`(\w+)`", named) or collections
        for one in collections:
            documented.add((one, tuple(re.findall(r"`(\w+)`( ↓)?", fields))))

    declared = {
        (index.collection, tuple((name, " ↓" if way < 0 else "") for name, way in keys))
        for index in INDEXES
        if (keys := [key for key in index.keys if key[0] != "_id"])
    }
    in_table = {(collection, keys) for collection, keys in documented if keys}
    assert declared - in_table == set(), "add to the table Indexes of docs/registry.md"
    assert in_table - declared == set(), "docs/registry.md has indexes that are not declared"


@pytest.mark.parametrize("kind", REPOSITORIES, ids=lambda k: k.__name__)
def test_every_collection_is_in_the_documents(kind: type[Documents]) -> None:
    page = (DOCS / "registry.md").read_text(encoding="utf-8")
    table = page.split("## Collections")[1].split("## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("|")]

    assert any(f"`{kind.collection}`" in row for row in rows), (
        f"the table Collections of docs/registry.md lacks `{kind.collection}`"
    )


RECORDS = [kind for kind in REPOSITORIES if issubclass(kind, Repository)]


@pytest.mark.parametrize("kind", RECORDS, ids=lambda k: k.__name__)
def test_a_repository_of_records_declares_what_reads_them(kind: type[Repository[Any]]) -> None:
    for attribute in ("record", "missing"):
        assert hasattr(kind, attribute), f"{kind.__name__} declares no {attribute}"
    names = {field.name for field in dataclasses.fields(kind.record)}
    assert kind.key is None or kind.key in names, f"{kind.__name__}: {kind.key} is no key"
    assert kind.key or any(name in vars(kind) for name in ("read", "write", "_document")), (
        f"{kind.__name__} declares no key, and makes none"
    )
    if kind.order == Repository.order:
        assert "at" in names, f"{kind.__name__} declares no order, and its records have no `at`"
