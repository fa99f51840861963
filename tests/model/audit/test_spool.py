"""Entries on a host's disk: none is lost with its process, none of it names a student."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from model.audit.anchors import CLOSE, Anchor, AnchorFile, thinned
from model.audit.entry import ActorKind, Entry
from model.audit.spool import FULL, OPEN, Spool, read_batch
from model.errors import ConfigurationError

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def entry(actor: str = "ana") -> Entry:
    return Entry(NOW, "t", actor, ActorKind.KEY, "export", "s", "d", "10.0.0.3")


def test_what_was_appended_becomes_one_batch_and_is_read_as_it_was(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.cut()
    for actor in ("ana", "bia"):
        spool.append(entry(actor))

    assert spool.batches() == [], "the process that appends has it still"
    spool.cut()
    (path,) = spool.batches()

    assert read_batch(path) == [entry("ana"), entry("bia")]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_a_dead_process_left_is_taken_over_and_of_a_living_one_is_not(tmp_path: Path) -> None:
    dead, alive, heir = (Spool(tmp_path) for _ in range(3))
    dead.append(entry("dead"))
    alive.append(entry("alive"))
    dead.abandon()

    (left,) = heir.batches()

    assert read_batch(left) == [entry("dead")]
    assert [path.suffix for path in sorted(heir.folder.iterdir())].count(OPEN) == 1


def test_a_line_that_a_dying_process_left_half_is_no_entry(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(entry())
    spool.cut()
    (path,) = spool.batches()
    path.write_bytes(path.read_bytes() + b'{"at": "2026-03-0')

    assert read_batch(path) == [entry()]
    assert read_batch(tmp_path / f"gone{FULL}") == []


def test_what_follows_a_line_that_a_full_disk_took_half_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, write = Spool(tmp_path), os.write
    spool.append(entry("ana"))
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda file, line: write(file, line[:20]))
        with pytest.raises(OSError, match="in part"):
            spool.append(entry("bia"))
    spool.append(entry("carla"))
    spool.cut()

    assert {e.actor for path in spool.batches() for e in read_batch(path)} == {"ana", "carla"}


def test_a_long_file_is_a_batch_before_anybody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.audit.spool.LONGEST_FILE", 500)
    spool = Spool(tmp_path)
    for number in range(10):
        spool.append(entry(f"a{number}"))

    sizes = [path.stat().st_size for path in spool.batches()]
    assert len(sizes) >= 2 and max(sizes) < 800


def test_anchors_are_read_as_they_were_written_but_a_line_that_was_cut(tmp_path: Path) -> None:
    file, anchors = AnchorFile(tmp_path), [Anchor(NOW, "", 1, "a"), Anchor(NOW, "t", 2, "b")]

    assert file.read() == []
    file.add(anchors[:1])
    file.add(anchors[1:])
    whole = file.path.read_bytes()
    file.path.write_bytes(whole + b'{"at"')

    assert file.read() == anchors
    file.add(anchors[:1])
    assert file.read() == [*anchors, anchors[0]], "the half line is gone"
    file.path.write_bytes(b"no anchors\n" + whole)
    with pytest.raises(ConfigurationError, match="restore it from a backup"):
        file.read()


def test_of_older_days_the_last_anchor_of_a_chain_is_kept() -> None:
    old = [Anchor(NOW - CLOSE - timedelta(hours=n), t, 9 - n, "s") for n in (3, 2) for t in "ab"]
    young = [Anchor(NOW - timedelta(hours=n), "a", 20 - n, "s") for n in (3, 2, 1)]

    assert thinned([*old, *young], NOW) == [*old[2:], *young]


def test_of_older_minutes_of_a_week_the_last_anchor_of_a_chain_is_kept() -> None:
    def four(hours: int) -> list[Anchor]:
        at = NOW - timedelta(hours=hours)
        return [Anchor(at + timedelta(seconds=15 * n), "a", n, "s") for n in range(8)]

    assert thinned([*four(2), *four(1)], NOW) == [four(2)[3], four(2)[7], *four(1)]


def test_a_file_of_anchors_is_thinned_when_it_has_grown_and_not_at_each_anchor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.audit.anchors.THIN_BYTES", 1_000)
    asked: list[int] = []

    def unthinned(found: list[Anchor], _now: datetime) -> list[Anchor]:
        asked.append(len(found))
        return found

    monkeypatch.setattr("model.audit.anchors.thinned", unthinned)
    file = AnchorFile(tmp_path)
    for number in range(100):
        file.add([Anchor(NOW, "t", number, "s" * 20)])

    assert len(file.read()) == 100
    assert len(asked) == file.path.stat().st_size // 1_000 < 20
