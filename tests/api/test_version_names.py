"""A version's name comes from the registry, where somebody else may be able to write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from database.aliases import CHAMPION, AliasRepository
from database.driver.commands import DeleteMany, Document, InsertMany
from database.mapping.documents import to_document
from database.promotions import PromotionRepository
from database.versions import ModelVersionRepository
from model.promotion import DecisionStatus, Promotion
from tests.api import bundles
from tests.api.conftest import World
from tests.api.server import Server, served, until

VICTIM = "../../../../victim"
REASON = {"reason": "a test"}


@pytest.fixture(scope="module")
def one(world: World) -> Iterator[Server]:
    with served(world.home, workers=1) as running:
        until(lambda: bool(running.workers()) and all(w["version"] for w in running.workers()))
        yield running


def test_a_version_named_like_a_path_leaves_that_folder_alone_and_the_champion_serves(
    one: Server, world: World
) -> None:
    victim = world.home / "tasks/pede_lag/model" / "live" / "versions" / VICTIM
    victim.mkdir()
    (victim / "kept.txt").write_text("kept")
    serving = one.get("/model").json()["version"]
    real = world.registry.run(ModelVersionRepository().get(serving))
    planted = to_document(replace(real, version=VICTIM, number=99), key="version")
    world.registry.execute(InsertMany(ModelVersionRepository.collection, [planted]))

    bundles.promote(world.registry, VICTIM)
    until(lambda: one.get("/health").json()["parts"]["champion"]["state"] == "degraded", 5)

    champion = one.get("/health").json()["parts"]["champion"]
    assert (champion["version"], champion["quarantined"]) == (serving, VICTIM)
    assert "versions are named v1, v2" in champion["reason"]
    assert [p.name for p in victim.iterdir()] == ["kept.txt"]
    assert one.post("/predict", {"inde": 7.5, "ida": 3.0, "fase": 3}).status_code == 200
    assert [v["version"] for v in one.get("/models").json()["models"]] == [serving]


def test_a_rollback_to_a_name_that_is_no_versions_moves_nothing(one: Server, world: World) -> None:
    serving = one.get("/model").json()["version"]
    # The ledger says that the planted name served before.
    assert one.post(f"/models/{serving}/promote", REASON).status_code == 200
    before = world.registry.run(AliasRepository().find(CHAMPION))
    planted = decision(VICTIM, serving, revision=0)
    world.registry.execute(InsertMany(PromotionRepository.collection, [planted]))
    world.registry.execute(
        DeleteMany(PromotionRepository.collection, {"revision": {"$in": [1, 2]}})
    )

    answer = one.post("/model/rollback", REASON)

    assert answer.status_code == 409
    assert "names no version" in answer.json()["detail"]
    assert world.registry.run(AliasRepository().find(CHAMPION)) == before


def decision(version: str, champion: str, *, revision: int) -> Document:
    made = Promotion(
        "planted", bundles.NOW, "test", "train", DecisionStatus.PROMOTED, version, champion,
        ("test",), revision=revision,
    )  # fmt: skip
    return to_document(made, key="promotion_id")


@pytest.mark.parametrize("name", ["v01", "v1%0A", "..%2F..%2Fvictim", "v%D9%A1", "v1234567890"])
def test_a_route_knows_no_version_of_another_name(one: Server, name: str) -> None:
    assert one.get(f"/models/{name}").status_code == 404
    assert one.get(f"/models/{name}/card").status_code == 404
    assert one.post(f"/models/{name}/promote", REASON).status_code == 404
