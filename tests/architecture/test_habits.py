"""Habits of STYLE.md that a machine can watch."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "model", "preprocessing", "drift", "database", "training", "retraining", "api", "dashboard",
    "deployment",
)  # fmt: skip
INJECTED = {"self", "cls", "request", "_client"}
"""What a caller does not pass: the query of a route is told by its OpenAPI page."""
SOURCES = sorted(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_loads_a_pickle(path: Path) -> None:
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module or "")

    assert not modules & {"pickle", "dill", "cloudpickle", "joblib", "shelve"}


def test_an_api_worker_imports_no_training_library() -> None:
    code = (
        "import sys, api.app; "
        "print([m for m in ('pandas', 'pyarrow', 'sklearn', 'xgboost', 'lightgbm', 'scipy', "
        "'matplotlib') if m in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def test_nothing_that_is_data_or_an_artifact_is_committed() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    forbidden = (".pkl", ".joblib", ".db", ".sqlite", ".sqlite-wal", ".log", ".csv", ".xlsx")

    assert [name for name in listed if name.endswith(forbidden)] == []


def test_a_class_name_means_one_thing() -> None:
    named: dict[str, list[str]] = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                named.setdefault(node.name, []).append(path.relative_to(ROOT).as_posix())

    assert {name: paths for name, paths in named.items() if len(paths) > 1} == {}


def test_a_public_function_of_five_parameters_says_what_each_is() -> None:
    silent = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and len(set(parameters(node)) - INJECTED) >= 5
        and "Args:" not in (ast.get_docstring(node) or "")
    ]

    assert silent == []


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [arg.arg for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
