"""What the commands run in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from database.embedded import lifecycle


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """`FAROL_HOME` of an installation, whose registry is stopped with the test."""
    yield tmp_path
    lifecycle.stop(tmp_path)
