"""Bad bundles on purpose, and swaps under load."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from model.archive import pack
from preprocessing.encoder import FeatureEncoder
from preprocessing.task.spec import load_task
from tests import local
from tests.api import bundles
from tests.api.bundles import Archive
from tests.api.conftest import World
from tests.api.server import Server, served, until

RECORD = {"inde": 7.5, "ida": 3.0, "fase": 3}


def truncated() -> Archive:
    return Archive(bundles.archive(2.0).data[:3000])


def corrupt() -> Archive:
    data = bundles.archive(2.0).data
    return Archive(data.replace(b'"intercept":2.0', b'"intercept":9.0'))


def wrongly_signed() -> Archive:
    return bundles.archive(2.0, key=b"somebody else's key")


def of_another_task() -> Archive:
    task = load_task("pede_lag")
    return Archive(bundles.archive(2.0, task=task.model_copy(update={"name": "another"})).data)


def scoring_differently() -> Archive:
    with tempfile.TemporaryDirectory() as folder:
        bundles.write(Path(folder) / "bundle", 2.0, load_task("pede_lag"), golden_off=1e-6)
        return Archive(pack(Path(folder) / "bundle"))


BAD = [truncated, corrupt, wrongly_signed, of_another_task, scoring_differently]


@pytest.fixture(scope="module")
def pair(world: World) -> Iterator[Server]:
    with served(world.home, workers=2) as running:
        until(lambda: len(running.workers()) == 2 and all(w["version"] for w in running.workers()))
        yield running


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_a_bundle_that_cannot_be_trusted_is_quarantined_and_the_champion_stays(
    pair: Server, world: World, make: Callable[[], Archive]
) -> None:
    serving = pair.get("/model").json()["version"]
    bad = bundles.register(world.registry, make())
    bundles.promote(world.registry, bad)

    until(lambda: pair.get("/health").json()["parts"]["champion"]["state"] == "degraded", 5)

    champion = pair.get("/health").json()["parts"]["champion"]
    assert (champion["version"], champion["quarantined"]) == (serving, bad)
    assert champion["reason"]
    assert pair.get("/health").status_code == 200
    assert pair.post("/predict", RECORD).json()["model_version"] == serving
    until(lambda: 'farol_champion_degraded{task="pede_lag"} 1.0' in pair.get("/metrics").text, 5)

    assert pair.post(f"/models/{serving}/promote", {"reason": "again"}).status_code == 200
    until(lambda: pair.get("/health").json()["status"] == "ok", 5)


def test_a_folder_that_went_bad_on_disk_is_fetched_anew(pair: Server, world: World) -> None:
    version = pair.get("/model").json()["version"]
    live = world.home / "tasks/pede_lag/model" / "live"
    (live / "versions" / version / "manifest.json").write_bytes(b"{}")

    # Touching the pointer makes every worker load the folder again.
    pointer = live / "champion.json"
    pointer.write_bytes(pointer.read_bytes().replace(b'"bundle":"', b'"bundle":"0'))

    until(lambda: (live / "versions" / version / "manifest.json").read_bytes() != b"{}", 10)
    until(lambda: pair.get("/health").json()["status"] == "ok", 10)
    assert pair.post("/predict", RECORD).json()["model_version"] == version


def test_swaps_under_load_fail_no_request_and_mix_no_versions(world: World, pair: Server) -> None:
    offsets = {pair.get("/model").json()["version"]: 0.0}
    for offset in (1.0, 2.0):
        offsets[bundles.register(world.registry, bundles.archive(offset))] = offset
    margin = _margin()
    failures: list[object] = []
    answered: dict[str, int] = {}
    stop = threading.Event()

    def ask() -> None:
        with local.client(base_url=pair.url) as client:
            while not stop.is_set():
                answer = client.post("/predict", json=RECORD)
                body = answer.json()
                if answer.status_code != 200:
                    failures.append(body)
                    continue
                expected = 1 / (
                    1 + pow(2.718281828459045, -(margin + offsets[body["model_version"]]))
                )
                if abs(body["risk_score"] - expected) > 1e-9:
                    failures.append(body)
                answered[body["model_version"]] = answered.get(body["model_version"], 0) + 1

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    try:
        for version in [*offsets][1:] + [*offsets][:1]:
            bundles.promote(world.registry, version)
            took = until(lambda v=version: {w["version"] for w in pair.workers()} == {v}, 5)  # type: ignore[misc]
            assert took < 2
            time.sleep(0.1)
    finally:
        stop.set()
        for asker in askers:
            asker.join()

    assert failures == []
    assert answered.keys() == offsets.keys()


def _margin() -> float:
    """The test model's margin of RECORD without its offset, computed apart from the server."""
    encoder = FeatureEncoder.fit(load_task("pede_lag"), bundles.records(60, seed=1))
    row = encoder.encode_one({name: float(value) for name, value in RECORD.items()})
    step = 1.5 / (len(row) - 1)
    return float(sum(value * (-1.0 + step * i) for i, value in enumerate(row)))
