"""`POST /predict/bulk` as it really runs: files in, one line per row out."""

from __future__ import annotations

import csv
import io
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import orjson
import psutil
import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest

from api.bulk.formats import MEDIA_TYPES, FileForm
from api.durability.outbox import bodies, waiting
from database.predictions import PredictionRepository
from model.student import Features
from tests import local
from tests.api import bundles
from tests.api.conftest import World
from tests.api.keys import keys
from tests.api.server import Server, served, until

Rows = Sequence[Mapping[str, Any]]
GOOD: Rows = [{"student_id": f"S{i}", **r} for i, r in enumerate(bundles.records(40, seed=5))]
BAD: Rows = [
    {"student_id": "S1", "inde": 99.0},
    {"student_id": "batch", "inde": 5.0},
    {"student_id": "S2", "pedra": "marble"},
    {"student_id": "S3"},
    {"student_id": "S4", "period": "24", "inde": 5.0},
    {"student_id": "S5", "idade": 5.5},
]


@pytest.fixture(scope="module")
def one(world: World) -> Iterator[Server]:
    with served(world.home, workers=1) as running:
        until(lambda: all(w["version"] for w in running.workers()))
        yield running


def table(rows: Rows) -> pyarrow.Table:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pyarrow.table({name: [row.get(name) for row in rows] for name in names})


def written(rows: Rows, form: FileForm) -> bytes:
    sink = io.BytesIO()
    if form is FileForm.NDJSON:
        return b"\n".join(orjson.dumps(row) for row in rows)
    if form is FileForm.PARQUET:
        pyarrow.parquet.write_table(table(rows), sink)
    else:
        pyarrow.csv.write_csv(table(rows), sink)
    return sink.getvalue()


def read(content: bytes, form: FileForm) -> list[dict[str, Any]]:
    if form is FileForm.NDJSON:
        return [orjson.loads(line) for line in content.splitlines()]
    if form is FileForm.PARQUET:
        rows: list[dict[str, Any]] = pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()
        return rows
    parsed = csv.DictReader(io.StringIO(content.decode()))
    return [{name: _value(name, text) for name, text in row.items()} for row in parsed]


def _value(name: str, text: str) -> Any:
    if text == "":
        return None
    return float(text) if name in ("row", "risk_score", "known_weight") else text


def bulk(server: Server, content: bytes, sent: FileForm, **headers: str) -> httpx.Response:
    kind = {"content-type": MEDIA_TYPES[sent]}
    return local.post(
        f"{server.url}/predict/bulk?period=2024", content=content, headers=kind | headers,
        timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("sent", FileForm)
@pytest.mark.parametrize("wanted", FileForm)
def test_a_file_is_answered_as_a_batch_of_its_rows_is(
    one: Server, sent: FileForm, wanted: FileForm
) -> None:
    rows = [*GOOD[:20], *BAD, *GOOD[20:]]
    asked = [{"period": "2024", **row} for row in rows]
    batch = one.post("/predict/batch", {"records": asked}).json()

    answer = bulk(one, written(rows, sent), sent, accept=MEDIA_TYPES[wanted])

    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].partition(";")[0] == MEDIA_TYPES[wanted]
    lines = read(answer.content, wanted)
    assert [line["row"] for line in lines] == [*range(1, len(rows) + 1)]
    scored = {p["index"] + 1: p for p in batch["predictions"]}
    refused = {e["index"] + 1: e for e in batch["errors"]}
    assert len(refused) == len(BAD)
    for line in lines:
        if (error := refused.get(line["row"])) is not None:
            assert (line["error_field"], line["error"]) == (error["field"], error["detail"])
            assert line["risk_score"] is line["prediction_id"] is line["status"] is None
        else:
            expected = scored[line["row"]]
            same = ("student_id", "period", "risk_label", "status", "known_weight", "model_version")
            assert {n: line[n] for n in same} == {n: expected[n] for n in same}
            assert line["risk_score"] == expected["risk_score"]
            assert line["error"] is None


def test_the_records_reach_the_registry_under_the_ids_that_were_answered(
    one: Server, world: World
) -> None:
    answer = bulk(one, written(GOOD, FileForm.PARQUET), FileForm.PARQUET)
    ids = [line["prediction_id"] for line in read(answer.content, FileForm.PARQUET)]

    until(lambda: waiting(world.home / "tasks/pede_lag/outbox") == 0)
    kept = world.registry.run(PredictionRepository().get(ids[0]))
    features: Features = {n: v for n, v in GOOD[0].items() if n != "student_id"}
    assert (kept.student_id, kept.features, kept.client) == ("S0", features, "local")
    assert all(world.registry.run(PredictionRepository().find(one)) for one in ids)


def test_a_csv_of_a_brazilian_school_is_read_under_its_own_headers(one: Server) -> None:
    text = "RA;Nome;INDE 2024;Fase;Pedra\nRA-1;Ana;7,055;FASE 7;Ágata\nRA-2;Rui;n/a;ALFA;\n"

    answer = bulk(one, text.encode("cp1252"), FileForm.CSV)

    first, second = read(answer.content, FileForm.CSV)
    assert (first["student_id"], first["error"]) == ("RA-1", None)
    assert second["risk_score"] is not None
    assert answer.headers["farol-ignored-columns"] == "Nome"


def test_a_row_that_is_none_of_the_table_is_refused_alone(one: Server) -> None:
    answer = bulk(one, b"ra,inde\nRA-1,5\n\nRA-2,5,6,7\nRA-3\n", FileForm.CSV)

    lines = read(answer.content, FileForm.CSV)
    assert [(line["row"], line["error_field"]) for line in lines] == [
        (1, None), (3, "row"), (4, "record"),
    ]  # fmt: skip


def test_an_erased_student_is_not_scored(one: Server, world: World) -> None:
    bulk(one, written([GOOD[7]], FileForm.NDJSON), FileForm.NDJSON)
    local.delete(f"{one.url}/students/S7", timeout=30).raise_for_status()

    answer = bulk(one, written(GOOD[6:9], FileForm.PARQUET), FileForm.PARQUET)

    lines = read(answer.content, FileForm.PARQUET)
    assert [line["error_field"] for line in lines] == [None, "student_id", None]
    local.post(f"{one.url}/students/S7/readmit", json={"reason": "a test"}, timeout=30)


@pytest.mark.parametrize(
    ("content", "kind", "status", "told"),
    [
        (b"", "text/csv", 422, "is empty"),
        (b"a,b\n1,2\n", "text/csv", 422, "no column is a feature of pede_lag"),
        (b"ida\n1\n", "application/json", 415, "must be text/csv"),
        (b"ida\n1\n", "application/octet-stream", 415, "must be text/csv"),
        (b"ida\n1\n", "application/vnd.apache.parquet", 415, "is no application/vnd.apache"),
        (b"PAR1" + b"\0" * 20 + b"PAR1", "", 422, "is no readable Parquet file"),
    ],
)
def test_what_is_no_file_of_the_task_is_refused_with_the_reason(
    one: Server, content: bytes, kind: str, status: int, told: str
) -> None:
    answer = local.post(
        f"{one.url}/predict/bulk", content=content, headers={"content-type": kind}, timeout=10
    )

    assert (answer.status_code, told in answer.json()["detail"]) == (status, True), answer.text


def test_where_a_file_breaks_off_the_last_line_says_so(one: Server) -> None:
    many = "ra,inde\n" + "RA-1,5\n" * 5_000 + 'RA-2,"' + "x" * 2_000_000

    lines = read(bulk(one, many.encode(), FileForm.CSV).content, FileForm.CSV)

    assert lines[-1]["error_field"] == "file"
    assert "is a quote left open?" in lines[-1]["error"]
    assert lines[-1]["row"] == len(lines)


@pytest.mark.slow
@pytest.mark.parametrize("form", FileForm)
def test_a_key_for_one_school_scores_no_student_of_another(world: World, form: FileForm) -> None:
    secret = keys(world.home, "create", "--name", "a", "--scope", "predict", "--unit", "Escola A")
    rows: Rows = [
        {"student_id": "A1", "escola": "Escola A", "turma": "7B", "inde": 5.0},
        {"student_id": "B1", "escola": "Escola B", "turma": None, "inde": 5.0},
        {"student_id": "C1", "escola": None, "turma": None, "inde": 5.0},
    ]

    with served(world.home, workers=1, auth="keys") as server:
        until(lambda: all(w["version"] for w in server.workers()))
        answer = bulk(server, written(rows, form), form, authorization=f"Bearer {secret}")
        until(lambda: waiting(world.home / "tasks/pede_lag/outbox") == 0)

    lines = read(answer.content, form)
    assert [(line["error_field"], line["error"]) for line in lines] == [
        (None, None), ("escola", "no such unit is known"), (None, None),
    ]  # fmt: skip
    ids = [lines[place]["prediction_id"] for place in (0, 2)]
    kept = [world.registry.run(PredictionRepository().get(one)) for one in ids]
    assert [one.units for one in kept] == [
        {"escola": "Escola A", "turma": "7B"}, {"escola": "Escola A"},
    ]  # fmt: skip
    assert {one.unit for one in kept} == {"escola a"}


def many_rows(number: int) -> bytes:
    known = bundles.records(500, seed=9)
    return written(
        [{"student_id": f"RA-{i}", **known[i % 500]} for i in range(number)], FileForm.PARQUET
    )


def worker_of(server: Server) -> psutil.Process:
    return psutil.Process(int(str(server.get("/health").json()["parts"]["worker"]["pid"])))


def peak(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


@pytest.mark.slow
def test_a_hundred_thousand_rows_take_little_more_memory_than_ten_thousand(one: Server) -> None:
    worker = worker_of(one)
    for _ in range(4):  # Each has a thread, and the first threads bring memory pools of their own.
        bulk(one, many_rows(10_000), FileForm.PARQUET)
    before = peak(worker)

    answer = bulk(one, many_rows(100_000), FileForm.PARQUET)

    assert pyarrow.parquet.read_table(io.BytesIO(answer.content)).num_rows == 100_000
    assert peak(worker) - before < 40


@pytest.mark.slow
def test_predict_is_answered_while_a_file_is_scored(one: Server) -> None:
    took: list[float] = []
    content = many_rows(60_000)
    sending = threading.Thread(target=bulk, args=(one, content, FileForm.PARQUET))
    sending.start()
    with local.client(base_url=one.url) as client:
        while sending.is_alive():
            started = time.monotonic()
            assert client.post("/predict", json={"inde": 7.5}).status_code == 200
            took.append(time.monotonic() - started)
    sending.join()

    print(
        f"{len(took)} calls, median {sorted(took)[len(took) // 2]:.4f} s, worst {max(took):.3f} s"
    )
    assert len(took) > 20
    assert median(took) < 0.25


@pytest.mark.slow
def test_who_goes_away_stops_the_work(one: Server, world: World) -> None:
    outbox = world.home / "tasks/pede_lag/outbox"
    headers = {"content-type": MEDIA_TYPES[FileForm.PARQUET], "accept": "application/x-ndjson"}

    def records() -> int:
        """Those safe so far; a shipment on its way may be counted twice."""
        return waiting(outbox) + world.registry.run(PredictionRepository().count())

    before = records()
    with local.stream(
        "POST", f"{one.url}/predict/bulk", content=many_rows(100_000), headers=headers, timeout=60
    ) as answer:
        next(answer.iter_bytes())

    time.sleep(2)
    # Nothing is on its way once the outbox is empty, so nothing is counted twice.
    until(lambda: waiting(outbox) == 0)
    stopped = records()
    time.sleep(3)
    assert stopped - before < 80_000
    assert records() == stopped


@pytest.mark.slow
def test_a_kill_midway_loses_no_chunk_that_was_answered(world: World) -> None:
    outbox = world.home / "tasks/pede_lag/outbox"
    headers = {"content-type": MEDIA_TYPES[FileForm.PARQUET], "accept": "application/x-ndjson"}
    seen = b""
    with served(world.home, workers=1) as server:
        until(lambda: all(w["version"] for w in server.workers()))
        worker = worker_of(server)
        with (
            pytest.raises(httpx.HTTPError),
            local.stream(
                "POST", f"{server.url}/predict/bulk", content=many_rows(100_000), headers=headers,
                timeout=60,
            ) as answer,
        ):  # fmt: skip
            for piece in answer.iter_bytes():
                seen += piece
                if len(seen) > 3_000_000:
                    os.kill(worker.pid, signal.SIGKILL)
        left = {orjson.loads(body)["prediction_id"] for body in bodies(outbox)}
        spooled = list((world.home / "tasks/pede_lag/bulk").iterdir())

    lines = [orjson.loads(line) for line in seen.splitlines()[:-1]]
    missing = [line["prediction_id"] for line in lines if line["prediction_id"] not in left]
    assert len(lines) > 1_000
    assert [i for i in missing if world.registry.run(PredictionRepository().find(i)) is None] == []
    assert spooled == []
