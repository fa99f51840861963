"""The tests that skip where an extra is not installed: `python -m tests.extras`.

`make test-extras` sets the extras up and runs them all; `--list` tells which there are.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True)
class ExtraTests:
    """What is tested of an extra.

    Attributes:
        library: whose absence makes the tests skip.
        tests: files, or folders of them.
    """

    library: str
    tests: tuple[str, ...]


EXTRAS: Mapping[str, ExtraTests] = {
    "catboost": ExtraTests(
        "catboost",
        (
            "tests/training/test_catboost.py",
            "tests/training/test_every_family.py",
            "tests/training/test_families.py",
        ),
    ),
    "docs": ExtraTests("sphinx", ("tests/documentation/test_site.py",)),
    "effects": ExtraTests("rdrobust", ("tests/retraining/helping",)),
    "mlflow": ExtraTests("mlflow", ("tests/deployment/mlflow",)),
    "onnx": ExtraTests("onnxruntime", ("tests/deployment/onnx",)),
    "otel": ExtraTests(
        "opentelemetry.exporter", ("tests/api/telemetry", "tests/retraining/test_run_told.py")
    ),
    "scale": ExtraTests("distributed", ("tests/deployment/dask",)),
}


def missing() -> list[str]:
    """The extras that are not installed here."""
    return [name for name, one in EXTRAS.items() if not _found(one.library)]


def _found(library: str) -> bool:
    try:
        return importlib.util.find_spec(library) is not None
    except ModuleNotFoundError:  # Of the package that it is in.
        return False


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs them; the exit code is 2 where an extra is missing, else pytest's."""
    parser = argparse.ArgumentParser(prog="python -m tests.extras", description=__doc__)
    parser.add_argument("extras", nargs="*", metavar="EXTRA", help="only these")
    parser.add_argument("--list", action="store_true", help="say which tests, run none")
    given = parser.parse_args(arguments)
    chosen = given.extras or list(EXTRAS)
    if unknown := [name for name in chosen if name not in EXTRAS]:
        parser.error(f"{', '.join(unknown)}: no extra with tests; there are {', '.join(EXTRAS)}")
    for name in chosen:
        sys.stdout.write(f"{name}: {' '.join(EXTRAS[name].tests)}\n")
    if given.list:
        return 0
    if absent := [name for name in missing() if name in chosen]:
        sys.stderr.write(f"not installed: make {' '.join(f'setup-{name}' for name in absent)}\n")
        return 2
    sys.stdout.flush()
    tests = [test for name in chosen for test in EXTRAS[name].tests]
    return pytest.main(["-n", "2", "--dist", "loadfile", "-m", "not long", "-rs", *tests])


if __name__ == "__main__":
    raise SystemExit(main())
