"""Three hosts with networks of their own, and a cut between one of them and the registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.studies.hosts.network import impossible
from tests.studies.hosts.story import one_cut_off, town


@pytest.mark.long
def test_a_host_off_the_network_follows_what_came_meanwhile_within_what_is_promised(
    tmp_path: Path,
) -> None:
    if reason := impossible():
        pytest.skip(reason)

    with town(tmp_path) as here:
        course = one_cut_off(here, seconds=10, version="v2", name="cut")

    assert course.broken == []
