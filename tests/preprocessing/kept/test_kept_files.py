"""School files as they came: kept, freed of erased students, and traced to and from."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest

from database.ageing.files import old_files, remove_files
from database.batches import BatchRepository
from database.driver.client import SyncRegistry, open_registry
from database.erasing.erasure import erase_student
from database.kept.files import KeptBytesRepository, KeptFileRepository
from database.students import StudentRepository
from deployment.wiring import private_settings
from model.errors import ConfigurationError
from model.kept.file import KeptFile
from model.trust.tombstone import TombstoneKey
from preprocessing.events.reading import read_events
from preprocessing.files.admitted import AdmittedUnits
from preprocessing.files.grids import read_grids
from preprocessing.files.loading import read_file, read_tables
from preprocessing.ingesting.events import ingest_events
from preprocessing.ingesting.files import ingest_file, keep
from preprocessing.kept.keeping import FileKeeper
from preprocessing.kept.store import LARGEST_KEPT, FileStore
from preprocessing.task.spec import TaskSpec, parse_task
from preprocessing.trace.origins import OriginKind, told
from preprocessing.trace.tracing import OriginFinder
from tests.preprocessing.conftest import NOW
from tests.preprocessing.oneroster.made import TASK, files, unpacked
from tests.preprocessing.test_events import EVENTS
from tests.preprocessing.test_events import TEXT as NIGHT

KEY = TombstoneKey(b"k" * 32)
HEAD = "Nome,RA,Fase,INDE 2022,IAA,IEG,IPS,Defas"
ROWS = [
    "Ana,RA-1,7,5.7,8,9,7,-1",
    '"Bruno ""the\ngreat""",RA-2,7,6.7,8,9,7,0',
    "Carla,RA-3,7,7.7,8,9,7,segredo",
    "Davi,RA-4,7,8.7,8,9,7,0",
]
TEXT = "PEDE\n" + "\n".join([HEAD, *ROWS]) + "\n"


@dataclass(frozen=True)
class Kept:
    """A registry that keeps files."""

    registry: SyncRegistry
    keeper: FileKeeper

    def ingest(self, path: Path) -> KeptFile:
        ingest_file(
            self.registry, path, self.keeper.task, now=NOW, tombstone_key=KEY, keeper=self.keeper
        )
        return self.newest()

    def newest(self) -> KeptFile:
        return self.registry.run(KeptFileRepository().newest(1))[0]

    def data(self) -> bytes:
        kept = self.newest()
        found = self.keeper.store.get(kept, kept.digest)
        assert found is not None and hashlib.sha256(found).hexdigest() == kept.digest
        return found

    def erase(self, student: str) -> tuple[int, int]:
        self.registry.run(erase_student(student, now=NOW, tombstone_key=KEY))
        return self.keeper.free_all(now=NOW)

    def tracer(self) -> OriginFinder:
        return OriginFinder(self.keeper.store, self.keeper.task, NOW)


@pytest.fixture
def kept(registry: SyncRegistry, pede: TaskSpec) -> Kept:
    return Kept(registry, FileKeeper(FileStore(registry), pede, KEY))


def as_csv(path: Path) -> Path:
    path = path.with_suffix(".csv")
    path.write_text(TEXT)
    return path


def as_windows_csv(path: Path) -> Path:
    path = path.with_suffix(".csv")
    path.write_bytes(
        TEXT.replace("Ana", "Anã").replace(",", ";").replace("\n", "\r\n").encode("cp1252")
    )
    return path


def as_utf16(path: Path) -> Path:
    path = path.with_suffix(".txt")
    path.write_bytes(TEXT.encode("utf-16"))
    return path


def as_workbook(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "PEDE 2022"
    for line in [HEAD, *ROWS]:
        sheet.append([one.replace("\n", " ") for one in line.split(",")])
    sheet["J1"] = "Nascimento"
    sheet["J2"] = date(2010, 5, 1)
    other = book.create_sheet("Notas")
    other.append(["Sobre", "Texto"])
    other.append(["RA-2", "uma nota"])
    other.append(["RA-4", "outra nota"])
    path = path.with_suffix(".xlsx")
    book.save(path)
    return path


def as_parquet(path: Path) -> Path:
    names = HEAD.split(",")
    rows = [line.replace('"Bruno ""the\ngreat"""', "Bruno").split(",") for line in ROWS]
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    path = path.with_suffix(".parquet")
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


WRITERS = [as_csv, as_windows_csv, as_utf16, as_workbook, as_parquet]


@pytest.mark.parametrize("write", WRITERS)
def test_a_file_is_kept_as_it_came_and_its_batches_name_it(
    kept: Kept, tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    path = write(tmp_path / "pede_2022")

    found = kept.ingest(path)

    assert kept.data() == path.read_bytes()
    assert found.file_id == hashlib.sha256(path.read_bytes()).hexdigest() == found.digest
    (batch,) = kept.registry.run(BatchRepository().newest(0))
    assert (batch.file, batch.file_now, found.batches) == (
        found.file_id, found.file_id, (batch.batch_id,),
    )  # fmt: skip


@pytest.mark.parametrize("write", WRITERS)
def test_an_erasure_takes_the_students_rows_out_and_leaves_every_other_row_in_its_place(
    kept: Kept, tmp_path: Path, pede: TaskSpec, write: Callable[[Path], Path]
) -> None:
    path = write(tmp_path / "pede_2022")
    before = kept.ingest(path)
    rows_before = read_tables(path, pede, now=NOW)[0].row_of

    assert kept.erase("RA-2") == (1, 1 + (path.suffix == ".xlsx"))

    after, data = kept.newest(), kept.data()
    assert after.file_id == before.file_id and after.digest != before.digest
    again = tmp_path / f"again_2022{path.suffix}"
    again.write_bytes(data)
    table = read_tables(again, pede, now=NOW)[0]
    assert dict(table.row_of) == {k: row for k, row in rows_before.items() if k != "RA-2"}
    everything = str([list(row) for grid in read_grids(again) for row in grid.rows])
    assert not any(word in everything for word in ("RA-2", "Bruno", "great", "uma nota"))
    assert "RA-4" in everything and "Carla" in everything
    (batch,) = kept.registry.run(BatchRepository().newest(0))
    assert (batch.file, batch.file_now) == (before.file_id, after.digest)
    assert kept.registry.run(KeptBytesRepository().digests()) == {after.digest}
    assert (after.former, after.erased) == ((), 1 + (path.suffix == ".xlsx"))
    assert kept.keeper.free_all(now=NOW) == (0, 0)


def test_of_a_text_every_other_byte_stays(kept: Kept, tmp_path: Path) -> None:
    path = as_windows_csv(tmp_path / "pede_2022")
    kept.ingest(path)

    kept.erase("RA-2")

    lines = path.read_bytes().split(b"\r\n")
    assert kept.data() == b"\r\n".join([*lines[:3], b"", *lines[5:]])


def test_a_workbook_that_is_written_anew_reads_as_before(
    kept: Kept, tmp_path: Path, pede: TaskSpec
) -> None:
    path = as_workbook(tmp_path / "pede_2022")
    kept.ingest(path)
    kept.erase("RA-2")

    sheet = openpyxl.load_workbook(io.BytesIO(kept.data()))["PEDE 2022"]

    assert sheet["J2"].value == datetime(2010, 5, 1)  # noqa: DTZ001
    assert [cell.value for cell in sheet[3]] == [None] * 10


def test_a_row_that_could_not_be_used_goes_too_and_a_later_file_is_kept_without_it(
    kept: Kept, tmp_path: Path
) -> None:
    path = as_csv(tmp_path / "pede_2022")
    kept.ingest(path)
    other = tmp_path / "pede_2023.csv"
    other.write_text(TEXT.replace("2022", "2023").replace("segredo", "0"))
    kept.ingest(other)

    kept.erase("RA-3")

    held = [
        kept.keeper.store.get(one, one.digest) or b""
        for one in kept.registry.run(KeptFileRepository().newest(0))
    ]
    assert len(held) == 2 and not any(b"RA-3" in data or b"Carla" in data for data in held)
    third = tmp_path / "pede_2024.csv"
    third.write_text(TEXT.replace("2022", "2024"))
    found = kept.ingest(third)
    assert found.file_id == hashlib.sha256(third.read_bytes()).hexdigest() != found.digest
    assert b"Carla" not in kept.data() and b"Davi" in kept.data()


@pytest.mark.parametrize("stop", range(1, 12))
def test_a_rewriting_that_is_stopped_anywhere_is_finished_by_the_next(
    registry_uri: str, tmp_path: Path, pede: TaskSpec, stop: int
) -> None:
    with open_registry(registry_uri, f"s{stop}{tmp_path.name[-8:]}") as opened:
        kept = Kept(opened, FileKeeper(FileStore(opened), pede, KEY))
        kept.ingest(as_csv(tmp_path / "pede_2022"))
        opened.run(erase_student("RA-2", now=NOW, tombstone_key=KEY))
        stopped = Stopping(opened, stop)
        keeper = FileKeeper(FileStore(stopped), pede, KEY)  # type: ignore[arg-type]
        with suppress(Stopped):
            keeper.free_all(now=NOW)

        kept.keeper.free_all(now=NOW)

        assert b"Bruno" not in kept.data() and kept.newest().former == ()
        assert opened.run(KeptBytesRepository().digests()) == {kept.newest().digest}


class Stopped(Exception):
    """The process was killed."""


class Stopping:
    """A registry whose process is killed before one of its operations."""

    def __init__(self, registry: SyncRegistry, after: int) -> None:
        self._registry, self._left = registry, after

    def run(self, operation: object) -> object:
        self._left -= 1
        if not self._left:
            raise Stopped
        return self._registry.run(operation)  # type: ignore[arg-type]


def test_files_at_an_address_are_kept_and_removed_there(
    registry: SyncRegistry, tmp_path: Path, pede: TaskSpec
) -> None:
    for folder in (str(tmp_path / "store"), f"memory://{tmp_path.name}/store"):
        store = FileStore(registry, folder)
        kept = Kept(registry, FileKeeper(store, pede, KEY))
        path = tmp_path / "pede_2022.csv"
        path.write_text(TEXT.replace("RA-", f"{folder[:3].strip('/')}-"))
        found = kept.ingest(path)
        student = next(iter(read_tables(path, pede, now=NOW)[0].row_of))

        assert registry.run(KeptBytesRepository().digests()) == set()
        assert kept.data() == path.read_bytes()
        assert kept.erase(student) == (1, 1)
        assert store.get(found, found.digest) is None and kept.data() != path.read_bytes()
        registry.run(remove_files(NOW + timedelta(days=1)))
        assert registry.run(KeptFileRepository().count()) == 1
        kept.keeper.free_all(now=NOW)
        assert registry.run(KeptFileRepository().count()) == 0
        assert store.get(found, kept.keeper.store.place and found.digest) is None
    assert list((tmp_path / "store").iterdir()) == []


def test_old_files_are_counted_and_go_with_their_bytes(kept: Kept, tmp_path: Path) -> None:
    found = kept.ingest(as_csv(tmp_path / "pede_2022"))
    run, later = kept.registry.run, NOW + timedelta(seconds=1)

    assert (run(old_files(NOW)).number, run(old_files(later)).oldest) == (0, NOW)
    assert run(remove_files(later)) == 1

    assert run(KeptFileRepository().count()) == 0
    assert run(KeptBytesRepository().digests()) == set()
    (batch,) = run(BatchRepository().newest(0))
    assert batch.file == found.file_id
    (origin, *_) = kept.tracer().student("RA-1")
    assert origin.how is OriginKind.NOT_KEPT
    assert kept.ingest(as_csv(tmp_path / "pede_2022")).digest == found.digest


def test_a_file_beyond_the_limit_is_read_and_told_not_to_be_kept(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LARGEST_KEPT == 64 << 20
    monkeypatch.setattr("preprocessing.kept.store.LARGEST_KEPT", 10)

    _, refused = ingest_file(
        kept.registry, as_csv(tmp_path / "pede_2022"), kept.keeper.task, now=NOW,
        keeper=kept.keeper,
    )  # fmt: skip

    assert refused == (
        "pede_2022.csv: not kept as it came: larger than 64 MB; set FAROL_FILES to a URL",
    )
    assert kept.registry.run(KeptFileRepository().count()) == 0
    assert kept.registry.run(StudentRepository().count()) == 3


@pytest.mark.parametrize(
    ("write", "cell"),
    [(as_csv, "D4"), (as_workbook, "D3"), (as_parquet, "D3"), (as_utf16, "D4")],
)
def test_a_feature_leads_to_its_cell_and_the_row_back_to_the_student(
    kept: Kept, tmp_path: Path, write: Callable[[Path], Path], cell: str
) -> None:
    found = kept.ingest(write(tmp_path / "pede_2022"))

    (origin,) = kept.tracer().student("RA-2", "inde")

    assert (origin.how, origin.row, origin.column, origin.cell) == (
        OriginKind.READ, 2, "INDE 2022", cell,
    )  # fmt: skip
    assert (origin.value, origin.text, origin.file_id) == (6.7, "6.7", found.file_id)
    (owner,) = kept.tracer().row(found, 2)
    assert (owner.student, owner.period) == ("RA-2", "2022")
    assert {"inde", "iaa", "fase"} <= {*owner.features}
    assert kept.tracer().row(found, 3) == [] and "6.7" not in told(origin)


def test_every_feature_of_every_student_leads_to_the_cell_that_holds_it(
    kept: Kept, tmp_path: Path
) -> None:
    path = as_workbook(tmp_path / "pede_2022")
    kept.ingest(path)
    sheet = openpyxl.load_workbook(path)["PEDE 2022"]

    for student in ("RA-1", "RA-2", "RA-4"):
        origins = kept.tracer().student(student)
        read = [one for one in origins if one.how is OriginKind.READ]
        assert len(read) == len(kept.registry.run(StudentRepository().get(student)).latest.features)
        for origin in read:
            assert str(sheet[origin.cell].value) == origin.text
            assert sheet[f"B{origin.row + 1}"].value == student  # type: ignore[operator]


def test_what_is_made_of_others_and_what_a_later_file_changed_is_told(
    registry: SyncRegistry, tmp_path: Path, pede: TaskSpec
) -> None:
    plan = {"features": ["iaa"], "values": ["previous", "mean"]}
    task = parse_task(
        json.dumps(
            pede.model_dump(mode="json", by_alias=True, exclude_none=True) | {"longitudinal": plan}
        ),
        source="t",
    )
    kept = Kept(registry, FileKeeper(FileStore(registry), task, KEY))
    first = kept.ingest(as_csv(tmp_path / "pede_2022"))
    mended = tmp_path / "pede_2022.csv"
    mended.write_text(TEXT.replace("6.7", "6.9"))
    ingest_file(registry, mended, task, now=NOW + timedelta(days=1), keeper=kept.keeper)
    later = tmp_path / "pede_2023.csv"
    later.write_text(TEXT.replace("2022", "2023"))
    kept.ingest(later)

    origins = {(o.period, o.feature): o for o in kept.tracer().student("RA-2")}

    assert origins["2023", "iaa_previous"].made_of == ("iaa of 2022",)
    assert ("2022", "iaa_previous") not in origins
    assert (origins["2022", "inde"].text, origins["2022", "inde"].how) == ("6.9", OriginKind.READ)
    assert kept.tracer().row(first, 2)[0].features == ()
    if task.derived:
        assert origins["2023", task.derived[0].name].how is OriginKind.MADE


def test_what_events_told_leads_to_no_cell_of_the_school_file(
    registry: SyncRegistry, tmp_path: Path
) -> None:
    task = parse_task(NIGHT, source="t")
    kept = Kept(registry, FileKeeper(FileStore(registry), task, KEY))
    school, events = tmp_path / "school_2023.csv", tmp_path / "events.csv"
    school.write_text("RA,effort,absent_count_period\na,5,9\n")
    kept.ingest(school)
    events.write_text(EVENTS)
    (table,) = read_events(events, task)
    registry.run(ingest_events(table, task, now=NOW))

    (read, told_of) = (
        kept.tracer().student("a", feature)[0] for feature in ("effort", "absent_count_period")
    )

    assert (read.how, read.cell) == (OriginKind.READ, "B2")
    assert (told_of.value, told_of.how) == (2.0, OriginKind.NOT_KEPT)
    assert (told_of.file, told_of.cell, told_of.text) == ("", "", "")


@pytest.fixture
def roster(registry: SyncRegistry) -> Kept:
    return Kept(registry, FileKeeper(FileStore(registry), parse_task(TASK, source="t"), KEY))


def test_a_bundle_is_traced_to_its_lines_and_freed_of_a_user_in_every_file(
    roster: Kept, tmp_path: Path
) -> None:
    roster.ingest(unpacked(tmp_path / "bundle", files()))
    origins = {(o.period, o.feature): o for o in roster.tracer().student("s3")}

    assert origins["2024", "first_term"].lines[0] == "results.csv line 3"
    assert origins["2024", "age"].lines == ("demographics.csv line 4",)
    assert origins["2024", "mathematics"].column == "results.csv mean (Mathematics)"
    assert roster.tracer().row(roster.newest(), 3)[0].student == "s3"

    assert roster.erase("s3") == (1, 1)

    text = roster.data()
    path = tmp_path / "freed.zip"
    path.write_bytes(text)
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert not any(b"s3" in data for data in held.values())
    assert all(b"s4" in held[f"{n}.csv"] for n in ("users", "results", "enrollments", "roles"))
    origins = {(o.period, o.feature): o for o in roster.tracer().student("s4")}
    assert origins["2024", "age"].lines == ("demographics.csv line 5",)


OWN_NUMBERS = TASK.replace("{name: student}", "{name: student, unique_within: unit}")


def test_a_table_without_schools_is_of_each_school_that_sent_it(
    registry: SyncRegistry, tmp_path: Path
) -> None:
    task = parse_task(OWN_NUMBERS, source="t")
    kept = Kept(registry, FileKeeper(FileStore(registry), task, KEY))
    path = tmp_path / "marks_2024.csv"
    path.write_text("student,mathematics,first_term\n1,5,6\n2,7,8\n")
    for school in ("North", "South"):
        reading = read_file(path, task, now=NOW, admitted=AdmittedUnits.of(task, [school]))
        reading = kept.keeper.keep(path, path.name, reading, now=NOW)
        keep(registry, reading, task, now=NOW, tombstone_key=KEY, sent_by=school)

    for school in ("north", "south"):
        (origin,) = kept.tracer().student(f"{school}:1", "mathematics")
        (owner,) = kept.tracer().row(kept.newest(), 1, units=[school])
        assert (origin.how, origin.cell) == (OriginKind.READ, "B2")
        assert (owner.student, owner.features) == (f"{school}:1", ("mathematics", "first_term"))
    assert len(kept.tracer().row(kept.newest(), 1)) == 2

    assert kept.erase("south:2") == (1, 1)
    assert b"7,8" not in kept.data()


def test_who_numbers_own_students_loses_no_namesake(registry: SyncRegistry, tmp_path: Path) -> None:
    task = parse_task(OWN_NUMBERS, source="t")
    kept = Kept(registry, FileKeeper(FileStore(registry), task, KEY))
    path = tmp_path / "marks_2024.csv"
    path.write_text(
        "student,school,mathematics,first_term\n1,North,5,6\n1,South,7,8\n2,North,9,9\n"
    )
    kept.ingest(path)

    assert kept.erase("north:1") == (1, 1)

    assert kept.data() == b"student,school,mathematics,first_term\n\n1,South,7,8\n2,North,9,9\n"


def test_rows_that_are_numbered_are_found_by_their_numbers(
    registry: SyncRegistry, tmp_path: Path
) -> None:
    task = parse_task(TASK.replace("name: roster_year", "name: r\nnumber_rows: true"), source="t")
    kept = Kept(registry, FileKeeper(FileStore(registry), task, KEY))
    path = tmp_path / "marks.csv"
    path.write_text("mathematics,first_term\n5,6\n7,8\n")
    ingest_file(registry, path, task, now=NOW, period="2024", keeper=kept.keeper)

    assert kept.erase("2024-1") == (1, 1)

    assert kept.data() == b"mathematics,first_term\n\n7,8\n"


@pytest.mark.parametrize(
    ("env", "keeps", "folder"),
    [
        ({}, True, None),
        ({"FAROL_FILES": "registry"}, True, None),
        ({"FAROL_FILES": "off"}, False, None),
        ({"FAROL_FILES": "s3://bucket/files/"}, True, "s3://bucket/files/pede_lag"),
        ({"FAROL_PSEUDONYMS": "key", "FAROL_PSEUDONYM_KEY": "p" * 40}, False, None),
    ],
)
def test_the_setting_says_where(
    tmp_path: Path, env: dict[str, str], keeps: bool, folder: str | None
) -> None:
    settings = private_settings({"FAROL_HOME": str(tmp_path), **env})

    assert (settings.keeps_files, settings.files_of("pede_lag")) == (keeps, folder)


def test_a_wrong_place_and_one_beside_pseudonyms_stop_the_start(tmp_path: Path) -> None:
    home = {"FAROL_HOME": str(tmp_path)}

    with pytest.raises(ConfigurationError, match=r"FAROL_FILES.*must be registry, off") as said:
        private_settings({**home, "FAROL_FILES": "hunter2"})
    assert "hunter2" not in str(said.value)
    beside = {"FAROL_PSEUDONYMS": "key", "FAROL_PSEUDONYM_KEY": "p" * 40}
    with pytest.raises(ConfigurationError, match="ids in the clear"):
        private_settings({**home, **beside, "FAROL_FILES": "registry"})
