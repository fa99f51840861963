"""What is imported is declared, and what is declared is imported."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.architecture.test_habits import ROOT
from tests.architecture.test_import_directions import MAY_IMPORT

RUN_NOT_IMPORTED = {
    "fastapi-offline": "Swagger UI's files are read from it (api/routes/pages.py)",
    "httptools": "uvicorn parses requests with it (Procfile)",
}
TOOLS = {
    "farol": "its own extra, for the tests of Motor",
    "mypy": "make lint",
    "pandas-stubs": "types",
    "pytest-timeout": "a plugin of pytest",
    "pytest-xdist": "a plugin of pytest",
    "ruff": "make lint",
    "types-psutil": "types",
    "types-pyyaml": "types",
}
INSTALLED_ELSEWHERE = {
    "catboost": "catboost", "dask": "dask", "distributed": "distributed",
    "mlflow": "mlflow-skinny", "motor": "motor", "obstore": "obstore",
    "onnx": "onnx", "onnxruntime": "onnxruntime", "opentelemetry": "opentelemetry",
    "rdrobust": "rdrobust",
}  # fmt: skip
"""Modules of extras, which need not be installed here."""

ELSEWHERE = set(INSTALLED_ELSEWHERE.values())

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def test_the_product_imports_what_it_declares_and_no_more() -> None:
    declared = names(PROJECT["dependencies"])

    imported = distributions(ROOT / folder for folder in MAY_IMPORT) - set(
        INSTALLED_ELSEWHERE.values()
    )

    assert imported - declared == set(), "imported and not declared"
    assert declared - imported == RUN_NOT_IMPORTED.keys(), "declared and never imported"


def test_the_tests_import_what_the_product_and_its_tools_declare_and_no_more() -> None:
    product = names(PROJECT["dependencies"])
    declared = names(EXTRAS["dev"])

    imported = distributions([ROOT / "tests"]) - product - ELSEWHERE

    assert imported - declared == set(), "imported and not declared"
    assert declared - imported == TOOLS.keys(), "declared and never imported"


@pytest.mark.parametrize("extra", sorted(EXTRAS.keys() - {"dev"}))
def test_an_extra_has_its_target_and_its_line_in_the_lock(extra: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert f"\nsetup-{extra}: .venv/.{extra}-locked ## " in makefile
    assert f"--extra {extra} -c $(RUN_LOCK) pyproject.toml -o requirements/{extra}.txt" in makefile


def names(requirements: Iterable[str]) -> set[str]:
    return {canonical(re.split(r"[<>=\[;]", one)[0]) for one in requirements}


def distributions(folders: Iterable[Path]) -> set[str]:
    known = packages_distributions()
    found = set()
    for folder in folders:
        for path in folder.rglob("*.py"):
            if (ROOT / "tests/benchmarks/peers") not in path.parents:
                found |= modules(path)
    ours = {*MAY_IMPORT, "tests", "farol_client"}
    theirs = found - ours - set(sys.stdlib_module_names)
    return {
        canonical(INSTALLED_ELSEWHERE.get(name) or known.get(name, [name])[0]) for name in theirs
    }


def modules(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def canonical(name: str) -> str:
    """As package indexes compare names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
