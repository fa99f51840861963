"""What all tests may use: the real data, where it is, and nothing that needs resetting."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

# They run in environments of their own, with libraries that this one does not have.
collect_ignore = ["benchmarks/peers"]

# How fast a machine makes examples is no promise: a fresh clone has no table of characters yet.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.fixture(scope="module", autouse=True)
def _main_script() -> Iterator[None]:
    """The main module of before: Streamlit leaves a page there, and a process that a later test
    spawns would run it anew.
    """
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real school files; absent data skips a test, but never in CI, which has it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"{folder} is absent in CI")
        pytest.skip(f"the real data is not in {folder}")
    return folder
