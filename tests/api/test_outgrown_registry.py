"""An embedded registry that was outgrown works on, and everybody who looks is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from database.embedded import lifecycle
from database.embedded.outgrown import LIMIT_BYTES
from tests.api.server import served

pytestmark = pytest.mark.slow


def test_health_metrics_and_log_tell_that_the_registry_was_outgrown(tmp_path: Path) -> None:
    lifecycle.ensure_running(tmp_path)
    with (lifecycle.folder_of(tmp_path) / "large.db").open("wb") as file:
        file.truncate(LIMIT_BYTES + 1)  # A hole: it takes no room on the disk.
    try:
        with served(tmp_path, workers=1) as server:
            part = server.get("/health").json()["parts"]["registry"]
            page = server.get("/metrics").text
    finally:
        lifecycle.stop(tmp_path)

    assert (part["state"], part["outgrown"]) == ("ok", True)
    assert part["bytes"] > part["limit_bytes"]
    assert "deployment.migrate_to_mongo --from" in part["detail"]
    assert "farol_registry_outgrown 1.0" in page
    log = (tmp_path / "server.log").read_text()
    assert log.count("has outgrown the embedded registry") == 1
