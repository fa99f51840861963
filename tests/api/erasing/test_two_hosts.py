"""Two hosts of one registry: an erased student is in no byte of either, though one was away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from database import indexes
from database.driver.client import open_registry
from database.embedded import lifecycle
from database.erasing.receipts import HostRepository
from database.labels import OrphanRepository
from database.predictions import PredictionRepository
from tests import local
from tests.api import bundles
from tests.api.bundles import KEY
from tests.api.server import Server, served, until
from tests.api.test_erasure import ODD, WHO, drained, hits, left_waiting

DATA_KEY = "0123456789abcdef"
MINE: dict[str, Any] = {"student_id": WHO, "period": "2023", "inde": ODD[0], "ida": 5.0}


def environment(home: Path, uri: str) -> dict[str, str]:
    return {
        "MONGO_URI": uri, "FAROL_DATA_KEY": DATA_KEY, "FAROL_HOME": str(home),
        "FAROL_SIGNING_KEY": KEY.decode(), "FAROL_BACKUP_DAYS": "30",
    }  # fmt: skip


def receipt(server: Server, receipt_id: str) -> dict[str, Any]:
    answer = server.get(f"/erasures/{receipt_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def predicted(server: Server) -> str:
    answer = server.post("/predict", MINE)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["prediction_id"])


@pytest.mark.slow
def test_a_student_is_found_nowhere_on_two_hosts_of_which_one_was_away(tmp_path: Path) -> None:
    registry, first, second = (tmp_path / name for name in ("registry", "first", "second"))
    for folder in (registry, first, second):
        folder.mkdir()
    try:
        uri = lifecycle.ensure_running(registry)
        with open_registry(uri, "farol") as opened:
            opened.run(indexes.ensure_indexes())
            bundles.promote(opened, bundles.register(opened, bundles.archive()))
        with served(first, workers=1, env=environment(first, uri)) as one:
            until(lambda: one.get("/health/ready").status_code == 200)
            with served(second, workers=1, env=environment(second, uri)) as two:
                until(lambda: two.get("/health/ready").status_code == 200)
                ids = [predicted(server) for server in (one, two) for _ in range(3)]
                until(lambda: drained(one) and drained(two))
                one.post("/labels", [{"prediction_id": ids[0], "outcome": 1}])
                with open_registry(uri, "farol") as opened:
                    until(lambda: opened.run(HostRepository().count()) == 2)
                left_waiting(two)
            # The second host is away, with the student in its outbox and in the outbox's log.
            left_waiting(two)
            assert hits(second)

            told = local.delete(f"{one.url}/students/{WHO}", timeout=30).json()

            assert hits(first) == []
            assert told["deleted"]["predictions"] >= 6
            assert {host["done_at"] is None for host in told["hosts"]} == {True, False}
            assert told["backups"]["days"] == 30
            assert hits(second), "it was away"
            assert not receipt(one, told["receipt_id"])["complete"]
            with served(second, workers=1, env=environment(second, uri)) as back:
                until(lambda: receipt(back, told["receipt_id"])["complete"])
                assert hits(second) == []
                refused(one, ids)
                refused(back, ids)
                assert hits(first) == hits(second) == []
        with open_registry(uri, "farol") as opened:
            kept = opened.run(PredictionRepository().newest(0))
            assert WHO not in {one.student_id for one in kept}
            assert opened.run(OrphanRepository().count()) == 0
    finally:
        lifecycle.stop(registry)
    assert hits(registry) == []


def refused(server: Server, ids: list[str]) -> None:
    """Late records of the student by every route."""
    until(lambda: server.post("/predict", MINE).status_code == 410)
    batch = server.post("/predict/batch", {"records": [MINE]}).json()
    assert [error["index"] for error in batch["errors"]] == [0]
    assert server.post(f"/predict/{WHO}", {}).status_code == 410
    labels = [{"student_id": WHO, "period": "2023", "outcome": 1}]
    labels += [{"prediction_id": one, "outcome": 1} for one in ids]
    told = server.post("/labels", labels).json()
    assert (told["accepted"], len(told["rejected"])) == (0, len(labels))
    assert server.post("/actions", {"student_id": WHO, "kind": "seen"}).status_code == 410
