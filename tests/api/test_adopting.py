"""An installation of before, started anew: its champion serves, signed in today's form."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from database import indexes
from database.driver.client import open_registry
from database.embedded import lifecycle
from database.versions import ModelVersionRepository
from model.live.folder import LiveModel
from tests.api import bundles
from tests.api.bundles import KEY, archive
from tests.api.server import Server, served, until


def test_the_champion_of_before_serves_after_the_first_start(tmp_path: Path) -> None:
    packed, live = archive(), LiveModel(tmp_path)
    pointer = live.publish(packed.statement("v1"), packed.signature("v1"), packed.data, 1)
    uri = lifecycle.ensure_running(tmp_path)
    try:
        with open_registry(uri, "farol") as registry:
            registry.run(indexes.ensure_indexes())
            bundles.promote(registry, bundles.register_of_before(registry, packed, 1))
            document = registry.run(ModelVersionRepository().get("v1"))
            former = asdict(pointer) | {"signature": document.signature}
            former = {k: v for k, v in former.items() if k not in {"task", "trained_on"}}
            live.pointer_path.write_text(json.dumps(former))

            with served(tmp_path, workers=2) as running:
                until(lambda: [w["version"] for w in running.workers()] == ["v1", "v1"])
                until(lambda: running.get("/health").json()["status"] == "ok")
                registry.run(ModelVersionRepository().get("v1")).verify(KEY)
                bundles.promote(registry, bundles.register_of_before(registry, archive(1.0), 2))
                champion = until_quarantined(running)

        assert champion["version"] == "v1"
        assert "deployment.restore --re-sign" in champion["reason"]
        assert (tmp_path / "tasks/pede_lag/adopted.json").stat().st_mode & 0o777 == 0o600
    finally:
        lifecycle.stop(tmp_path)


def until_quarantined(running: Server) -> dict[str, str]:
    until(lambda: running.get("/health").json()["parts"]["champion"]["state"] == "degraded")
    found: dict[str, str] = running.get("/health").json()["parts"]["champion"]
    return found
