"""The ledger and the champion, on every server and driver."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from database.aliases import AliasRepository
from database.driver.commands import Command, InsertMany, Op
from database.leases import LeaseRepository
from database.promotions import PromotionRepository
from model.errors import Conflict, LeaseLost
from model.promotion import DecisionStatus, Promotion
from tests.database.builders import START, at, promotion
from tests.database.drivers import Run


def test_a_promotion_moves_the_champion_and_says_why(run: Run) -> None:
    done = run(PromotionRepository().promote(promotion(), expected_revision=0))

    champion = run(AliasRepository().find("champion"))
    assert champion is not None
    assert (champion.version, champion.revision, champion.since) == ("v1", 1, START)
    assert done == replace(promotion(), revision=1)
    assert run(PromotionRepository().newest(5)) == [done]


def test_only_the_one_who_saw_the_latest_champion_promotes(run: Run) -> None:
    run(PromotionRepository().promote(promotion("a", "v1"), expected_revision=0))

    with pytest.raises(Conflict, match="revision 1"):
        run(PromotionRepository().promote(promotion("b", "v2"), expected_revision=0))
    with pytest.raises(Conflict, match="not v7"):
        run(PromotionRepository().promote(promotion("b", "v2", champion="v7"), expected_revision=1))

    assert [p.challenger for p in run(PromotionRepository().newest(5))] == ["v1"]


def test_a_promotion_told_twice_happens_once(run: Run) -> None:
    done = run(PromotionRepository().promote(promotion(), expected_revision=0))

    assert run(PromotionRepository().promote(promotion(), expected_revision=0)) == done
    assert len(run(PromotionRepository().newest(0))) == 1


def test_a_decision_to_keep_is_in_the_ledger_too(run: Run) -> None:
    run(PromotionRepository().promote(promotion("a", "v1"), expected_revision=0))
    kept = promotion("b", "v2", "v1", at(1), DecisionStatus.KEPT)
    run(PromotionRepository().add(kept))
    run(PromotionRepository().add(kept))

    assert run(PromotionRepository().newest(1)) == [kept]
    assert run(PromotionRepository().of_version("v2")) == [kept]
    assert [p.promotion_id for p in run(PromotionRepository().of_version("v1"))] == ["a"]
    with pytest.raises(ValueError, match="promote"):
        run(PromotionRepository().add(promotion()))


def test_a_rollback_is_a_promotion_like_any_other(run: Run) -> None:
    run(PromotionRepository().promote(promotion("a", "v1"), expected_revision=0))
    run(PromotionRepository().promote(promotion("b", "v2", "v1", at(1)), expected_revision=1))
    back = replace(promotion("c", "v1", "v2", at(2)), action="rollback", actor="admin")
    run(PromotionRepository().promote(back, expected_revision=2))

    assert [p.revision for p in run(PromotionRepository().newest(0))] == [3, 2, 1]
    assert run(PromotionRepository().champion_at(at(1.5))) == "v2"
    assert run(PromotionRepository().champion_at(at(9))) == "v1"
    assert run(PromotionRepository().champion_at(at(-1))) is None


def test_time_in_the_ledger_never_runs_backwards(run: Run) -> None:
    run(PromotionRepository().promote(promotion("a", "v1", moment=at(5)), expected_revision=0))

    done = run(
        PromotionRepository().promote(promotion("b", "v2", "v1", at(1)), expected_revision=1)
    )

    assert done.at == at(5)
    assert run(PromotionRepository().champion_at(at(5))) == "v2"


def test_a_promotion_whose_process_died_before_the_ledger_is_not_lost(run: Run) -> None:
    run(_until_the_ledger(promotion("a", "v1")))

    assert [p.promotion_id for p in run(PromotionRepository().newest(5))] == ["a"]
    assert run(PromotionRepository().champion_at(at(1))) == "v1"
    run(PromotionRepository().promote(promotion("b", "v2", "v1", at(1)), expected_revision=1))

    assert [p.promotion_id for p in run(PromotionRepository().newest(5))] == ["b", "a"]
    assert not run(PromotionRepository().repair())


def test_a_run_that_lost_its_lease_cannot_promote(run: Run) -> None:
    ttl = timedelta(minutes=5)
    old = run(LeaseRepository().acquire("retraining", "old", now=START, ttl=ttl))
    run(PromotionRepository().promote(promotion("a", "v1"), expected_revision=0, lease=old))
    new = run(LeaseRepository().acquire("retraining", "new", now=at(1), ttl=ttl))
    run(PromotionRepository().fence(new))

    with pytest.raises(LeaseLost):
        run(
            PromotionRepository().promote(
                promotion("b", "v2", "v1"), expected_revision=1, lease=old
            )
        )
    with pytest.raises(LeaseLost):
        run(PromotionRepository().fence(old))
    done = run(
        PromotionRepository().promote(promotion("c", "v2", "v1"), expected_revision=1, lease=new)
    )

    assert done.revision == 2


def _until_the_ledger(wanted: Promotion) -> Op[None]:
    """The same operation, ended by a crash before its write to the ledger."""
    op = PromotionRepository().promote(wanted, expected_revision=0)
    command: Command = next(op)
    while not (
        isinstance(command, InsertMany) and command.collection == PromotionRepository.collection
    ):
        result = yield command
        command = op.send(result)
    op.close()
