"""Kept files that are away, have odd names, or can no longer be read: no erasure passes them by."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import fsspec
import openpyxl
import pytest
from fsspec import AbstractFileSystem

from database.ageing.files import remove_files
from database.driver.client import SyncRegistry
from database.driver.commands import DeleteMany, Find
from database.kept.files import KeptBytesRepository, KeptFileRepository
from model.errors import ConfigurationError, CorruptArtifact, NotThisTask
from preprocessing.files.grids import Grid
from preprocessing.files.loading import read_file
from preprocessing.ingesting.files import ingest_file
from preprocessing.kept import places
from preprocessing.kept.keeping import FileKeeper
from preprocessing.kept.rewriting import without_rows
from preprocessing.kept.store import FileStore
from preprocessing.task.spec import TaskSpec, parse_task
from preprocessing.trace.origins import OriginKind
from tests.preprocessing.conftest import NOW
from tests.preprocessing.kept.test_kept_files import KEY, TEXT, Kept, as_csv
from tests.preprocessing.oneroster.made import TASK, files, unpacked

LATER = NOW + timedelta(days=1)


@pytest.fixture
def kept(registry: SyncRegistry, pede: TaskSpec) -> Kept:
    return Kept(registry, FileKeeper(FileStore(registry), pede, KEY))


def test_no_file_counts_as_free_while_its_store_is_away_or_another_one(
    registry: SyncRegistry, tmp_path: Path, pede: TaskSpec
) -> None:
    store, away, other = tmp_path / "store", tmp_path / "away", tmp_path / "other"
    other.mkdir()
    kept = Kept(registry, FileKeeper(FileStore(registry, str(store)), pede, KEY))
    kept.ingest(as_csv(tmp_path / "pede_2022"))
    store.rename(away)

    with pytest.raises(ConfigurationError, match="cannot be used"):
        kept.erase("RA-2")
    elsewhere = FileKeeper(FileStore(registry, str(other)), pede, KEY)
    with pytest.raises(ConfigurationError, match="not under FAROL_FILES; set that as it was"):
        elsewhere.free_all(now=NOW)

    away.rename(store)
    assert kept.keeper.free_all(now=NOW) == (1, 1) and b"Bruno" not in kept.data()


class Away(AbstractFileSystem):  # type: ignore[misc]
    """A storage whose host does not answer."""

    protocol = "away"

    def info(self, path: str, **more: Any) -> Any:
        raise ConnectionError(path)


def test_a_storage_that_does_not_answer_is_not_taken_for_an_empty_one() -> None:
    fsspec.register_implementation("away", Away, clobber=True)

    for done in (places.read, places.remove):
        with pytest.raises(ConfigurationError, match="ConnectionError"):
            done("away://host/file")


@pytest.mark.parametrize("name", ["..", "é" * 200, "a/b", "2022\0"])
def test_whatever_a_file_is_called_it_is_freed(
    kept: Kept, tmp_path: Path, pede: TaskSpec, name: str
) -> None:
    path = as_csv(tmp_path / "pede_2022")
    reading = read_file(path, pede, now=NOW)
    kept.keeper.keep(path, name, reading, now=NOW)
    kept.ingest(path)

    assert kept.erase("RA-2") == (1, 1)


def test_one_that_cannot_be_read_any_more_holds_up_no_other_and_is_told(
    kept: Kept, tmp_path: Path
) -> None:
    kept.ingest(as_csv(tmp_path / "pede_2022"))
    broken = tmp_path / "broken"
    broken.write_bytes(bytes(10))
    empty = read_file(as_csv(tmp_path / "pede_2023"), kept.keeper.task, now=NOW)
    with pytest.raises(NotThisTask):
        kept.keeper.keep(broken, "broken", empty, now=LATER)

    with pytest.raises(NotThisTask, match="broken"):
        kept.erase("RA-2")

    freed = [one for one in kept.registry.run(KeptFileRepository().newest(0)) if one.erased]
    assert [one.name for one in freed] == ["pede_2022.csv"]


def test_one_whose_bytes_are_others_holds_up_no_other_and_is_told(
    registry: SyncRegistry, tmp_path: Path, pede: TaskSpec
) -> None:
    store, damaged = tmp_path / "store", tmp_path / "pede_2023.csv"
    kept = Kept(registry, FileKeeper(FileStore(registry, str(store)), pede, KEY))
    kept.ingest(as_csv(tmp_path / "pede_2022"))
    damaged.write_text(TEXT.replace("2022", "2023"))
    ingest_file(registry, damaged, pede, now=LATER, tombstone_key=KEY, keeper=kept.keeper)
    (store / kept.newest().digest).write_bytes(b"others")

    with pytest.raises(CorruptArtifact):
        kept.erase("RA-2")

    freed = [one for one in registry.run(KeptFileRepository().newest(0)) if one.erased]
    assert [one.name for one in freed] == ["pede_2022.csv"]


def test_what_another_file_needs_stays_when_an_old_one_goes(kept: Kept, tmp_path: Path) -> None:
    kept.ingest(as_csv(tmp_path / "pede_2022"))
    kept.erase("RA-2")
    same = tmp_path / "same_2022.csv"
    same.write_bytes(kept.data())
    reading = read_file(same, kept.keeper.task, now=LATER)
    kept.keeper.keep(same, "same_2022.csv", reading, now=LATER)

    assert kept.registry.run(remove_files(LATER)) == 1

    assert kept.newest().name == "same_2022.csv" and kept.data() == same.read_bytes()


def test_parts_of_a_file_that_never_came_whole_go(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("database.artifacts.CHUNK", 100)
    kept.ingest(as_csv(tmp_path / "pede_2022"))
    parts = Find(KeptBytesRepository.collection, {})
    first = next(one["_id"] for one in kept.registry.execute(parts) if one["_id"].endswith(":0"))
    kept.registry.execute(DeleteMany(KeptBytesRepository.collection, {"_id": first}))
    assert kept.registry.execute(parts)

    kept.erase("RA-2")

    assert kept.registry.execute(parts) == []


def test_who_is_named_in_a_bundle_and_has_no_row_in_users_goes_and_so_do_unknown_files(
    registry: SyncRegistry, tmp_path: Path
) -> None:
    kept = Kept(registry, FileKeeper(FileStore(registry), parse_task(TASK, source="t"), KEY))
    folder = unpacked(tmp_path / "bundle", files())
    users = (folder / "users.csv").read_text().splitlines(keepends=True)
    kept.ingest(folder)
    kept.erase("s3")
    (folder / "users.csv").write_text("".join(one for one in users if not one.startswith("s3,")))
    (folder / "friends.csv").write_text("who\ns3\n")

    kept.ingest(folder)

    for one in registry.run(KeptFileRepository().newest(0)):
        data = kept.keeper.store.get(one, one.digest)
        assert data is not None
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert not any(b"s3" in archive.read(name) for name in archive.namelist())
            assert "friends.csv" not in archive.namelist()
        assert one.erased == 1


def test_a_file_of_a_bundle_that_is_no_csv_holds_up_no_erasure_and_loses_its_rows(
    registry: SyncRegistry, tmp_path: Path
) -> None:
    kept = Kept(registry, FileKeeper(FileStore(registry), parse_task(TASK, source="t"), KEY))
    folder = unpacked(tmp_path / "bundle", files())
    roles = (folder / "roles.csv").read_bytes()
    (folder / "roles.csv").write_bytes(roles.rstrip() + b"\n" + b"x" * 200_000 + b"\n")
    kept.ingest(folder)

    assert kept.erase("s3") == (1, 1)

    with zipfile.ZipFile(io.BytesIO(kept.data())) as archive:
        assert archive.read("roles.csv") == roles.splitlines(keepends=True)[0]
        assert b"s4" in archive.read("users.csv")
    origins = kept.tracer().student("s4", "age")
    assert [one.how for one in origins] == [OriginKind.READ] * 2, "of each year"


def test_no_link_of_a_bundles_folder_is_followed(registry: SyncRegistry, tmp_path: Path) -> None:
    kept = Kept(registry, FileKeeper(FileStore(registry), parse_task(TASK, source="t"), KEY))
    folder = unpacked(tmp_path / "bundle", files())
    (tmp_path / "secret").write_text("of the host")
    (folder / "friends.csv").symlink_to(tmp_path / "secret")

    kept.ingest(folder)

    with zipfile.ZipFile(io.BytesIO(kept.data())) as archive:
        assert "friends.csv" not in archive.namelist()


def test_sheets_with_names_that_xlsx_does_not_have_are_written() -> None:
    names = ["x" * 40 + "1", "x" * 40 + "2", "a/b", "'a'", "A 1", "A 7", "A", ""]
    grids = [Grid(name, name, "f", [["RA"], ["RA-1"], [float("nan")]]) for name in names]

    data = without_rows("f", b"PK\x03\x04", grids, {0: {1}})

    book = openpyxl.load_workbook(io.BytesIO(data))
    assert [sheet["A2"].value for sheet in book] == [None, *["RA-1"] * 7]
