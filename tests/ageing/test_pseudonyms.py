"""Ids that are kept as keyed pseudonyms: made at the door, the same everywhere, never the id."""

from __future__ import annotations

import io
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bulk.admission import Admission
from api.bulk.formats import FileForm
from api.bulk.reading import opened_file
from api.erased import ErasedStudents
from api.objections.objecting import ObjectingStudents
from api.pseudonyms.__main__ import main, pseudonym, whose
from api.registry import Registry
from database.driver.commands import InsertMany
from database.predictions import PredictionRepository
from database.pseudonymous.ids import require_pseudonyms
from database.students import StudentRepository
from deployment.settings import load_settings
from model.errors import ConfigurationError, InvalidRecord
from model.pseudonyms.pseudonyms import Pseudonyms, looks_like_one
from model.student import Observation
from model.trust.tombstone import TombstoneKey
from preprocessing.files.loading import read_tables
from preprocessing.ingesting.tables import ingest
from preprocessing.student_ids import key_of, keys_searched, read_student_id, sent_id
from preprocessing.task.spec import TaskSpec, load_task, parse_task, task_text
from tests.database.builders import prediction as served
from tests.database.drivers import MongomockRegistry
from tests.preprocessing.conftest import NOW

KNOWN = Pseudonyms(b"the key that nobody else has, 32+")
OTHER = Pseudonyms(b"a key of another installation, 32+")
IDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=40)


def city() -> TaskSpec:
    text = task_text("pede_lag").replace("id:\n", "id:\n  unique_within: unit\n", 1)
    return parse_task(text, source="city")


@given(IDS)
def test_a_pseudonym_is_an_id_that_every_door_takes_and_leaves_as_it_is(student: str) -> None:
    made = KNOWN.of(student)

    assert read_student_id(made) == made == KNOWN.of(made)
    assert looks_like_one(made)
    assert KNOWN.made(made)
    assert not OTHER.made(made)
    assert student == made or student not in made or len(student) < 4


def test_what_only_looks_like_a_pseudonym_is_hashed_like_any_id() -> None:
    foreign = OTHER.of("RA-1")

    assert KNOWN.of(foreign) not in (foreign, KNOWN.of("RA-1"))


def test_schools_that_number_their_own_students_have_two_pseudonyms_for_one_number() -> None:
    task, column = city(), city().unit[0].name
    first = key_of(task, "17", {column: "Escola A"}, pseudonyms=KNOWN)
    second = key_of(task, "17", {column: "Escola B"}, pseudonyms=KNOWN)

    assert first != second
    assert sent_id(task, first) == first == key_of(task, first, {}, pseudonyms=KNOWN)
    assert keys_searched(task, " 17", ["escola a", "escola b", ""], KNOWN) == {first, second}
    with pytest.raises(InvalidRecord, match="unique within"):
        key_of(task, "17", {}, pseudonyms=KNOWN)


@pytest.mark.parametrize("form", [FileForm.CSV, FileForm.NDJSON])
def test_a_file_of_records_may_name_a_pseudonym_without_its_school_in_every_form(
    form: FileForm,
) -> None:
    task, nobody = city(), cast(Registry, MongomockRegistry("farol"))
    known = KNOWN.of("escola a:17")
    body = {
        FileForm.CSV: f"student_id,inde\n{known},7.5\n17,7.5\n",
        FileForm.NDJSON: f'{{"student_id":"{known}","inde":7.5}}\n{{"student_id":17,"inde":7.5}}\n',
    }[form]
    erased = ErasedStudents(nobody, TombstoneKey(b"of the data"))
    admission = Admission(task, erased, ObjectingStudents(nobody), None, KNOWN)

    (chunk,) = opened_file(io.BytesIO(body.encode()), form, task, "2024", {}).chunks
    rows = admission.admitted(chunk)

    assert rows.kept.tolist() == [0]
    assert (rows.keys[0], rows.students[0]) == (known, known)
    assert "unique within" in str(rows.refused[1])


def test_a_school_file_leaves_no_id_and_finds_the_rows_that_were_read_before(
    tmp_path: Path,
) -> None:
    pede = load_task("pede_lag")
    path = tmp_path / "pede_2023.csv"
    path.write_text("RA,Fase,INDE 2023,IAA,IDA,IPV,Defasagem\nRA-77,3,7.5,8,7,6,-1\n", "utf-8")
    registry = MongomockRegistry("farol")

    for _ in range(2):
        for table in read_tables(path, pede, now=NOW):
            registry.run(ingest(table, pede, now=NOW, pseudonyms=KNOWN))

    held = registry.run(StudentRepository().documents())
    assert [one["_id"] for one in held] == [KNOWN.of("RA-77")]
    written = [command for command in registry.asked if isinstance(command, InsertMany)]
    assert written
    assert "RA-77" not in str(registry.asked)


def test_a_registry_is_of_one_key_or_of_none() -> None:
    held = MongomockRegistry("farol")
    held.run(require_pseudonyms(None))
    held.run(require_pseudonyms(KNOWN))
    held.run(require_pseudonyms(KNOWN))

    for wrong in (OTHER, None):
        with pytest.raises(ConfigurationError, match="made with another key"):
            held.run(require_pseudonyms(wrong))


def test_a_registry_with_ids_in_the_clear_takes_no_pseudonyms() -> None:
    students = MongomockRegistry("farol")
    students.run(StudentRepository().observe([Observation("RA-1", "2024", {"inde": 1.0}, NOW)]))
    predictions = MongomockRegistry("farol")
    predictions.run(PredictionRepository().add_many([served("p1", student_id="RA-1")]))

    for clear in (students, predictions):
        with pytest.raises(ConfigurationError, match="ids in the clear"):
            clear.run(require_pseudonyms(KNOWN))
        clear.run(require_pseudonyms(None))


def test_a_restored_registry_is_recognised_by_its_pseudonyms() -> None:
    back = MongomockRegistry("farol")
    back.run(PredictionRepository().add_many([served("p1", student_id=KNOWN.of("RA-1"))]))

    for wrong in (OTHER, None):
        with pytest.raises(ConfigurationError, match="made with another key"):
            back.run(require_pseudonyms(wrong))
    back.run(require_pseudonyms(KNOWN))


def test_ids_in_the_clear_that_a_backup_brought_are_found_at_the_next_start() -> None:
    held = MongomockRegistry("farol")
    held.run(require_pseudonyms(KNOWN))
    held.run(PredictionRepository().add_many([served("p1", student_id="RA-1")]))

    with pytest.raises(ConfigurationError, match="ids in the clear"):
        held.run(require_pseudonyms(KNOWN))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"FAROL_PSEUDONYMS": "key"}, "needs FAROL_PSEUDONYM_KEY"),
        ({"FAROL_PSEUDONYMS": "key", "FAROL_PSEUDONYM_KEY": "hush"}, "32 characters"),
        ({"FAROL_PSEUDONYM_KEY": "hush" * 10}, "kept in the clear"),
        (
            {
                "FAROL_PSEUDONYMS": "key",
                "FAROL_PSEUDONYM_KEY": "hush" * 10,
                "FAROL_SIGNING_KEY": "hush" * 10,
            },
            "another one",
        ),
    ],
)
def test_a_key_that_protects_nothing_stops_the_start_and_is_not_shown(
    given: dict[str, str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=told) as raised:
        load_settings({"FAROL_HOME": str(tmp_path), **given})

    assert "hush" not in str(raised.value)


def test_the_command_maps_one_id_and_finds_whose_a_pseudonym_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    task = load_task("pede_lag")
    monkeypatch.setenv("FAROL_HOME", str(tmp_path))
    assert main(["of", "RA-1"]) == 2
    monkeypatch.setenv("FAROL_PSEUDONYMS", "key")
    monkeypatch.setenv("FAROL_PSEUDONYM_KEY", KNOWN.secret.decode())

    assert main(["of", "RA-1"]) == 0

    assert capsys.readouterr().out.strip() == pseudonym(task, "RA-1", None, KNOWN)
    assert whose(task, KNOWN.of("RA-1"), ["RA-0\n", "RA-1\n", "\n"], None, KNOWN) == ["RA-1"]
    assert not any(KNOWN.secret in path.read_bytes() for path in tmp_path.rglob("*.*"))
