"""The ledger where a process died or another one was quicker, and what a refused run is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from database.aliases import AliasRepository
from database.driver.commands import Command, Find, InsertMany, Op, ReplaceMany
from database.indexes import ensure_indexes
from database.leases import LeaseRepository
from database.promotions import PromotionRepository
from model.errors import Conflict, LeaseLost
from model.promotion import DecisionStatus, Promotion
from model.run import Lease
from tests.database.builders import START, at, promotion
from tests.database.drivers import MongomockRegistry

KEPT = DecisionStatus.KEPT


@pytest.fixture
def registry(db: str) -> MongomockRegistry:
    registry = MongomockRegistry(db)
    registry.run(ensure_indexes())
    return registry


def lease(token: int) -> Lease:
    return Lease("retraining", f"run {token}", token, at(1))


def died_before_the_ledger(registry: MongomockRegistry, wanted: Promotion, revision: int) -> None:
    """A promotion whose process ended after its first write, to the alias."""
    op = PromotionRepository().promote(wanted, expected_revision=revision)
    command: Command = next(op)
    moved = False
    while not (moved and isinstance(command, InsertMany)):
        answer = registry.execute(command)
        moved = moved or (isinstance(command, (InsertMany, ReplaceMany)) and _alias(command))
        command = op.send(answer)
    op.close()


def _alias(command: InsertMany | ReplaceMany) -> bool:
    return command.collection == AliasRepository.collection


def before_its_write(registry: MongomockRegistry, late: Op[Any], quicker: Op[Any]) -> Any:
    """Runs `late` up to its first write to the alias, then all of `quicker`, then the rest."""
    command = next(late)
    while not (isinstance(command, (InsertMany, ReplaceMany)) and _alias(command)):
        command = late.send(registry.execute(command))
    registry.run(quicker)
    try:
        while True:
            command = late.send(registry.execute(command))
    except StopIteration as stop:
        return stop.value


def ids(found: list[Promotion]) -> list[str]:
    return [one.promotion_id for one in found]


def test_only_a_decision_to_keep_is_added(registry: MongomockRegistry) -> None:
    for refused in (promotion(), replace(promotion(status=KEPT), revision=3)):
        with pytest.raises(ValueError, match="a promotion is recorded by promote"):
            registry.run(PromotionRepository().add(refused))

    assert registry.run(PromotionRepository().newest(0)) == []


def test_only_a_decision_to_promote_moves_the_champion(registry: MongomockRegistry) -> None:
    with pytest.raises(ValueError, match="only a decision to promote moves the champion"):
        registry.run(PromotionRepository().promote(promotion(status=KEPT), expected_revision=0))

    assert registry.run(AliasRepository().find("champion")) is None


def test_a_conflict_names_what_serves_and_what_was_expected(registry: MongomockRegistry) -> None:
    with pytest.raises(Conflict, match="the champion is at revision 0, not 4"):
        registry.run(PromotionRepository().promote(promotion(), expected_revision=4))
    with pytest.raises(Conflict, match="the champion is None, not v7"):
        registry.run(PromotionRepository().promote(promotion(champion="v7"), expected_revision=0))


def test_of_two_first_promotions_at_once_one_counts(registry: MongomockRegistry) -> None:
    mine = PromotionRepository().promote(promotion("mine", "v1"), expected_revision=0)
    theirs = PromotionRepository().promote(promotion("theirs", "v2"), expected_revision=0)

    with pytest.raises(Conflict):
        before_its_write(registry, mine, theirs)

    assert ids(registry.run(PromotionRepository().newest(0))) == ["theirs"]


def test_a_run_that_is_fenced_off_while_it_promotes_moves_nothing(
    registry: MongomockRegistry,
) -> None:
    registry.run(
        PromotionRepository().promote(promotion("a", "v1"), expected_revision=0, lease=lease(1))
    )
    late = PromotionRepository().promote(
        promotion("b", "v2", "v1"), expected_revision=1, lease=lease(1)
    )

    with pytest.raises(Conflict):
        before_its_write(registry, late, PromotionRepository().fence(lease(2)))

    champion = registry.run(AliasRepository().find("champion"))
    assert champion is not None
    assert (champion.version, champion.revision) == ("v1", 1)
    assert ids(registry.run(PromotionRepository().newest(0))) == ["a"]


def test_a_fence_before_the_first_promotion_has_nothing_to_hold(
    registry: MongomockRegistry,
) -> None:
    registry.run(PromotionRepository().fence(lease(5)))

    assert registry.run(AliasRepository().find("champion")) is None


def test_a_fence_once_set_stays_through_a_promotion_by_hand(registry: MongomockRegistry) -> None:
    registry.run(PromotionRepository().promote(promotion("a", "v1"), expected_revision=0))
    registry.run(PromotionRepository().fence(lease(2)))
    registry.run(PromotionRepository().fence(lease(2)))
    registry.run(PromotionRepository().promote(promotion("b", "v2", "v1"), expected_revision=1))

    with pytest.raises(LeaseLost, match="retraining: a newer run has begun"):
        registry.run(PromotionRepository().fence(lease(1)))
    with pytest.raises(LeaseLost, match="retraining: a newer run has begun"):
        registry.run(
            PromotionRepository().promote(
                promotion("c", "v3", "v2"), expected_revision=2, lease=lease(1)
            )
        )


def test_who_holds_the_fences_own_token_or_a_newer_one_promotes(
    registry: MongomockRegistry,
) -> None:
    registry.run(
        PromotionRepository().promote(promotion("a", "v1"), expected_revision=0, lease=lease(3))
    )
    registry.run(
        PromotionRepository().promote(
            promotion("b", "v2", "v1"), expected_revision=1, lease=lease(3)
        )
    )
    registry.run(
        PromotionRepository().promote(
            promotion("c", "v3", "v2"), expected_revision=2, lease=lease(4)
        )
    )

    with pytest.raises(LeaseLost):
        registry.run(PromotionRepository().fence(lease(3)))


def test_a_promotion_by_hand_before_any_run_fences_nobody_off(registry: MongomockRegistry) -> None:
    registry.run(PromotionRepository().promote(promotion("a", "v1"), expected_revision=0))

    registry.run(
        PromotionRepository().promote(
            promotion("b", "v2", "v1"), expected_revision=1, lease=lease(1)
        )
    )

    assert ids(registry.run(PromotionRepository().newest(0))) == ["b", "a"]


def test_a_fence_that_meets_a_promotion_is_set_after_it(registry: MongomockRegistry) -> None:
    registry.run(PromotionRepository().promote(promotion("a", "v1"), expected_revision=0))
    quicker = PromotionRepository().promote(promotion("b", "v2", "v1"), expected_revision=1)

    before_its_write(registry, PromotionRepository().fence(lease(2)), quicker)

    with pytest.raises(LeaseLost):
        registry.run(PromotionRepository().fence(lease(1)))


def test_a_promotion_that_waits_for_the_ledger_is_in_every_answer(
    registry: MongomockRegistry,
) -> None:
    registry.run(PromotionRepository().promote(promotion("a", "v1"), expected_revision=0))
    died_before_the_ledger(registry, promotion("b", "v2", "v1", at(1)), 1)

    assert ids(registry.run(PromotionRepository().newest(1))) == ["b"]
    assert ids(registry.run(PromotionRepository().newest(0))) == ["b", "a"]
    assert ids(registry.run(PromotionRepository().of_version("v2"))) == ["b"]
    assert ids(registry.run(PromotionRepository().of_version("v1"))) == ["a"]
    assert registry.run(PromotionRepository().champion_at(at(0.5))) == "v1"
    assert registry.run(PromotionRepository().champion_at(at(1))) == "v2"


def test_the_next_process_copies_what_a_dead_one_left_and_once(
    registry: MongomockRegistry,
) -> None:
    assert registry.run(PromotionRepository().repair()) is False
    died_before_the_ledger(registry, promotion("a", "v1"), 0)

    assert registry.run(PromotionRepository().repair()) is True
    assert registry.run(PromotionRepository().repair()) is False


def test_a_promotion_repeated_after_its_process_died_is_given_back_and_kept(
    registry: MongomockRegistry,
) -> None:
    died_before_the_ledger(registry, promotion("a", "v1"), 0)

    again = registry.run(PromotionRepository().promote(promotion("a", "v1"), expected_revision=0))

    assert again.revision == 1
    assert registry.run(PromotionRepository().repair()) is False


def test_decisions_of_one_moment_are_listed_by_revision(registry: MongomockRegistry) -> None:
    registry.run(PromotionRepository().promote(promotion("a", "v1"), expected_revision=0))
    registry.run(PromotionRepository().add(promotion("kept", "v9", "v1", status=KEPT)))
    registry.run(PromotionRepository().promote(promotion("b", "v2", "v1"), expected_revision=1))

    assert ids(registry.run(PromotionRepository().newest(0))) == ["b", "a", "kept"]
    assert ids(registry.run(PromotionRepository().newest(2))) == ["b", "a"]


def test_of_one_moment_a_promotion_that_waits_for_the_ledger_comes_first(
    registry: MongomockRegistry,
) -> None:
    registry.run(PromotionRepository().add(promotion("kept", "v9", "v1", status=KEPT)))
    died_before_the_ledger(registry, promotion("a", "v1"), 0)

    assert ids(registry.run(PromotionRepository().newest(0))) == ["a", "kept"]
    assert ids(registry.run(PromotionRepository().newest(1))) == ["a"]


def test_a_page_of_promotions_of_one_moment_holds_the_latest_of_them(
    registry: MongomockRegistry,
) -> None:
    registry.run(PromotionRepository().promote(promotion("p1", "v1"), expected_revision=0))
    for revision in (1, 2, 3):
        moved = promotion(f"p{revision + 1}", f"v{revision + 1}", f"v{revision}")
        registry.run(PromotionRepository().promote(moved, expected_revision=revision))

    assert ids(registry.run(PromotionRepository().newest(2))) == ["p4", "p3"]
    assert ids(registry.run(PromotionRepository().newest(3))) == ["p4", "p3", "p2"]


def test_no_more_of_the_ledger_is_read_than_is_asked_for() -> None:
    """However long it grows, a page costs a page and a moment costs one line."""
    page, moment = (
        next(PromotionRepository().newest(7)),
        next(PromotionRepository().champion_at(at(1))),
    )

    assert isinstance(page, Find) and isinstance(moment, Find)
    assert (page.limit, moment.limit) == (7, 1)


def test_all_decisions_about_a_version_are_listed_newest_first(
    registry: MongomockRegistry,
) -> None:
    registry.run(PromotionRepository().promote(promotion("a", "v1"), expected_revision=0))
    registry.run(PromotionRepository().add(promotion("kept", "v2", "v1", at(1), KEPT)))
    registry.run(
        PromotionRepository().promote(promotion("b", "v2", "v1", at(2)), expected_revision=1)
    )
    registry.run(
        PromotionRepository().promote(promotion("c", "v1", "v2", at(3)), expected_revision=2)
    )

    assert ids(registry.run(PromotionRepository().of_version("v2"))) == ["b", "kept"]
    assert ids(registry.run(PromotionRepository().of_version("v1"))) == ["c", "a"]


def test_fifty_decisions_are_listed_unless_told_otherwise(registry: MongomockRegistry) -> None:
    for i in range(51):
        registry.run(PromotionRepository().add(promotion(f"k{i}", "v2", "v1", at(i), KEPT)))

    assert len(registry.run(PromotionRepository().newest())) == 50


def test_the_champion_of_a_moment_is_known_to_the_millisecond(
    registry: MongomockRegistry,
) -> None:
    moment = timedelta(milliseconds=1)
    registry.run(
        PromotionRepository().promote(promotion("a", "v1", moment=at(1)), expected_revision=0)
    )
    registry.run(
        PromotionRepository().promote(promotion("b", "v2", "v1", at(2)), expected_revision=1)
    )
    registry.run(PromotionRepository().add(promotion("kept", "v3", "v2", at(3), KEPT)))

    assert registry.run(PromotionRepository().champion_at(at(1) - moment)) is None
    assert registry.run(PromotionRepository().champion_at(at(1))) == "v1"
    assert registry.run(PromotionRepository().champion_at(at(2) - moment)) == "v1"
    assert registry.run(PromotionRepository().champion_at(at(2) + moment / 2)) == "v2"
    assert registry.run(PromotionRepository().champion_at(at(9))) == "v2"


def test_a_kept_decision_needs_the_lease_that_its_run_holds(registry: MongomockRegistry) -> None:
    ttl = timedelta(minutes=1)
    mine = registry.run(LeaseRepository().acquire("retraining", "a", now=START, ttl=ttl))
    registry.run(PromotionRepository().add(promotion("kept", status=KEPT), lease=mine))
    registry.run(LeaseRepository().acquire("retraining", "b", now=START + ttl, ttl=ttl))

    with pytest.raises(LeaseLost):
        registry.run(PromotionRepository().add(promotion("late", status=KEPT), lease=mine))

    assert ids(registry.run(PromotionRepository().newest(0))) == ["kept"]
