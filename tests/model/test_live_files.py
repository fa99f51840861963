"""What lies on a host's disk, where, and what is believed of it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from model.archive import pack, unpack
from model.errors import BundleError
from model.live.folder import LiveModel
from model.live.pointer import Quarantine
from model.trust.statement import Statement
from tests.api.bundles import KEY, Archive, archive
from tests.model.test_live import publish


def test_everything_lies_below_one_folder_under_names_that_later_releases_find(
    tmp_path: Path,
) -> None:
    live = LiveModel(tmp_path)
    publish(live, "v1", archive())
    live.quarantine("v2", "no", 3)
    root = tmp_path / "model" / "live"

    assert (live.root, live.folder("v1")) == (root, root / "versions" / "v1")
    assert live.pointer_path == root / "champion.json"
    assert Path(live.refresher_lock().lock_file) == root / "refresh.lock"
    assert {path.name for path in root.iterdir()} == {
        "champion.json", "origins", "pointer.lock", "quarantine.json", "versions",
    }  # fmt: skip
    assert [path.name for path in (root / "origins").iterdir()] == ["v1.json"]


def test_a_pointer_carries_what_its_version_was_signed_with(tmp_path: Path) -> None:
    packed = archive()

    pointer = publish(LiveModel(tmp_path), "v1", packed)

    assert pointer.statement == packed.statement("v1")
    pointer.verify(KEY)
    with pytest.raises(BundleError, match="not signed"):
        pointer.verify(b"another")


def test_a_pointer_of_before_is_read_and_says_no_task(tmp_path: Path) -> None:
    live = LiveModel(tmp_path)
    live.prepare()
    old = {"version": "v1", "artifact": "a", "bundle": "b", "signature": "c", "revision": 1}
    live.pointer_path.write_text(json.dumps(old))

    pointer = live.current()

    assert pointer is not None
    assert pointer.statement == Statement("", "v1", "b", "a", "")
    assert pointer.previous is None


@pytest.mark.parametrize("content", ["{half", "[]", "7", '{"version": "v1"}', '{"other": 1}'])
def test_what_is_no_pointer_is_an_error_and_never_a_quarantine_or_an_origin(
    tmp_path: Path, content: str
) -> None:
    live = LiveModel(tmp_path)
    live.prepare()
    (live.root / "origins").mkdir()
    for name in ("champion.json", "quarantine.json", "origins/v1.json"):
        (live.root / name).write_text(content)

    with pytest.raises(BundleError, match="unreadable pointer: "):
        live.current()
    assert live.quarantined() is None
    assert live.origin("v1") is None


def test_an_origin_is_the_pointer_of_the_last_publication(tmp_path: Path) -> None:
    live = LiveModel(tmp_path)
    publish(live, "v1", archive(), 1)
    second = publish(live, "v2", archive(1.0), 2)
    third = publish(live, "v1", archive(), 3)

    assert (live.origin("v1"), live.origin("v2")) == (third, second)
    assert live.origin("v3") is None
    assert (third.previous, third.revision) == ("v2", 3)


def test_a_version_published_again_has_no_predecessor_but_the_one_it_had(tmp_path: Path) -> None:
    live = LiveModel(tmp_path)

    first = publish(live, "v1", archive(), 1)
    again = publish(live, "v1", archive(), 2)

    assert (first.previous, again.previous) == (None, None)


def test_the_stamp_tells_a_pointer_that_was_replaced_within_one_tick_of_the_clock(
    tmp_path: Path,
) -> None:
    live = LiveModel(tmp_path)
    publish(live, "v1", archive())
    before, found = live.stamp(), live.pointer_path.stat()
    other = tmp_path / "other"
    other.write_bytes(live.pointer_path.read_bytes())
    os.utime(other, ns=(found.st_atime_ns, found.st_mtime_ns))

    assert before == live.stamp() == (found.st_mtime_ns, found.st_ino)
    other.replace(live.pointer_path)
    assert live.stamp() != before


def test_a_folder_that_was_changed_is_whole_after_the_next_publication(tmp_path: Path) -> None:
    live = LiveModel(tmp_path)
    publish(live, "v1", archive())
    thresholds = live.folder("v1") / "thresholds.json"
    genuine = thresholds.read_bytes()
    thresholds.write_bytes(b"{}")
    (live.folder("v1") / "stranger").write_bytes(b"")

    publish(live, "v1", archive(), 2)

    assert thresholds.read_bytes() == genuine
    assert not (live.folder("v1") / "stranger").exists()
    assert not [path for path in live.root.iterdir() if path.name.startswith(".")]


def test_an_archive_of_another_bundle_than_the_signed_one_is_refused(tmp_path: Path) -> None:
    live, packed = LiveModel(tmp_path), archive()
    other = Statement("pede_lag", "v1", "f" * 64, packed.digest, "")

    with pytest.raises(BundleError, match="not the bundle that was signed"):
        live.publish(other, other.sign(KEY), packed.data, 1, check=lambda folder: None)
    assert live.current() is None


def test_a_bundle_is_loaded_before_it_is_pointed_to(tmp_path: Path) -> None:
    live = LiveModel(tmp_path / "home")
    unpack(archive().data, tmp_path / "bundle")
    (tmp_path / "bundle" / "thresholds.json").write_bytes(b"{}")
    packed = Archive(pack(tmp_path / "bundle"))

    with pytest.raises(BundleError, match=r"thresholds\.json"):
        publish(live, "v1", packed)
    assert live.current() is None


def test_the_check_sees_the_version_before_anything_points_to_it(tmp_path: Path) -> None:
    live, packed = LiveModel(tmp_path), archive()
    seen: list[tuple[str, bool, object]] = []

    def look(folder: Path) -> None:
        seen.append((folder.name, (folder / "manifest.json").is_file(), live.current()))

    live.publish(packed.statement("v1"), packed.signature("v1"), packed.data, 1, check=look)

    assert seen == [("v1", True, None)]


def test_a_quarantine_says_which_version_why_and_of_which_revision(tmp_path: Path) -> None:
    live = LiveModel(tmp_path)
    live.forgive()

    live.quarantine("v2", "scores differ", 4)
    assert live.quarantined() == Quarantine("v2", 4, "scores differ")
    live.quarantine("v3", "no")
    assert live.quarantined() == Quarantine("v3", 0, "no")
    live.forgive()
    assert live.quarantined() is None


def test_the_folders_that_go_are_the_oldest_whatever_their_names(tmp_path: Path) -> None:
    live, packed = LiveModel(tmp_path), archive()
    for number in range(1, 6):
        publish(live, f"v{number}", packed, number)
    for age, name in enumerate(("v2", "v3", "v1")):
        os.utime(live.folder(name), (1000 + age, 1000 + age))

    publish(live, "v6", packed, 6)

    kept = {folder.name for folder in (live.root / "versions").iterdir()}
    assert kept == {"v1", "v3", "v4", "v5", "v6"}


def test_preparing_twice_changes_nothing(tmp_path: Path) -> None:
    live = LiveModel(tmp_path / "deep" / "home")

    live.prepare()
    live.prepare()

    assert (live.root / "versions").is_dir()
    assert live.stamp() is None


def test_a_folder_that_somebody_else_removed_meanwhile_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, packed, really = LiveModel(tmp_path), archive(), shutil.rmtree

    def too_late(path: str | Path, **options: Any) -> None:
        really(path)
        really(path, **options)

    monkeypatch.setattr(shutil, "rmtree", too_late)
    for revision in range(1, 7):
        pointer = publish(live, f"v{revision}", packed, revision)

    assert live.current() == pointer
    assert not live.folder("v1").exists()


def test_the_refreshers_lock_taken_in_one_thread_can_be_given_back_in_another(
    tmp_path: Path,
) -> None:
    live = LiveModel(tmp_path)
    live.prepare()
    lock = live.refresher_lock()
    taking = threading.Thread(target=lock.acquire)
    taking.start()
    taking.join()
    assert lock.is_locked

    lock.release()

    live.refresher_lock().acquire(blocking=False).lock.release()
    # On Linux its file would stay either way.
    assert lock.preserve_lock_file


def test_what_is_being_written_lies_hidden_beside_what_it_replaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, really = LiveModel(tmp_path), Path.replace
    replaced: list[tuple[Path, str, Path]] = []

    def noted(path: Path, target: Path) -> Path:
        replaced.append((path.parent, path.name[:5], target))
        return really(path, target)

    monkeypatch.setattr(Path, "replace", noted)
    # A rename from another file system would not be one step.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    publish(live, "v1", archive())
    live.quarantine("v2", "no")

    names = [live.root / "origins" / "v1.json", live.pointer_path, live.root / "quarantine.json"]
    assert replaced == [(name.parent, ".new-", name) for name in names]
