"""What a process runs: the code of Farol and the libraries that a model's numbers depend on."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from retraining.run.lineage import library_versions

ROOMS = (
    "api", "database", "deployment", "drift", "model", "preprocessing", "retraining", "training",
)  # fmt: skip
"""Whose code a task may run: `scoring` writes the table that the API writes."""
ROOT = Path(__file__).parents[2]


@cache
def installation() -> Mapping[str, str]:
    """What has to be the same in two processes that work together, by its name.

    A task names a function, and the worker's own code is what runs.
    """
    digest = hashlib.sha256()
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            digest.update(path.relative_to(ROOT).as_posix().encode())
            digest.update(path.read_bytes())
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Farol's code": digest.hexdigest()[:12], "Python": python, **library_versions()}


def differences(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """What differs, in words; empty where nothing does.

    >>> differences({"numpy": "2.3.0"}, {"numpy": "2.4.0"})
    'numpy 2.4.0 instead of 2.3.0'
    """
    return ", ".join(
        f"{name} {theirs.get(name, 'missing')} instead of {ours.get(name, 'none')}"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    )
