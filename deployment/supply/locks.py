"""The libraries that the lock files name, and what they are for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from model.errors import ConfigurationError

RUN, DEV = "run", "dev"
PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+)", re.MULTILINE)


def locked(folder: Path) -> Mapping[str, str]:
    """Library to the first lock file that names it: what runs, then the extras, then tools.

    Args:
        folder: of the lock files.

    Raises:
        ConfigurationError: there are none.
    """
    files = sorted(folder.glob("*.txt"), key=lambda path: rank(path.stem))
    if not files:
        raise ConfigurationError(f"{folder}: no lock files; run this in a checkout of Farol")
    found: dict[str, str] = {}
    for path in files:
        for name, _ in PINNED.findall(path.read_text(encoding="utf-8")):
            found.setdefault(canonical(name), path.stem)
    return dict(sorted(found.items()))


def rank(lock: str) -> tuple[int, str]:
    """The order of lock files: what runs, then the extras by name, then tools.

    >>> sorted(["dev", "oidc", "effects", "run"], key=rank)
    ['run', 'effects', 'oidc', 'dev']
    """
    return {RUN: 0, DEV: 2}.get(lock, 1), lock


def canonical(name: str) -> str:
    """A library's name as package indexes compare them (PEP 503).

    >>> canonical("Ruamel.Yaml_x")
    'ruamel-yaml-x'
    """
    return re.sub(r"[-_.]+", "-", name).lower()
