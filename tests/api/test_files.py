"""School files through the API: looked at, kept, refused, and what became of each."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pyarrow
import pyarrow.parquet
import pytest

from api.files.sent import LARGEST
from database.audit import AuditRepository
from database.driver.client import SyncRegistry
from database.labels import LabelRepository
from database.students import StudentRepository
from tests.api.conftest import World
from tests.api.keys import make_key
from tests.api.server import served, until

HEAD = "RA;Escola;Fase;IAA;IEG;IPS;IDA;Defasagem;Cor;Nome\n"
CSV = {"content-type": "text/csv"}
FILE = HEAD + (
    "F1;Escola A;1;8,5;9;7;5;-1;azul;Ana\n"
    "F2;Escola B;2;8;x;7;5;0;verde;Bia\n"
    "F2;Escola B;2;8;9;7;5;0;verde;Bia\n"
    ";Escola A;3;8;9;7;5;-2;azul;Caio\n"
)


@dataclass(frozen=True, slots=True)
class Office:
    """A guarded server, and clients of schools and of the city."""

    registry: SyncRegistry
    city: httpx.Client
    school_a: httpx.Client
    labels: httpx.Client

    def preview(self, content: bytes | str, name: str = "x_2021.csv", **more: str) -> Any:
        return self.send("/files/preview", content, name, **more)

    def send(self, path: str, content: bytes | str, name: str = "x_2021.csv", **more: str) -> Any:
        return self.city.post(path, content=content, params={"name": name, **more}, headers=CSV)


@pytest.fixture(scope="module")
def office(world: World) -> Iterator[Office]:
    every = make_key(world.home, "--scope", "predict,label,read")
    own = make_key(world.home, "--scope", "predict,label,read", "--unit", "Escola A")
    label = make_key(world.home, "--scope", "label,read")
    with served(world.home, workers=1, auth="keys") as server:
        until(lambda: all(w["version"] for w in server.workers()))
        city, school_a, labels = (
            httpx.Client(
                base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=60
            )
            for key in (every, own, label)
        )
        with city, school_a, labels:
            yield Office(world.registry, city, school_a, labels)


def columns(table: Any) -> dict[str, tuple[str, str | None]]:
    return {c["name"]: (c["role"], c["header"]) for c in table["columns"]}


def test_a_preview_tells_columns_rows_and_reasons_and_keeps_nothing(office: Office) -> None:
    before = office.registry.run(StudentRepository().count())

    answer = office.preview(FILE)

    (table,) = answer.json()["tables"]
    assert answer.json()["kept"] is False
    assert (table["period"], table["rows_read"], table["rows_kept"]) == ("2021", 4, 2)
    assert table["rejects"] == [
        {"row": 3, "field": "ra", "reason": "is the same as in row 2"},
        {"row": 4, "field": "ra", "reason": "is missing"},
    ]
    found = columns(table)
    assert found["iaa"] == ("feature", "IAA")
    assert found["mat"] == ("feature", None)
    assert found["escola"] == ("unit", "Escola")
    assert found["genero"] == ("protected", None)
    assert {c["header"] for c in table["unused"]} >= {"Nome"}
    assert [c["unreadable"] for c in table["columns"] if c["name"] == "ieg"] == [1]
    assert "Ana" not in answer.text and "Caio" not in answer.text
    assert office.registry.run(StudentRepository().count()) == before


def test_a_file_is_kept_once_and_its_rejects_can_be_downloaded(office: Office) -> None:
    kept = office.send("/files", FILE.replace("F1", "K1").replace("F2", "K2"))
    again = office.preview(FILE.replace("F1", "K1").replace("F2", "K2"))

    (table,) = kept.json()["tables"]
    assert (kept.json()["kept"], table["known"], table["students"]) == (True, False, 2)
    assert table["joined"] == {"orphaned": 2}
    assert again.json()["tables"][0]["known"] is True
    assert office.registry.run(StudentRepository().get("K1")).latest.units["escola"] == "Escola A"
    batches = office.city.get("/batches").json()["batches"]
    (batch,) = [b for b in batches if b["batch_id"] == table["batch_id"]]
    assert (batch["rejected"], batch["sent_by"]) == (2, "school")
    rejects = office.city.get(f"/batches/{batch['batch_id']}/rejects?format=csv")
    assert rejects.content.decode("utf-8-sig").splitlines() == [
        "row;field;reason", "3;ra;is the same as in row 2", "4;ra;is missing",
    ]  # fmt: skip
    events = office.registry.run(AuditRepository().newest(5))
    assert ("ingest", "period 2021: 2 of 4 rows") in {(e.action, e.detail) for e in events}


def test_a_key_of_a_school_sends_and_sees_its_own_rows_alone(office: Office) -> None:
    text = FILE.replace("F1", "U1").replace("F2", "U2")
    own, whole = (
        who.post("/files?name=x_2021.csv", content=text, headers=CSV).json()["tables"][0]
        for who in (office.school_a, office.city)
    )

    assert (own["rows_kept"], whole["rows_kept"]) == (1, 2)
    assert {r["reason"] for r in own["rejects"]} == {"no such unit is known", "is missing"}
    assert own["batch_id"] != whole["batch_id"], "the whole file is not taken for known"
    seen = office.school_a.get("/batches").json()["batches"]
    assert {b["batch_id"] for b in seen} == {own["batch_id"]}
    assert office.school_a.get(f"/batches/{whole['batch_id']}/rejects").status_code == 404


def test_a_school_takes_no_record_of_another_school_away(office: Office) -> None:
    head = "RA;Fase;IAA;IEG;IPS;IDA\n"
    office.send("/files", "RA;Escola;Fase;IAA;IEG;IPS;IDA\nT1;Escola B;1;8;9;7;5\n", "t_2021.csv")

    (table,) = office.school_a.post(
        "/files?name=t_2021.csv", content=f"{head}T1;2;1;1;1;1\nT2;2;1;1;1;1\n", headers=CSV
    ).json()["tables"]

    assert table["elsewhere"] == 1
    stored = office.registry.run(StudentRepository().get_many(["T1", "T2"]))
    assert stored["T1"].latest.units["escola"] == "Escola B"
    assert stored["T2"].latest.units["escola"] == "Escola A", "of the only unit of the key"


def workbook() -> bytes:
    """An archive that would unpack to a thousand times its size."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<sheetData>" + b" " * (300 << 20))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x00\x01\x02" * 50, "is neither CSV, workbook nor Parquet"),
        (b"   \n", "is empty"),
        (b"a,b\n1,2\n", "no table of task pede_lag; missing the id (RA)"),
        (b'RA,IAA\n"' + b"x\n" * 700_000, "is a quote left open?"),
        (b"PK\x03\x04 broken", "is no readable workbook"),
        (b"PAR1 broken", "is no readable Parquet file"),
        (workbook(), "larger than 256 MB once unpacked"),
    ],
    ids=["bytes", "empty", "other", "quote", "workbook", "parquet", "bomb"],
)
def test_a_hostile_file_is_refused_with_its_place_and_reason(
    office: Office, content: bytes, reason: str
) -> None:
    answer = office.preview(content)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body"
    assert reason in answer.json()["detail"]
    assert "x_2021.csv" in answer.json()["detail"]


def test_a_file_is_told_by_its_content_and_asks_for_a_period_it_does_not_name(
    office: Office,
) -> None:
    table = pyarrow.table({"RA": ["Q1"], "IAA": [8.0], "IEG": [9.0], "Defasagem": [-1]})
    file = io.BytesIO()
    pyarrow.parquet.write_table(table, file)

    nameless = office.preview(file.getvalue(), "-data")
    named = office.preview(file.getvalue(), "-data", period="2021")
    wrong = office.preview(FILE, period="last year")

    assert nameless.status_code == 422 and "names no period" in nameless.json()["detail"]
    assert named.json()["tables"][0]["source"] == "-data"
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "period")


def test_files_are_bounded_and_need_both_scopes_and_a_table_as_their_type(office: Office) -> None:
    length = {"content-length": str(LARGEST + 1), **CSV}

    too_long = office.city.post("/files", content=iter([b"x"]), headers=length)
    no_scope = office.labels.post("/files", content=FILE, headers=CSV)
    no_table = office.city.post("/files", json={"a": 1})

    assert (too_long.status_code, no_scope.status_code, no_table.status_code) == (413, 403, 415)
    assert "predict" in no_scope.json()["detail"]


def test_outcomes_come_back_in_the_file_that_told_whose_are_missing(office: Office) -> None:
    features = "RA;Escola;Fase;IAA;IEG;IPS;IDA\n"
    office.send(
        "/files", f"{features}=M1;Escola A;1;8;9;7;5\nM2;Escola A;1;8;9;7;5\n", "m_2020.csv"
    )
    asked = {"period": "2020", "unit": "Escola A"}

    file = office.city.get("/outcomes/missing", params=asked)
    rows = file.content.decode("utf-8-sig").splitlines()
    filled = "\n".join(row + "-1" if row.startswith("'=M1") else row for row in rows)
    told = office.labels.post("/labels", content=filled.encode("cp1252"), headers=CSV).json()
    corrected = office.labels.post(
        "/labels", content="student_id,period,outcome\n=M1,2020,não\n,2020,1\n", headers=CSV
    ).json()
    left = office.school_a.get("/outcomes/missing", params={**asked, "format": "json"}).json()

    assert rows == [
        "student_id;escola;turma;period;defasagem", "'=M1;Escola A;;2020;", "M2;Escola A;;2020;",
    ]  # fmt: skip
    assert (told["accepted"], told["joined"]) == (1, 1)
    assert office.registry.run(LabelRepository().of("=M1", "2020")).outcome == 0.0
    assert corrected["corrected"] == 1
    assert corrected["rejected"] == [
        {"index": 1, "reason": "student_id: is missing, and so is prediction_id"}
    ]
    assert [s["student_id"] for s in left["students"]] == ["M2"] and not left["more"]


def test_whose_outcome_is_missing_is_told_of_the_units_of_a_key_alone(office: Office) -> None:
    features = "RA;Escola;Fase;IAA;IEG;IPS;IDA\n"
    office.send("/files", f"{features}W1;Escola A;1;8;9;7;5\nW2;Escola B;1;8;9;7;5\n", "w_2019.csv")
    office.city.post("/predict", json={"student_id": "W3", "period": "2019", "ida": 5})

    asked = {"period": "2019", "format": "json"}
    everybody = lambda: office.city.get("/outcomes/missing", params=asked).json()  # noqa: E731
    until(lambda: len(everybody()["students"]) == 3)
    own = office.school_a.get("/outcomes/missing", params=asked).json()
    found = office.city.get("/outcomes/missing", params={**asked, "search": "W2"}).json()
    other = office.school_a.get("/outcomes/missing", params={**asked, "unit": "Escola B"})

    assert [s["student_id"] for s in everybody()["students"]] == ["W1", "W2", "W3"]
    assert [s["student_id"] for s in own["students"]] == ["W1"]
    assert [s["student_id"] for s in found["students"]] == ["W2"]
    assert other.status_code == 404


def test_the_log_of_predictions_is_a_file_without_formulas_or_other_schools(
    office: Office,
) -> None:
    for student, school in (("@L1", "Escola A"), ("L2", "Escola B")):
        record = {"student_id": student, "escola": school, "period": "2018", "ida": 5.5}
        office.city.post("/predict", json=record)
    asked = {"period": "2018"}

    def rows(who: httpx.Client, **more: str) -> list[str]:
        text = who.get("/predictions/log", params={**asked, **more}).content.decode("utf-8-sig")
        return text.splitlines()

    until(lambda: len(rows(office.city)) == 3)
    (head, *all_rows), (_, *own) = rows(office.city), rows(office.school_a)
    lines = rows(office.city, format="ndjson")
    since = rows(office.city, since="2999-01-01T00:00:00Z", format="ndjson")

    assert head.split(";")[1:5] == ["prediction_id", "student_id", "escola", "turma"]
    assert {row.split(";")[2] for row in all_rows} == {"'@L1", "L2"}
    assert all(row.split(";")[head.split(";").index("ida")] == "5,5" for row in all_rows)
    assert [row.split(";")[2] for row in own] == ["'@L1"]
    assert len(lines) == 2 and '"student_id":"@L1"' in "".join(lines)
    assert since and "future" in since[0]
