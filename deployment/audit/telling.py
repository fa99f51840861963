"""What the commands say, in words and as files; no IO."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime

import orjson

from api.files.guarded_text import guarded
from model.audit.anchors import Anchor
from model.audit.check import ChainCheck, Tampering, TouchedBlocks
from model.audit.entry import Entry

COLUMNS = tuple(one.name for one in fields(Entry))
INSTALLATION = "installation"
"""How the chain is called that is no task's: of keys, people and tasks."""


def name_of(task: str) -> str:
    """What people call a chain.

    >>> name_of(""), name_of("scores")
    ('installation', 'scores')
    """
    return task or INSTALLATION


def told_check(check: ChainCheck) -> Iterator[str]:
    """One chain in words: what there is, how far it is held, and what was touched."""
    name = name_of(check.task)
    yield f"{name}: {check.blocks} blocks, {check.entries} entries"
    if check.head is not None:
        yield (
            f"  ends with block {check.head.number} of {_moment(check.head.sealed_at)}, "
            f"seal {check.head.seal}"
        )
    yield f"  {_held(check)}"
    yield from (f"  TOUCHED {told_finding(one)}" for one in check.findings)


def told_finding(finding: TouchedBlocks) -> str:
    """What was done to which blocks, and between which moments.

    >>> told_finding(TouchedBlocks("t", Tampering.REMOVED, (2, 3), None, None))
    'blocks 2 to 3: removed; nothing before it holds, nothing after it holds'
    """
    first, last = finding.numbers
    which = f"block {first}" if first == last else f"blocks {first} to {last}"
    if finding.what is Tampering.FORMER:
        which = "before block 1"
    after = f"after {_moment(finding.after)}" if finding.after else "nothing before it holds"
    before = f"before {_moment(finding.before)}" if finding.before else "nothing after it holds"
    return f"{which}: {finding.what.value}; {after}, {before}"


def _held(check: ChainCheck) -> str:
    if check.anchored is None:
        return (
            "no anchor of this host is of this chain: blocks that were removed from its end would "
            "not be missed"
        )
    return (
        f"anchored on this host at {_moment(check.anchored.at)} (block {check.anchored.number}): "
        "what was removed from the end after that would not be missed"
    )


def line_of(entry: Entry) -> str:
    """An entry as a line for people."""
    parts = (
        _moment(entry.at), name_of(entry.task), f"{entry.kind.value} {entry.actor}",
        entry.action, entry.subject, entry.detail, entry.source and f"from {entry.source}",
    )  # fmt: skip
    return "  ".join(part for part in parts if part)


def as_csv(entries: Iterable[Entry]) -> Iterator[str]:
    """Entries as a spreadsheet, a line at a time; no cell of it is a formula."""
    for cells in (COLUMNS, *map(_cells, entries)):
        file = io.StringIO()
        csv.writer(file, lineterminator="\n").writerow(cells)
        yield file.getvalue()


def as_ndjson(entries: Iterable[Entry]) -> Iterator[str]:
    """Entries as one JSON object a line."""
    for entry in entries:
        yield orjson.dumps({name: getattr(entry, name) for name in COLUMNS}).decode() + "\n"


def beyond(anchors: Sequence[Anchor], more: Sequence[Anchor]) -> list[Anchor]:
    """The anchors of two files, the same one once."""
    return list(dict.fromkeys([*anchors, *more]))


def _cells(entry: Entry) -> tuple[str, ...]:
    told = (
        getattr(entry, name).isoformat() if name == "at" else str(getattr(entry, name))
        for name in COLUMNS
    )
    return tuple(map(guarded, told))


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
