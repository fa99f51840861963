"""A short run of the study of calls that are made from the OpenAPI page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.studies.schema_fuzz import fuzz, installation


@pytest.mark.slow
def test_no_call_of_any_route_is_answered_otherwise_than_the_page_says(tmp_path: Path) -> None:
    with installation(tmp_path) as place:
        found = fuzz(place, 150, start=1, say=lambda _: None)

    assert found.faults == {}
    assert {200, 401, 404, 422} <= found.statuses.keys()
