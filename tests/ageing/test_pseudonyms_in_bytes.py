"""With keyed pseudonyms no file of an installation holds a student's id, whichever way it came."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pyarrow
import pyarrow.parquet
import pytest

from api.bulk.formats import MEDIA_TYPES, FileForm
from database import indexes
from database.driver.client import open_registry
from database.embedded import lifecycle
from database.erasing.tidying import tidy
from database.labels import LabelRepository
from database.predictions import PredictionRepository
from model.pseudonyms.pseudonyms import Pseudonyms
from tests import local
from tests.api import bundles
from tests.api.server import Server, served, until

KNOWN = Pseudonyms(b"the key that nobody else has, 32+")
ENV = {"FAROL_PSEUDONYMS": "key", "FAROL_PSEUDONYM_KEY": KNOWN.secret.decode()}
MARK = "RA-clear-"
RECORD = {"inde": 7.5, "ida": 3.0, "period": "2024"}
FILE = f"RA,Fase,INDE 2024,IAA,IDA,IPV,Defasagem\n{MARK}file,3,7.5,8,7,6,-1\n"
CSV = {"content-type": "text/csv"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    uri = lifecycle.ensure_running(tmp_path)
    try:
        with open_registry(uri, "farol") as registry:
            registry.run(indexes.ensure_indexes())
            bundles.promote(registry, bundles.register(registry, bundles.archive()))
        with served(tmp_path, workers=1, access_log=True, env=ENV) as running:
            until(lambda: running.get("/health/ready").status_code == 200)
            yield running
    finally:
        lifecycle.stop(tmp_path)


@pytest.mark.slow
def test_no_byte_names_a_student_and_every_way_in_means_the_same_child(server: Server) -> None:
    who = {way: MARK + way for way in ("one", "batch", "csv", "ndjson", "parquet", "file")}

    assert (
        server.post("/predict", RECORD | {"student_id": who["one"]}).json()["student_id"]
        == (who["one"])
    )
    batch = {"records": [RECORD | {"student_id": who["batch"]}]}
    assert server.post("/predict/batch", batch).is_success
    cells = {"student_id": [who["parquet"]], "inde": [7.5], "ida": [3.0]}
    pyarrow.parquet.write_table(pyarrow.table(cells), sink := pyarrow.BufferOutputStream())
    bodies = {
        FileForm.CSV: f"student_id,inde,ida\n{who['csv']},7.5,3\n".encode(),
        FileForm.NDJSON: orjson.dumps(RECORD | {"student_id": who["ndjson"]}) + b"\n",
        FileForm.PARQUET: sink.getvalue().to_pybytes(),
    }
    assert {*bodies} == {*FileForm}
    for form, body in bodies.items():
        head = {"content-type": MEDIA_TYPES[form], "accept": "application/x-ndjson"}
        answered = local.post(
            server.url + "/predict/bulk",
            params={"period": "2024"},
            content=body,
            headers=head,
            timeout=60,
        )
        assert answered.json()["student_id"].startswith(MARK)
    kept = local.post(
        server.url + "/files", content=FILE, headers=CSV, params={"period": "2024"}, timeout=60
    )
    assert kept.json()["tables"][0]["rows_kept"] == 1
    with open_registry(lifecycle.ensure_running(server.home), "farol") as registry:
        keys = [KNOWN.of(one) for one in who.values()]
        until(lambda: len(registry.run(PredictionRepository().of_students(keys, ["2024"]))) == 5)

        label = {"student_id": who["one"], "period": "2024", "outcome": 1}
        assert server.post("/labels", label).json()["joined"] == 1
        (labelled,) = registry.run(LabelRepository().newest())
        assert labelled.student_id == KNOWN.of(who["one"])
    action = {"student_id": who["one"], "kind": "seen"}
    assert server.post("/actions", action).is_success
    for name in (who["file"], KNOWN.of(who["file"])):
        listed = server.get(f"/students/at-risk?search={name}&status=expected").json()["students"]
        listed += server.get(f"/students/at-risk?search={name}").json()["students"]
        assert {one["student_id"] for one in listed} == {KNOWN.of(who["file"])}
        assert server.post(f"/predict/{name}").json()["student_id"] == name
        assert server.get(f"/students/{name}").is_success
    assert MARK not in server.get("/predictions/log?format=ndjson").text
    assert MARK not in server.get("/outcomes/missing?period=2024").text
    assert local.delete(f"{server.url}/students/{who['one']}", timeout=60).json()["deleted"][
        "predictions"
    ]
    again = server.post("/predict", RECORD | {"student_id": KNOWN.of(who["one"])})
    assert again.status_code == 410

    tidy(server.home / "tasks" / "pede_lag" / "outbox", None)
    files = [path for path in server.home.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path.name for path in files if MARK.encode() in path.read_bytes()] == []
