"""An embedded server for the plans."""

from __future__ import annotations

from pathlib import Path

import pytest

from database.embedded import lifecycle


@pytest.fixture(scope="module")
def embedded_uri(embedded_home: Path) -> str:
    return lifecycle.ensure_running(embedded_home, idle_seconds=600)
