from __future__ import annotations

import json
from pathlib import Path

import pytest
from filelock import Timeout

from model.errors import BundleError
from model.live.folder import CHALLENGER_POINTER, LiveModel
from model.live.pointer import LivePointer
from tests.api.bundles import Archive, archive

ROOT = Path(__file__).parents[2]


def publish(live: LiveModel, version: str, packed: Archive, revision: int = 1) -> LivePointer:
    return live.publish(packed.statement(version), packed.signature(version), packed.data, revision)


def test_before_the_first_publication_there_is_no_pointer(tmp_path: Path) -> None:
    live = LiveModel(tmp_path)

    assert (live.current(), live.stamp(), live.quarantined()) == (None, None, None)


def test_a_published_version_is_pointed_to_and_can_be_loaded(tmp_path: Path) -> None:
    live = LiveModel(tmp_path)

    pointer = publish(live, "v1", archive(), revision=7)

    assert live.current() == pointer
    assert (pointer.version, pointer.revision, pointer.previous) == ("v1", 7, None)
    assert (live.folder("v1") / "manifest.json").is_file()


def test_the_pointer_remembers_what_served_before(tmp_path: Path) -> None:
    live = LiveModel(tmp_path)
    publish(live, "v1", archive(0.0), 1)
    stamp = live.stamp()

    publish(live, "v2", archive(1.0), 2)
    pointer = publish(live, "v2", archive(1.0), 3)

    assert live.stamp() != stamp
    assert pointer.previous == "v1"
    assert live.folder("v1").is_dir()


@pytest.mark.parametrize("damage", [b"", b"not an archive", archive().data[:3000]])
def test_a_bad_archive_leaves_everything_as_it_was(tmp_path: Path, damage: bytes) -> None:
    live = LiveModel(tmp_path)
    former = publish(live, "v1", archive())

    with pytest.raises(BundleError):
        publish(live, "v2", Archive(damage), 2)

    assert live.current() == former
    assert not live.folder("v2").exists()
    assert not list(live.root.glob(".staging-*"))


def test_an_archive_with_another_digest_is_refused(tmp_path: Path) -> None:
    live = LiveModel(tmp_path)

    with pytest.raises(BundleError, match="not the one that was signed"):
        live.publish(archive(1.0).statement("v1"), "", archive().data, 1)


def test_a_check_that_objects_keeps_the_version_out(tmp_path: Path) -> None:
    live = LiveModel(tmp_path)
    packed = archive()

    def object_to(folder: Path) -> str:
        raise BundleError("no")

    with pytest.raises(BundleError, match="no"):
        live.publish(packed.statement("v1"), "", packed.data, 1, check=object_to)
    assert live.current() is None


def test_an_unreadable_pointer_is_an_error_and_is_replaced_by_the_next(tmp_path: Path) -> None:
    live = LiveModel(tmp_path)
    live.prepare()
    live.pointer_path.write_bytes(b"{")

    with pytest.raises(BundleError):
        live.current()
    assert publish(live, "v1", archive()) == live.current()


# Every path among them stays below `tmp_path`: code that follows one must destroy nothing else.
ABSOLUTE = "<the victim's absolute path>"
NO_NAMES = [
    "", "v", "v0", "v01", "v-1", "v1 ", "v1\n", "\nv1", "V1", "v1/../x", "../../../../victim",
    ABSOLUTE, "..", ".", "v1\x00", "v\u0661", "v\u00b2", "v1234567890", "w1",
]  # fmt: skip


@pytest.mark.parametrize("name", NO_NAMES)
def test_only_v_and_a_number_becomes_a_path(tmp_path: Path, name: str) -> None:
    home = tmp_path / "deep" / "home"
    live = LiveModel(home)
    former = publish(live, "v1", archive())
    victim = home / "model" / "live" / "versions" / "../../../../victim"
    victim.mkdir()
    (victim / "kept.txt").write_text("kept")
    name = str(victim.resolve()) if name == ABSOLUTE else name

    with pytest.raises(BundleError, match="not the name of a model version"):
        publish(live, name, archive(1.0), 2)
    with pytest.raises(BundleError, match="not the name of a model version"):
        live.folder(name)

    assert live.origin(name) is None
    assert live.current() == former
    assert (victim / "kept.txt").read_text() == "kept"


@pytest.mark.parametrize("field", ["version", "previous"])
def test_a_pointer_that_names_no_version_is_not_followed(tmp_path: Path, field: str) -> None:
    live = LiveModel(tmp_path)
    publish(live, "v1", archive())
    pointer = json.loads(live.pointer_path.read_bytes()) | {field: "../../../../victim"}
    live.pointer_path.write_text(json.dumps(pointer))

    with pytest.raises(BundleError, match="victim"):
        live.current()


def test_a_quarantine_lasts_until_the_next_publication(tmp_path: Path) -> None:
    live = LiveModel(tmp_path)
    live.quarantine("v2", "its golden rows score differently", 4)

    refused = live.quarantined()
    publish(live, "v3", archive(), 5)

    assert refused is not None
    assert (refused.version, refused.revision) == ("v2", 4)
    assert live.quarantined() is None


def test_one_process_holds_the_refreshers_lock_and_its_file_stays(tmp_path: Path) -> None:
    live = LiveModel(tmp_path)
    live.prepare()
    lock = live.refresher_lock()

    with lock, pytest.raises(Timeout):
        live.refresher_lock().acquire(blocking=False)

    assert Path(lock.lock_file).exists()
    live.refresher_lock().acquire(blocking=False).lock.release()


def test_old_folders_are_removed_and_the_predecessors_is_not(tmp_path: Path) -> None:
    live = LiveModel(tmp_path)
    packed = archive()

    for revision in range(1, 9):
        publish(live, f"v{revision}", packed, revision)

    kept = {folder.name for folder in (live.root / "versions").iterdir()}
    assert kept == {"v8", "v7", "v6", "v5", "v4"}


def challenger(live: LiveModel, version: str, offset: float, revision: int = 1) -> LivePointer:
    packed = archive(offset)
    return live.publish(
        packed.statement(version), packed.signature(version), packed.data, revision, share=0.1,
        against="v1",
    )  # fmt: skip


def test_a_challenger_has_a_pointer_and_a_quarantine_of_its_own(tmp_path: Path) -> None:
    champions, challengers = LiveModel(tmp_path), LiveModel(tmp_path, CHALLENGER_POINTER)
    served = publish(champions, "v1", archive())

    tried = challenger(challengers, "v2", 1.0)
    challengers.quarantine("v2", "broken")

    assert (champions.current(), challengers.current()) == (served, tried)
    assert (tried.share, tried.against, served.share) == (0.1, "v1", 0.0)
    assert champions.quarantined() is None
    publish(champions, "v1", archive(), 2)
    assert challengers.quarantined() is not None


def test_a_challenger_touches_nothing_that_the_champion_serves_or_falls_back_on(
    tmp_path: Path,
) -> None:
    champions, challengers = LiveModel(tmp_path), LiveModel(tmp_path, CHALLENGER_POINTER)
    former = publish(champions, "v1", archive(), 1)
    publish(champions, "v2", archive(1.0), 2)
    folders = {v: champions.folder(v).stat().st_ino for v in ("v1", "v2")}

    for version, offset in (("v1", 0.0), ("v2", 1.0)):
        challenger(challengers, version, offset, 9)

    assert {v: champions.folder(v).stat().st_ino for v in ("v1", "v2")} == folders
    assert champions.origin("v1") == former
    publish(champions, "v2", archive(1.0), 3)  # The champion's own folder is made anew, it may be
    assert champions.folder("v2").stat().st_ino != folders["v2"]  # that it has gone bad.


def test_what_is_stopped_is_pointed_to_no_longer_and_stays_refused(tmp_path: Path) -> None:
    live = LiveModel(tmp_path, CHALLENGER_POINTER)
    challenger(live, "v2", 1.0, 3)
    stamp = live.stamp()

    live.stop("v2", "slow", 2)
    other = live.current()
    live.stop("v2", "slow", 3)

    assert other is not None  # Of a canary that was begun again meanwhile.
    assert (live.current(), live.stamp()) == (None, None) != (None, stamp)
    refused = live.quarantined()
    assert refused is not None
    assert (refused.version, refused.revision, refused.reason) == ("v2", 3, "slow")
    assert live.folder("v2").is_dir()


def test_neither_pointer_lets_the_others_folder_be_removed(tmp_path: Path) -> None:
    champions, challengers = LiveModel(tmp_path), LiveModel(tmp_path, CHALLENGER_POINTER)
    publish(champions, "v1", archive())
    challenger(challengers, "v2", 1.0)

    for revision in range(3, 10):
        publish(champions, f"v{revision}", archive(), revision)
        challenger(challengers, "v2", 1.0, revision)

    assert champions.folder("v9").is_dir()
    assert challengers.folder("v2").is_dir()
