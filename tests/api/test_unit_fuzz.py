"""A short run of the study of random calls with a key of one school."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.studies.unit_fuzz import city, fuzz


@pytest.mark.slow
def test_no_byte_of_another_schools_students_leaves_and_nobody_is_told_apart(
    tmp_path: Path,
) -> None:
    with city(tmp_path) as world:
        found = fuzz(world, 150, seed=1, say=lambda _: None)

    assert found.leaks == []
    assert found.told_apart == []
    assert {200, 403, 404} <= found.statuses.keys()
