"""The page of licences: one row a library of the lock files."""

from __future__ import annotations

import re
from collections.abc import Mapping

from deployment.supply.licences import COPYLEFT
from deployment.supply.locks import DEV, RUN, rank
from model.errors import ConfigurationError

ROW = re.compile(r"^\| `([a-z0-9-]+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
HEAD = """\
# Licences of the libraries

Farol itself is under the [MIT licence](../LICENSE). It ships no library: `make setup` and the image
install those of the lock files, each under its own licence. This page is written by
`python -m deployment.supply licences` from what the packages tell; nobody read each text.
`tests/deployment/test_supply.py` asks for a row of each library, as the installed one tells it.

{counts}

## That ask for more than to be named

Where one of these is changed, or handed on with what is built of it, its licence asks for more: its
source, or a licence of the same kind. Farol changes none.

{copyleft}

## All

| library | licence | needed |
|---|---|---|
{rows}
"""
NEEDED = {RUN: "to run", DEV: "to develop"}


def rows_of(page: str) -> Mapping[str, str]:
    """Library to licence, as a page tells them."""
    return {name: licence.strip() for name, licence, _ in ROW.findall(page)}


def written(needed: Mapping[str, str], told: Mapping[str, str], former: Mapping[str, str]) -> str:
    """The page.

    Args:
        needed: library to the lock file that names it.
        told: library to licence, of those that are installed.
        former: the same as the page before told it, of those that are not.

    Raises:
        ConfigurationError: a library is neither installed nor on the page before.
    """
    known = {**former, **told}
    if silent := sorted(needed.keys() - known.keys()):
        raise ConfigurationError(
            f"not installed here: {', '.join(silent)}; install them, or say where with --also"
        )
    rows = [f"| `{name}` | {known[name]} | {_needed(lock)} |" for name, lock in needed.items()]
    asking = [name for name in needed if COPYLEFT.search(known[name])]
    counts = ", ".join(
        f"{sum(_needed(lock) == words for lock in needed.values())} {words}"
        for words in dict.fromkeys(map(_needed, sorted(needed.values(), key=rank)))
    )
    return HEAD.format(
        counts=f"{len(needed)} libraries: {counts}.",
        copyleft="\n".join(
            f"- `{name}`: {known[name]}, {_needed(needed[name])}" for name in asking
        ),
        rows="\n".join(rows),
    )


def _needed(lock: str) -> str:
    return NEEDED.get(lock, f"extra {lock}")
