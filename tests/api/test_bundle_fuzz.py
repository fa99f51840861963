"""Mutated bundles, signed all the same: no worker dies, and the champion keeps serving.

A short run of the study; `python -m tests.studies.bundle_fuzz --bundles 500` is the long one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.studies.bundle_fuzz import MOST_MEMORY, fuzz_bundles, fuzz_served


@pytest.mark.slow
def test_a_mutated_bundle_is_refused_with_a_reason_or_answers_every_request(
    tmp_path: Path,
) -> None:
    found = fuzz_bundles(tmp_path, range(80), seed=3)

    assert found.faults == []
    assert found.refused > 40
    assert found.memory < MOST_MEMORY


@pytest.mark.slow
def test_workers_outlive_mutated_bundles_that_are_made_champion(tmp_path: Path) -> None:
    assert fuzz_served(tmp_path, range(4), seed=3) == []
