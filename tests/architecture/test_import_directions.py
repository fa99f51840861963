"""Who may import whom: the house of DESIGN.md §2, kept by a test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MAY_IMPORT = {
    "model": set(),
    "preprocessing": {"model"},
    "drift": {"model"},
    "database": {"model"},
    "training": {"model", "preprocessing"},
    "retraining": {"model", "preprocessing", "drift", "database", "training"},
    "api": {"model", "preprocessing", "database", "drift"},
    "dashboard": {"model", "database", "drift"},
    "deployment": {
        "model", "preprocessing", "drift", "database", "training", "retraining", "api", "dashboard",
    },
}  # fmt: skip

# Entry points read the environment and open the registry; see docs/decisions/0001.
ENTRY_POINTS = {
    "api/app.py": {"deployment"},
    "api/bulk/__main__.py": {"deployment"},
    "api/durability/__main__.py": {"deployment"},
    "api/erasing/__main__.py": {"deployment"},
    "api/keys.py": {"deployment"},
    "api/opening.py": {"deployment"},
    "api/people/__main__.py": {"deployment"},
    "api/pseudonyms/__main__.py": {"deployment"},
    "dashboard/dashboard.py": {"deployment"},
    "database/embedded/__main__.py": {"deployment"},
    "drift/check.py": {"deployment", "database", "preprocessing"},
    "drift/comparing/champion.py": {"preprocessing"},
    "drift/comparing/expecting.py": {"preprocessing"},
    "drift/comparing/files.py": {"preprocessing"},
    "drift/comparing/gathering.py": {"database", "preprocessing"},
    "drift/comparing/judging.py": {"preprocessing"},
    "drift/comparing/periods.py": {"database", "preprocessing"},
    "drift/comparing/present.py": {"preprocessing"},
    "drift/comparing/sides.py": {"preprocessing"},
    "drift/simulate.py": {"deployment", "database", "preprocessing"},
    "preprocessing/ingest.py": {"deployment", "database"},
    "preprocessing/ingesting/events.py": {"database"},
    "preprocessing/ingesting/files.py": {"database"},
    "preprocessing/ingesting/tables.py": {"database"},
    "preprocessing/new_task.py": {"deployment"},
    "preprocessing/kept/__main__.py": {"deployment"},
    "preprocessing/kept/erased.py": {"database"},
    "preprocessing/kept/keeping.py": {"database"},
    "preprocessing/kept/store.py": {"database"},
    "preprocessing/trace/__main__.py": {"deployment", "database"},
    "preprocessing/trace/answering.py": {"deployment", "database"},
    "preprocessing/edfi/__main__.py": {"deployment"},
    "preprocessing/trace/tracing.py": {"database"},
    "retraining/approval.py": {"deployment"},
    "retraining/card.py": {"deployment"},
    "retraining/notices/__main__.py": {"deployment"},
    "retraining/pipeline.py": {"deployment"},
    "retraining/replay/__main__.py": {"deployment"},
    "retraining/worker/__main__.py": {"deployment"},
}


def _sources() -> list[Path]:
    return sorted(p for folder in MAY_IMPORT for p in (ROOT / folder).rglob("*.py"))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


@pytest.mark.parametrize("path", _sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_imports_only_what_its_folder_may(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    folder = name.split("/", 1)[0]
    allowed = MAY_IMPORT[folder] | {folder} | ENTRY_POINTS.get(name, set())

    ours = {module.split(".", 1)[0] for module in _imports(path)} & MAY_IMPORT.keys()

    assert ours <= allowed, f"{name} may not import {sorted(ours - allowed)}"


def test_every_exception_to_the_rule_is_a_file_that_exists() -> None:
    assert [name for name in ENTRY_POINTS if not (ROOT / name).is_file()] == []
