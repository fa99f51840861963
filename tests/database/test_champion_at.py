"""Which model was champion at any moment of any history."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from database.promotions import PromotionRepository
from tests.database.builders import START, promotion
from tests.database.drivers import MongomockRegistry


@settings(max_examples=20, deadline=None, database=None, derandomize=True)
@given(
    gaps=st.lists(st.integers(0, 3), min_size=1, max_size=12),
    moments=st.lists(st.integers(-2, 30), min_size=50, max_size=50),
)
def test_the_ledger_knows_the_champion_of_every_moment(gaps: list[int], moments: list[int]) -> None:
    registry = MongomockRegistry("farol")
    history: list[tuple[datetime, str]] = []
    moment = START
    for revision, gap in enumerate(gaps):
        moment += timedelta(hours=gap)
        before = history[-1][1] if history else None
        wanted = promotion(f"run-{revision}", f"v{revision % 4}.{revision}", before, moment)
        registry.run(PromotionRepository().promote(wanted, expected_revision=revision))
        history.append((moment, wanted.challenger))

    for hours in moments:
        asked = START + timedelta(hours=hours)
        served = [version for since, version in history if since <= asked]
        expected = served[-1] if served else None
        assert registry.run(PromotionRepository().champion_at(asked)) == expected
