"""An erased student is in no file under the home, and does not come back by any route."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from api.durability.outbox import Outbox
from database import indexes
from database.driver.client import open_registry
from database.embedded import lifecycle
from database.erasing.tidying import tidy
from tests import local
from tests.api import bundles
from tests.api.bundles import KEY
from tests.api.server import ROOT, Server, served, until
from tests.api.test_prediction_log import prediction
from tests.trail import entries, settled

WHO = "RA-erase-me-7731"
ODD = (7.123457, 6.234561, 3.345619)
"""Feature values that nobody else has: predicted, in the school's file, in the corrected one."""

HEAD = "RA,Fase,INDE 2023,IAA,IDA,IPV,Defasagem\n"
OTHERS = "".join(f"RA-{n},3,7.5,8,7,6,0\n" for n in range(40))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    folder.mkdir()
    try:
        with open_registry(lifecycle.ensure_running(folder), "farol") as registry:
            registry.run(indexes.ensure_indexes())
            bundles.promote(registry, bundles.register(registry, bundles.archive()))
        yield folder
    finally:
        lifecycle.stop(folder)


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    with served(home, workers=2) as running:
        until(lambda: all(w["version"] for w in running.workers()))
        yield running


def hits(home: Path) -> list[str]:
    """The files below the home that hold the student's id or one of the odd values."""
    wanted = [WHO.encode()]
    for value in ODD:
        wanted += [str(value).encode(), struct.pack("<d", value), struct.pack(">d", value)]
    while True:
        files = [path for path in home.rglob("*") if path.is_file()]
        assert files
        try:
            return [path.name for path in files if any(w in path.read_bytes() for w in wanted)]
        except FileNotFoundError:
            # What was in it is in another one by now, so all are read again.
            continue


def ingest(home: Path, path: Path, grade: float) -> str:
    path.write_text(f"{HEAD}{WHO},3,{grade},8,7,6,-1\n{OTHERS}", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "preprocessing.ingest", str(path)],
        cwd=ROOT,
        env=os.environ | {"FAROL_HOME": str(home), "FAROL_SIGNING_KEY": KEY.decode()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def drained(server: Server) -> bool:
    parts = server.get("/health").json()["parts"]
    return not any(outbox_rows(server.home)) and parts["registry"]["state"] == "ok"


def outbox_rows(home: Path) -> list[int]:
    rows = []
    for path in (home / "tasks/pede_lag/outbox").glob("slot-*.sqlite"):
        box = Outbox(path)
        rows.append(box.rows)
        box.close()
    return rows


def left_waiting(server: Server) -> None:
    """A worker that died left one in its outbox, and another worker ships it."""
    box = Outbox(server.home / "tasks/pede_lag/outbox" / "slot-9.sqlite")
    box.put([replace(prediction(WHO), features={"inde": ODD[0]})])
    box.close()


def known_everywhere(server: Server, file: Path) -> str:
    """Predicted in a burst that goes through the outboxes, labelled and in a school's file."""
    mine = {"student_id": WHO, "period": "2023", "inde": ODD[0], "ida": 5.0}
    ids = []
    with local.client(base_url=server.url, timeout=20) as client:
        for number in range(600):
            one = mine if number % 20 == 0 else {"student_id": f"RA-{number % 40}", "inde": 6.0}
            ids.append(client.post("/predict", json=one).raise_for_status().json()["prediction_id"])
    left_waiting(server)
    until(lambda: drained(server))
    server.post("/labels", [{"prediction_id": ids[0], "outcome": 1}, {**_subject(), "outcome": 0}])
    server.post("/labels", {"student_id": WHO, "period": "2021", "outcome": 1})
    ingest(server.home, file, ODD[1])
    return str(ids[0])


def _subject() -> dict[str, str]:
    return {"student_id": WHO, "period": "2023"}


def erased(server: Server) -> dict[str, int]:
    answer = local.delete(f"{server.url}/students/{WHO}", timeout=30)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    receipt = server.get(f"/erasures/{told['receipt_id']}")
    assert WHO not in receipt.text, "the receipt that is kept does not say who"
    assert receipt.json()["complete"], "the one host there is has done its part at once"
    assert receipt.json()["tasks"] == told["tasks"]
    deleted: dict[str, int] = told["deleted"]
    return deleted


def test_no_file_under_the_home_holds_an_erased_student(server: Server, tmp_path: Path) -> None:
    known_everywhere(server, tmp_path / "pede_2023.csv")
    assert hits(server.home)

    deleted = erased(server)

    assert deleted["predictions"] == 31
    assert hits(server.home) == []


def test_late_records_by_every_route_are_refused(server: Server, tmp_path: Path) -> None:
    old = known_everywhere(server, tmp_path / "pede_2023.csv")
    erased(server)
    mine = {"student_id": WHO, "period": "2023", "inde": ODD[0]}
    # Asked often: the workers share one socket, and few calls may reach one of them alone.
    until(lambda: all(server.post("/predict", mine).status_code == 410 for _ in range(24)), 6)

    gone = server.post("/predict", mine)
    assert WHO not in gone.text
    assert gone.json()["errors"][0]["field"] == "student_id"
    batch = server.post("/predict/batch", {"records": [mine, {"inde": 5.0}]}).json()
    assert [e["index"] for e in batch["errors"]] == [0]
    assert server.post(f"/predict/{WHO}", {}).status_code == 410
    labels = [{**_subject(), "outcome": 1}, {"prediction_id": old, "outcome": 1}]
    told = server.post("/labels", labels).json()
    assert (told["accepted"], len(told["rejected"])) == (0, 2)
    assert "erased" in told["rejected"][0]["reason"]
    assert "1 rows refused" in ingest(server.home, tmp_path / "pede_2023.csv", ODD[2])

    left_waiting(server)
    until(lambda: drained(server), 20)

    assert local.delete(f"{server.url}/students/{WHO}").status_code == 404
    files = lifecycle.data_file(server.home, "farol")
    assert tidy(server.home / "tasks/pede_lag/outbox", files) == ()
    assert hits(server.home) == []


@pytest.mark.slow
def test_a_readmitted_student_is_taken_again_and_the_audit_says_so(
    server: Server, tmp_path: Path
) -> None:
    known_everywhere(server, tmp_path / "pede_2023.csv")
    erased(server)

    back = server.post(f"/students/{WHO}/readmit", {"reason": "came back to the school"})

    assert back.status_code == 200
    assert server.post(f"/students/{WHO}/readmit", {"reason": "again"}).status_code == 404
    assert server.post(f"/students/{WHO}/readmit", {}).json()["errors"][0]["field"] == "reason"
    mine = {"student_id": WHO, "period": "2023", "inde": ODD[0]}
    until(lambda: all(server.post("/predict", mine).status_code == 200 for _ in range(8)), 6)
    with open_registry(lifecycle.ensure_running(server.home), "farol") as registry:
        settled(server.home)
        newest = [e for e in registry.run(entries()) if e.action in {"readmit", "erase"}][:2]
    assert [(e.action, e.detail) for e in newest] == [
        ("readmit", "came back to the school"), ("erase", "pede_lag"),
    ]  # fmt: skip
    assert newest[0].subject == newest[1].subject and WHO not in str(newest)
