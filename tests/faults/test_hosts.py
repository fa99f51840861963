"""Two hosts, and a cut between one of them and the registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from database.predictions import PredictionRepository
from tests import local
from tests.api.server import Server, until
from tests.faults.conftest import Installation, hosted
from tests.faults.school import RECORD, School, await_seen, kept, served_before
from tests.faults.table import TWO_HOSTS, WELL
from tests.faults.worker import working

pytestmark = pytest.mark.long

ERASED = "S-erased-meanwhile"


def test_a_host_that_was_cut_off_follows_what_came_meanwhile(
    installation: Installation, tmp_path: Path
) -> None:
    assert TWO_HOSTS.seen is not None
    with (
        hosted(installation, tmp_path / "cut", workers=1) as cut,
        hosted(installation, tmp_path / "other", workers=1) as other,
        working(installation, cut.way, _folder(tmp_path, "a")) as former,
        working(installation, other.way, _folder(tmp_path, "b")) as later,
    ):
        student = served_before(cut.server)
        schools = School(cut.server.url), School(other.server.url)
        before = _predicted(cut.server)

        with schools[0].open(), schools[1].open():
            with cut.way.severed():
                await_seen(cut.server, TWO_HOSTS.seen, [student])
                there = _predicted(cut.server)
                promoted = other.server.post("/models/v2/promote", {"reason": "better"})
                erased = local.delete(f"{other.server.url}/students/{ERASED}", timeout=30)
                until(lambda: other.versions == {"v2"})
                meanwhile = cut.versions
                former.asked_for()
                later.does_it()
            until(lambda: cut.versions == {"v2"})
            await_seen(cut.server, WELL, [student])
            until(lambda: cut.server.post("/predict", _record()).status_code == 410)
            begun = former.new_lines()

        assert (promoted.status_code, erased.status_code) == (200, 200)
        assert (meanwhile, begun) == ({"v1"}, [])
        kept(installation.registry, *schools)
        assert installation.registry.run(PredictionRepository().known([before, there])) == set()


def _record() -> dict[str, object]:
    return RECORD | {"student_id": ERASED}


def _predicted(server: Server) -> str:
    answer = server.post("/predict", _record())
    answer.raise_for_status()
    return str(answer.json()["prediction_id"])


def _folder(under: Path, name: str) -> Path:
    found = under / name
    found.mkdir()
    return found
