"""School files through the API: looked at, kept, refused, and what became of each."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from api.files import apart, child
from api.files.sent import LARGEST, file_name
from api.http.problems import Problem
from database.driver.client import SyncRegistry
from database.labels import LabelRepository
from database.students import StudentRepository
from model.student import Observation
from tests import local
from tests.api import bundles
from tests.api.conftest import World
from tests.api.keys import make_key
from tests.api.server import served, until
from tests.trail import entries, settled

CSV = {"content-type": "text/csv"}
FILE = (
    "RA;Escola;Fase;IAA;IEG;IPS;IDA;Defasagem;Cor;Nome\n"
    "F1;Escola A;1;8,5;9;7;5;-1;azul;Ana\n"
    "F2;Escola B;2;8;x;7;5;0;verde;Bia\n"
    "F2;Escola B;2;8;9;7;5;0;verde;Bia\n"
    ";Escola A;3;8;9;7;5;-2;azul;Caio\n"
)


@dataclass(frozen=True, slots=True)
class Office:
    """A guarded server, and clients of the city, of a school, and one that may only label."""

    home: Path
    registry: SyncRegistry
    city: httpx.Client
    school: httpx.Client
    labels: httpx.Client

    def observe(self, period: str, **schools: str) -> None:
        """Keeps a record of each student, by id, in that school."""
        self.registry.run(StudentRepository().observe([
            Observation(
                student, period, {"ida": 5.0}, bundles.NOW,
                units={"escola": school}, unit=school.lower(),
            )
            for student, school in schools.items()
        ]))  # fmt: skip


@pytest.fixture(scope="module")
def office(world: World) -> Iterator[Office]:
    limits = (
        ("--scope", "predict,label,read"),
        ("--scope", "predict,label,read", "--unit", "Escola A"),
        ("--scope", "label,read"),
    )
    secrets = [make_key(world.home, *limit) for limit in limits]
    with served(world.home, workers=1, auth="keys") as server:
        until(lambda: all(w["version"] for w in server.workers()))
        clients = [
            local.client(base_url=server.url, headers={"Authorization": f"Bearer {s}"}, timeout=60)
            for s in secrets
        ]
        yield Office(world.home, world.registry, *clients)
        for client in clients:
            client.close()


def send(who: httpx.Client, path: str, content: bytes | str, **asked: str) -> httpx.Response:
    return who.post(path, content=content, params={"name": "x_2021.csv", **asked}, headers=CSV)


def csv_rows(answer: httpx.Response) -> list[str]:
    return answer.content.decode("utf-8-sig").splitlines()


def test_a_file_is_looked_at_then_kept_once_and_its_rejects_are_a_download(office: Office) -> None:
    looked = send(office.city, "/files/preview", FILE)
    untouched = office.registry.run(StudentRepository().get_many(["F1", "F2"]))
    kept = send(office.city, "/files", FILE)
    again = send(office.city, "/files/preview", FILE).json()["tables"][0]

    (before,), (table,) = looked.json()["tables"], kept.json()["tables"]
    assert untouched == {} and looked.json()["kept"] is False
    assert (before["rows_read"], before["rows_kept"], before["students"]) == (4, 2, 2)
    assert "Ana" not in looked.text and "Caio" not in looked.text
    assert (kept.json()["kept"], table["joined"]) == (True, {"orphaned": 2})
    assert (before["known"], table["known"], again["known"]) == (False, False, True)
    (batch,) = (b for b in office.city.get("/batches").json()["batches"] if b["period"] == "2021")
    assert (batch["batch_id"], batch["rejected"]) == (before["batch_id"], 2)
    assert batch["sent_by"] == "school"
    rejects = office.city.get(f"/batches/{batch['batch_id']}/rejects?format=csv")
    assert csv_rows(rejects) == [
        "row;field;reason", "3;ra;is the same as in row 2", "4;ra;is missing",
    ]  # fmt: skip
    settled(office.home)
    done = {(e.action, e.detail) for e in office.registry.run(entries())}
    assert ("ingest", "period 2021: 2 of 4 rows") in done


def test_a_key_of_a_school_sends_and_sees_its_own_rows_alone(office: Office) -> None:
    office.observe("2016", T1="Escola B")
    text = FILE.replace("F1", "U1").replace("F2", "U2") + "T1;Escola A;1;1;1;1;1;0;azul;Tom\n"

    (table,) = send(office.school, "/files", text, name="x_2016.csv").json()["tables"]

    assert (table["rows_kept"], table["elsewhere"]) == (2, 1)
    assert {r["reason"] for r in table["rejects"]} == {"no such unit is known", "is missing"}
    stored = office.registry.run(StudentRepository().get_many(["U1", "U2", "T1"]))
    assert stored.keys() == {"U1", "T1"}
    assert stored["T1"].latest.units["escola"] == "Escola B", "taken away from another school"
    seen = office.school.get("/batches").json()
    assert [b["batch_id"] for b in seen["batches"]] == [table["batch_id"]]


def test_the_batch_of_all_is_told_to_a_school_as_if_there_were_none(office: Office) -> None:
    every = office.city.get("/batches").json()["batches"]
    (whole,) = (b["batch_id"] for b in every if not b["units"])

    nobody = "0" * 64
    told, unknown = (office.school.get(f"/batches/{batch}/rejects") for batch in (whole, nobody))

    assert told.status_code == unknown.status_code == 404
    assert told.json()["detail"].replace(whole, "") == unknown.json()["detail"].replace(
        "0" * 64, ""
    )


def test_files_that_were_read_are_listed_page_by_page(office: Office) -> None:
    kept = [
        send(office.city, "/files", FILE.replace("F", f"P{n}"), name="x_2015.csv").json()
        for n in (1, 2)
    ]

    whole = office.city.get("/batches").json()
    second = office.city.get("/batches", params={"limit": 1, "offset": 1}).json()

    ids = [batch["batch_id"] for batch in whole["batches"]]
    assert ids[:2] == [one["tables"][0]["batch_id"] for one in reversed(kept)]
    assert whole["total"] == second["total"] == len(ids)
    assert [batch["batch_id"] for batch in second["batches"]] == ids[1:2]


def test_a_hostile_file_is_refused_with_its_place_and_reason(office: Office) -> None:
    answer = send(office.city, "/files", b'RA,IAA\n"' + b"x\n" * 70_000, name="../bad.csv")

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"]) == (422, "body")
    assert error["detail"].startswith("bad.csv: line 65538 is no line of a CSV")


def test_files_are_bounded_and_need_both_scopes_and_the_type_of_a_table(office: Office) -> None:
    where = urlsplit(str(office.city.base_url))
    connection = HTTPConnection(where.hostname or "", where.port)
    connection.putrequest("POST", "/files")
    for name, value in {**office.city.headers, **CSV}.items():
        connection.putheader(name, value)
    connection.putheader("content-length", str(LARGEST + 1))
    connection.endheaders()

    too_long = connection.getresponse()
    no_scope = send(office.labels, "/files", FILE)
    no_table = office.city.post("/files", json={"a": 1})
    no_period = send(office.city, "/files", FILE, period="last year")

    assert too_long.status == 413
    assert (no_scope.status_code, no_table.status_code) == (403, 415)
    assert "predict" in no_scope.json()["detail"]
    assert (no_period.status_code, no_period.json()["errors"][0]["field"]) == (422, "period")
    connection.close()


def test_outcomes_come_back_in_the_file_that_told_whose_are_missing(office: Office) -> None:
    office.observe("2020", **{"=M1": "Escola A", "M2": "Escola A"})
    asked = {"period": "2020", "unit": "Escola A"}

    rows = csv_rows(office.city.get("/outcomes/missing", params=asked))
    filled = "\n".join(row + "-1" if row.startswith("'=M1") else row for row in rows)
    told = office.labels.post("/labels", content=filled.encode("cp1252"), headers=CSV).json()
    joined = office.registry.run(LabelRepository().of("=M1", "2020"))
    second = "student_id,period,outcome\n=M1,2020,não\nM2,2020,\n,2020,1\nM2,2020,perhaps\n"
    corrected = office.labels.post("/labels", content=second, headers=CSV).json()
    left = office.school.get("/outcomes/missing", params={**asked, "format": "json"}).json()

    assert rows == [
        "student_id;escola;turma;period;defasagem", "'=M1;Escola A;;2020;", "M2;Escola A;;2020;",
    ]  # fmt: skip
    assert (told["accepted"], told["joined"], joined.outcome) == (1, 1, 1.0)
    assert (corrected["accepted"], corrected["corrected"]) == (1, 1)
    assert [one["index"] for one in corrected["rejected"]] == [2, 3]
    assert [s["student_id"] for s in left["students"]] == ["M2"] and not left["more"]


def test_whose_outcome_is_missing_is_told_of_the_units_of_a_key_alone(office: Office) -> None:
    office.observe("2019", W1="Escola A", W2="Escola B")
    office.city.post("/predict", json={"student_id": "W3", "period": "2019", "ida": 5})
    asked = {"period": "2019", "format": "json"}

    def listed(who: httpx.Client, **more: str) -> list[str]:
        answer = who.get("/outcomes/missing", params={**asked, **more}).json()
        return [one["student_id"] for one in answer["students"]]

    until(lambda: len(listed(office.city)) == 3)
    other = office.school.get("/outcomes/missing", params={**asked, "unit": "Escola B"})

    assert listed(office.city) == ["W1", "W2", "W3"]
    assert listed(office.school) == ["W1"]
    assert listed(office.city, search="W2") == ["W2"]
    assert other.status_code == 404


def test_the_log_of_predictions_is_a_file_without_formulas_or_other_schools(
    office: Office,
) -> None:
    for student, school in (("@L1", "Escola A"), ("L2", "Escola B")):
        record = {"student_id": student, "escola": school, "period": "2018", "ida": 5.5}
        office.city.post("/predict", json=record)

    def log(who: httpx.Client, **more: str) -> list[str]:
        return csv_rows(who.get("/predictions/log", params={"period": "2018", **more}))

    until(lambda: len(log(office.city)) == 3)
    (head, *rows), (_, *own) = log(office.city), log(office.school)
    lines = log(office.city, format="ndjson")
    future = office.city.get("/predictions/log", params={"since": "2999-01-01T00:00:00Z"})

    assert head.split(";")[1:5] == ["prediction_id", "student_id", "escola", "turma"]
    assert {row.split(";")[2] for row in rows} == {"'@L1", "L2"}
    assert {row.split(";")[head.split(";").index("ida")] for row in rows} == {"5,5"}
    assert [row.split(";")[2] for row in own] == ["'@L1"]
    assert len(lines) == 2 and '"student_id":"@L1"' in "".join(lines)
    assert future.status_code == 422


def test_a_feature_leads_to_its_cell_and_the_row_back_as_far_as_a_key_may_see(
    office: Office,
) -> None:
    text = FILE.replace("F1", "T1").replace("F2", "T2")
    assert send(office.city, "/files", text).is_success
    file_id = hashlib.sha256(text.encode()).hexdigest()

    (origin,) = office.school.get("/students/T1/origins?feature=iaa").json()["origins"]
    whole = office.city.get("/students/T1/origins?period=2021").json()["origins"]
    own, others, both, none = (
        who.get(f"/files/{file_id}/rows/{row}")
        for who, row in ((office.school, 1), (office.school, 2), (office.city, 2), (office.city, 4))
    )

    assert (origin["how"], origin["row"], origin["cell"], origin["text"]) == (
        "read", 1, "D2", "8,5",
    )  # fmt: skip
    assert (origin["file"], origin["file_id"], origin["value"]) == ("x_2021.csv", file_id, 8.5)
    assert {"iaa", "ieg", "ips", "ida"} <= {one["feature"] for one in whole}
    assert office.city.get("/students/T1/origins?period=1999").json()["origins"] == []
    assert office.city.get("/students/T1/origins?period=Ana").status_code == 422, "in no trail"
    assert own.json()["students"][0]["student_id"] == "T1"
    assert {"iaa", "ieg"} <= {*own.json()["students"][0]["features"]}
    assert both.json()["students"][0]["student_id"] == "T2" and none.json()["students"] == []
    unknown = office.school.get(f"/files/{'0' * 64}/rows/2")
    assert others.status_code == unknown.status_code == 404
    assert others.json() == unknown.json(), "another school's row is as one that is not there"
    assert office.school.get("/students/T2/origins").status_code == 404
    settled(office.home)
    told = [e for e in office.registry.run(entries()) if e.action == "trace"]
    assert {e.detail for e in told} >= {"iaa", "2021", f"file {file_id} row 1"}
    assert all("T1" not in e.subject for e in told), "a student is told by a pseudonym"


@pytest.mark.parametrize("asked", ["-x.csv", "--help", "a b.csv"])
def test_no_name_of_a_file_is_taken_for_an_option_of_its_reader(asked: str) -> None:
    upload = child.Upload(io.BytesIO(), file_name(asked), None, ("--by",), "--json", keep=True)

    words: list[Any] = child.command(upload, "pede_lag")

    assert words[-1] == "-"
    assert f"--name={asked}" in words and "--unit=--by" in words and "--by=--json" in words
    assert asked not in words


def test_no_more_of_an_account_is_held_than_a_worker_has_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apart, "MOST_SAID", 10)

    async def said(parts: int) -> bytes:
        pipe = asyncio.StreamReader()
        for _ in range(parts):
            pipe.feed_data(b"12345")
        pipe.feed_eof()
        return await apart._said(pipe)

    assert asyncio.run(said(2)) == b"1234512345"
    with pytest.raises(Problem) as refused:
        asyncio.run(said(3))
    assert refused.value.status == 422
