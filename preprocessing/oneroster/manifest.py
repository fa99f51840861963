"""What a bundle says is in it, compared with what is."""

from __future__ import annotations

from collections.abc import Mapping

from preprocessing.oneroster.bundle import RosterBundle
from preprocessing.oneroster.declared import FILES, RosterColumn, RosterFile
from preprocessing.oneroster.rows import RosterAccount, RosterLines

VERSION = "1.2"
HEADER = ("propertyName", "value")
FILE = "file."
BULK, ABSENT, DELTA = "bulk", "absent", "delta"


def present(
    bundle: RosterBundle, needed: Mapping[str, str], account: RosterAccount
) -> frozenset[str]:
    """The files of a bundle that are said to be there and are.

    Args:
        bundle: the files.
        needed: file to the columns of the task that come from it.
        account: told of every file that is missing, or of which the manifest says otherwise.
    """
    problems = account.problems
    told = _told(bundle, account)
    for name in (n for n, how in told.items() if n not in FILES and how != ABSENT):
        problems.append(f"{name:.40}.csv: manifest.csv names it; OneRoster {VERSION} does not")
    for name in FILES:
        how, there = told.get(name, ABSENT), name in bundle.files
        if how == DELTA:
            problems.append(
                f"{name}.csv: manifest.csv says {DELTA}; only whole ({BULK}) bundles are read"
            )
        elif how == BULK and not there:
            problems.append(f"{name}.csv: is missing; manifest.csv says {BULK}")
        elif how == ABSENT and there and told:
            problems.append(f"{name}.csv: is in the bundle; manifest.csv says {ABSENT}")
        elif how not in {BULK, ABSENT}:
            problems.append(f"{name}.csv: manifest.csv must say {BULK}, {DELTA} or {ABSENT}")
        if not there and name in needed and how != BULK:
            problems.append(f"{name}.csv: is absent, and {needed[name]} comes from it")
    return frozenset(name for name in FILES if name in bundle.files)


def _told(bundle: RosterBundle, account: RosterAccount) -> dict[str, str]:
    """File to what the manifest says of it; empty where there is no manifest to go by."""
    declared = RosterFile("manifest", tuple(RosterColumn(name, True) for name in HEADER))
    lines = RosterLines(declared, bundle.files["manifest"], account)
    if lines.header is None:
        return {}
    name, value = map(lines.header.index, HEADER)
    said: dict[str, str] = {}
    for line, row in lines:
        if len(row) != len(lines.header):
            account.problems.append(
                f"manifest.csv: line {line} has {len(row)} cells under {len(lines.header)} headers"
            )
            continue
        said[row[name].strip()] = row[value].strip()
    if not said.get("oneroster.version", "").startswith(VERSION):
        account.problems.append(f"manifest.csv: oneroster.version must be {VERSION}")
    found = {n.removeprefix(FILE): how for n, how in said.items() if n.startswith(FILE)}
    if not found:
        account.problems.append(f"manifest.csv: names no file ({FILE}users and so on)")
    return found
