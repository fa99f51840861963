"""Habits of STYLE.md that a machine can watch."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "model", "preprocessing", "drift", "database", "training", "retraining", "api", "deployment",
)  # fmt: skip
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
        "print([m for m in ('pandas', 'sklearn', 'xgboost', 'lightgbm', 'scipy', 'matplotlib') "
        "if m in sys.modules])"
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
