"""The house: small folders, and imports that flow one way, inside functions too."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.architecture.imports import PRODUCT, ROOT, modules_of_the_product

MOST_FILES = 26
FOLDERS = sorted(
    path
    for name in PRODUCT
    for path in [ROOT / name, *(ROOT / name).rglob("*")]
    if path.is_dir() and list(path.glob("*.py"))
)


Imports = Mapping[str, set[str]]


@pytest.fixture(scope="module")
def imports() -> Imports:
    return modules_of_the_product()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_folder_can_be_seen_at_a_glance(folder: Path) -> None:
    assert len(list(folder.glob("*.py"))) <= MOST_FILES


def test_no_modules_import_each_other_in_a_circle(imports: Imports) -> None:
    assert circle(imports) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_rooms_of_a_folder_import_each_other_in_a_circle(folder: Path, imports: Imports) -> None:
    prefix = folder.relative_to(ROOT).as_posix().replace("/", ".") + "."
    rooms: dict[str, set[str]] = {}
    for module, imported in imports.items():
        # Nobody imports a command, so what it puts together closes no circle.
        if module.startswith(prefix) and not module.endswith(".__main__"):
            room = room_of(module, prefix)
            others = {room_of(other, prefix) for other in imported if other.startswith(prefix)}
            rooms.setdefault(room, set()).update(others - {room})

    assert circle(rooms) == []


def test_nobody_imports_a_command(imports: Imports) -> None:
    commands = {module for module in imports if module.endswith(".__main__")}

    assert {o for imported in imports.values() for o in imported} & commands == set()


def test_a_circle_would_be_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) != []


def room_of(module: str, prefix: str) -> str:
    return module.removeprefix(prefix).split(".")[0]


def circle(imports: Mapping[str, set[str]]) -> list[str]:
    """One circle of the graph, or nothing."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []
