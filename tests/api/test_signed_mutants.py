"""Model texts that are signed and wrong: the workers outlive every one of them."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.champion import ChampionHolder
from model.archive import pack, unpack
from model.bundle import load_bundle
from model.errors import BundleError
from model.live.folder import LiveModel
from preprocessing.predictor import Predictor
from preprocessing.task.spec import load_task
from tests.api import bundles
from tests.api.bundles import KEY, Archive
from tests.api.conftest import World
from tests.api.server import served, until
from tests.model.test_lightgbm_form import mutants, tree
from training.lightgbm_text import constant, text_model

pytestmark = pytest.mark.slow

AT_A_WORKER = 6


def text(width: int) -> bytes:
    return text_model([constant(0.25), tree(), tree()], width)


def signed(mutant: bytes | None = None) -> Archive:
    """A bundle whose golden scores are the genuine text's, and whose text is the mutant."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "bundle"
        serves = (lambda data: data) if mutant is None else (lambda _: mutant)
        bundles.write(folder, 0.0, load_task("pede_lag"), text=text, serves=serves)
        return Archive(pack(folder))


def genuine() -> tuple[Archive, bytes]:
    packed = signed()
    with tempfile.TemporaryDirectory() as name:
        unpack(packed.data, Path(name))
        return packed, (Path(name) / "model.txt").read_bytes()


def sample(data: bytes, n: int) -> list[bytes]:
    made = sorted(set(mutants(data)) - {data})
    return made[:: max(1, len(made) // n)]


def test_every_signed_mutant_is_refused_or_scores_as_before(tmp_path: Path) -> None:
    packed, data = genuine()
    holder = ChampionHolder(LiveModel(tmp_path), load_task("pede_lag"), KEY)
    unpack(packed.data, tmp_path / "genuine")
    known = bundles.records(60, seed=1)[:5]
    expected = Predictor(load_bundle(tmp_path / "genuine")).score_many(known).tolist()

    def tried(numbered: tuple[int, bytes]) -> str | None:
        folder = tmp_path / f"m{numbered[0]}"
        unpack(signed(numbered[1]).data, folder)
        try:
            holder.check(folder)
        except BundleError as error:
            return str(error)
        scores = Predictor(load_bundle(folder)).score_many(known).tolist()
        assert scores == expected
        return None

    with ThreadPoolExecutor(4) as pool:
        reasons = list(pool.map(tried, enumerate(sample(data, 56))))

    assert len(reasons) >= 56
    assert all(reason for reason in reasons if reason is not None)
    assert sum(reason is not None for reason in reasons) > 40


def test_a_worker_outlives_signed_mutants_that_are_made_champion(world: World) -> None:
    packed, data = genuine()
    aborting = data.replace(b"num_leaves=3", b"num_leaves=-5", 1)
    with served(world.home, workers=1) as one:
        until(lambda: bool(one.workers()) and bool(one.workers()[0]["version"]))
        pid, serving = one.workers()[0]["pid"], one.get("/model").json()["version"]

        for mutant in [aborting, *sample(data, AT_A_WORKER)]:
            bad = bundles.register(world.registry, signed(mutant))
            bundles.promote(world.registry, bad)
            until(
                lambda bad=bad: (  # type: ignore[misc]
                    bad
                    in (
                        one.workers()[0]["version"],
                        one.get("/health").json()["parts"]["champion"].get("quarantined"),
                    )
                )
            )
            assert one.post("/predict", {"inde": 7.5}).status_code == 200
            bundles.promote(world.registry, serving)
            until(lambda: one.get("/health").json()["status"] == "ok")

        assert [worker["pid"] for worker in one.workers()] == [pid]
        good = bundles.register(world.registry, packed)
        bundles.promote(world.registry, good)
        until(lambda: one.workers()[0]["version"] == good)
