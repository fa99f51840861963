from __future__ import annotations

from api.manual_moves import rollback_target
from model.promotion import DecisionStatus, Promotion
from tests.api.bundles import NOW


def decisions(*moves: tuple[str, str]) -> list[Promotion]:
    ledger = [
        Promotion(
            str(i), NOW, "test", action, DecisionStatus.PROMOTED, version, None, (), revision=i
        )
        for i, (action, version) in enumerate(moves, 1)
    ]
    return ledger[::-1]


def test_the_first_champion_cannot_be_rolled_back() -> None:
    assert rollback_target([]) is None
    assert rollback_target(decisions(("train", "v1"))) is None


def test_a_rollback_leads_to_the_version_before() -> None:
    assert rollback_target(decisions(("train", "v1"), ("train", "v3"))) == "v1"


def test_rolling_back_twice_goes_back_two_promotions() -> None:
    ledger = decisions(("train", "v1"), ("train", "v2"), ("train", "v3"), ("rollback", "v2"))

    assert rollback_target(ledger) == "v1"


def test_after_a_rollback_and_a_promotion_the_rolled_back_version_is_not_a_target() -> None:
    ledger = decisions(("train", "v1"), ("train", "v2"), ("rollback", "v1"), ("promote", "v4"))

    assert rollback_target(ledger) == "v1"


def test_decisions_that_kept_the_champion_do_not_count() -> None:
    kept = Promotion("9", NOW, "pipeline", "train", DecisionStatus.KEPT, "v2", "v1", ())

    assert rollback_target([kept, *decisions(("train", "v1"))]) is None
