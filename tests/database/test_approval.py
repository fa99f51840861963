"""A version that waits for a person: one answer, whoever gives it, and a promotion that follows."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from database.aliases import CHAMPION, AliasRepository
from database.decisions import approval
from database.driver.commands import Op
from database.indexes import ensure_indexes
from database.promotions import PromotionRepository
from database.versions import ModelVersionRepository
from model.errors import Conflict, NotFound
from model.promotion import DecisionStatus, Promotion, latest_by_hand, of_run
from tests.database.builders import at, model_version, promotion
from tests.database.drivers import MongomockRegistry, Run
from tests.database.test_interleavings import steps, with_pause

DAYS = 14
STAGED = DecisionStatus.STAGED
PAUSES = range(30)


@pytest.fixture
def registry(db: str) -> MongomockRegistry:
    opened = MongomockRegistry(db)
    opened.run(ensure_indexes())
    prepare(opened.run)
    return opened


def prepare(run: Run, versions: int = 3) -> None:
    """v1 serves, v2 waits for a person since the second day, v3 is registered."""
    for _ in range(versions):
        run(ModelVersionRepository().register(lambda n: model_version(n)))
    run(PromotionRepository().promote(promotion("run-1", "v1"), expected_revision=0))
    run(approval.stage(promotion("run-2", "v2", "v1", at(1), STAGED)))


def approve(version: str = "v2", day: float = 2, actor: str = "ana") -> Op[Promotion]:
    return approval.approve(version, actor=actor, reason="seen", days=DAYS, now=at(day))


def refuse(version: str = "v2", day: float = 2, actor: str = "rui") -> Op[Promotion]:
    return approval.refuse(version, actor=actor, reason="no", days=DAYS, now=at(day))


def champion(run: Any) -> str:
    return str(run(AliasRepository().get(CHAMPION)).version)


def told(run: Any, version: str = "v2") -> list[tuple[str, str, str]]:
    """The ledger about a version, oldest first."""
    lines = run(PromotionRepository().of_version(version))
    return [(p.status.value, p.action, p.actor) for p in reversed(lines)]


def test_a_staged_version_waits_and_the_champion_serves_on(run: Run) -> None:
    prepare(run)

    waits = run(approval.waiting(DAYS, now=at(2)))

    assert waits is not None and waits.challenger == "v2"
    assert champion(run) == "v1"


def test_an_approval_lets_it_serve_and_the_ledger_keeps_every_step_with_its_actor(
    run: Run,
) -> None:
    prepare(run)

    done = run(approve())

    assert champion(run) == "v2"
    assert (done.status, done.champion, done.revision) == (DecisionStatus.PROMOTED, "v1", 2)
    assert told(run) == [
        ("staged", "train", "pipeline"), ("approved", "approve", "ana"),
        ("promoted", "approve", "ana"),
    ]  # fmt: skip
    assert run(approval.waiting(DAYS, now=at(2))) is None


def test_a_refusal_keeps_the_champion_with_the_reason(run: Run) -> None:
    prepare(run)

    done = run(refuse())

    assert (done.status, done.actor, done.reasons) == (DecisionStatus.REFUSED, "rui", ("no",))
    assert champion(run) == "v1"
    assert told(run) == [("staged", "train", "pipeline"), ("refused", "refuse", "rui")]


def test_an_approved_version_can_be_rolled_back_like_any_other(run: Run) -> None:
    prepare(run)
    run(approve())
    back = replace(promotion("back", "v1", "v2", at(3)), action="rollback")
    run(PromotionRepository().promote(back, expected_revision=2))

    term = run(PromotionRepository().term_at(at(2.5)))

    assert term is not None
    assert (term.promotion.challenger, term.until) == ("v2", at(3))


def test_after_its_days_a_version_is_refused_by_the_clock_whoever_looks(run: Run) -> None:
    prepare(run)
    end = at(1) + timedelta(days=DAYS)

    assert run(approval.waiting(DAYS, now=end - timedelta(milliseconds=1))) is not None
    assert run(approval.waiting(DAYS, now=end)) is None
    with pytest.raises(Conflict, match=r"refused by expired \(nobody approved .* 14 days"):
        run(approve(day=1 + DAYS))

    assert champion(run) == "v1"
    assert told(run) == [("staged", "train", "pipeline"), ("refused", "expire", "expired")]
    assert run(approval.settle(DAYS, now=at(99))) is None
    assert len(told(run)) == 2


def test_a_newer_staged_version_takes_the_place_of_the_older(run: Run) -> None:
    prepare(run)
    run(approval.stage(promotion("run-3", "v3", "v1", at(2), STAGED)))

    with pytest.raises(Conflict, match="v3 was staged in its place"):
        run(approve("v2", day=3))
    run(approve("v3", day=3))

    assert champion(run) == "v3"
    assert told(run)[-1] == ("refused", "expire", "expired")


def test_a_version_compared_with_another_champion_is_not_promoted(run: Run) -> None:
    prepare(run)
    moved = replace(promotion("hand", "v3", "v1", at(1.5)), action="promote")
    run(PromotionRepository().promote(moved, expected_revision=1))

    with pytest.raises(Conflict, match="v2 was compared with v1, and v3 serves now"):
        run(approve())
    with pytest.raises(Conflict, match="v2 was compared with v1"):
        run(approval.stage(promotion("run-9", "v2", "v1", at(2), STAGED)))

    assert champion(run) == "v3"
    assert told(run) == [("staged", "train", "pipeline")]
    run(refuse())


def test_a_version_that_was_put_into_service_by_hand_waits_no_longer(run: Run) -> None:
    prepare(run)
    moved = replace(promotion("hand", "v2", "v1", at(1.5)), action="promote")
    run(PromotionRepository().promote(moved, expected_revision=1))

    assert run(approval.settle(DAYS, now=at(2))) is None
    assert told(run)[-1] == ("refused", "expire", "expired")
    assert champion(run) == "v2"


def test_what_never_waited_is_told_from_what_was_answered(run: Run) -> None:
    prepare(run)
    run(refuse())

    with pytest.raises(Conflict, match=r"v2 does not wait any more: refused by rui \(no\)"):
        run(approve())
    with pytest.raises(Conflict, match="v3 was never staged"):
        run(approve("v3"))
    with pytest.raises(NotFound):
        run(approve("v99"))


def test_the_runs_own_decision_and_the_persons_are_told_apart(run: Run) -> None:
    prepare(run)
    run(approval.settle(DAYS, now=at(99)))
    expired = run(PromotionRepository().of_version("v2"))

    assert of_run(expired) == run(PromotionRepository().get("run-2"))
    assert latest_by_hand(expired) is None


def test_a_promise_and_what_is_provisional_come_with_the_approval(run: Run) -> None:
    prepare(run)
    run(approval.stage(
        replace(promotion("run-3", "v3", "v1", at(2), STAGED), provisional=True)
    ))  # fmt: skip

    done = run(approve("v3", day=3))

    assert done.provisional


def test_only_a_staged_decision_waits(run: Run) -> None:
    with pytest.raises(ValueError, match="staged"):
        run(approval.stage(promotion("k", "v2", None, at(1), DecisionStatus.KEPT)))


@pytest.mark.parametrize("pause", PAUSES)
def test_of_two_people_one_is_heard(registry: MongomockRegistry, pause: int) -> None:
    """Whoever is second is told, and the champion follows whoever was first."""
    lost = []

    def second() -> Op[None]:
        try:
            yield from refuse()
        except Conflict as error:
            lost.append(error)

    try:
        with_pause(registry, approve(), pause, second())
    except Conflict as error:
        lost.append(error)

    assert len(lost) == 1
    approved = ("approved", "approve", "ana") in told(registry.run)
    assert approved != (("refused", "refuse", "rui") in told(registry.run))
    assert champion(registry.run) == ("v2" if approved else "v1")


@pytest.mark.parametrize("number", PAUSES)
def test_an_approval_that_died_anywhere_is_finished_by_whoever_settles(
    registry: MongomockRegistry, number: int
) -> None:
    steps(registry, approve(), number)

    waits = registry.run(approval.settle(DAYS, now=at(3)))
    again = registry.run(approval.settle(DAYS, now=at(4)))

    assert (waits is None) == (champion(registry.run) == "v2")
    assert (again is None) == (waits is None)
    lines = told(registry.run)
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize("pause", PAUSES)
def test_a_move_by_hand_during_an_approval_is_never_undone(
    registry: MongomockRegistry, pause: int
) -> None:
    """Either the approval is first, and the move fails, or it is refused in words."""
    moved = replace(promotion("hand", "v3", "v1", at(2)), action="promote")

    def by_hand() -> Op[None]:
        with suppress(Conflict):
            yield from PromotionRepository().promote(moved, expected_revision=1)

    with suppress(Conflict):
        with_pause(registry, approve(), pause, by_hand())
    registry.run(approval.settle(DAYS, now=at(3)))

    ledger = registry.run(PromotionRepository().newest(0))
    revisions = sorted(p.revision for p in ledger if p.revision is not None)
    assert revisions == [1, 2]
    assert champion(registry.run) in {"v2", "v3"}
    if champion(registry.run) == "v3" and ("approved", "approve", "ana") in told(registry.run):
        assert ("kept", "approve", "ana") in told(registry.run)


def test_a_run_that_died_while_it_staged_leaves_one_version_waiting(
    registry: MongomockRegistry,
) -> None:
    newer = promotion("run-3", "v3", "v1", at(2), STAGED)
    for number in PAUSES:
        steps(registry, approval.stage(newer), number)

        waits = registry.run(approval.settle(DAYS, now=at(3)))

        assert waits is not None
        assert waits.challenger in {"v2", "v3"}
    assert told(registry.run)[-1] == ("refused", "expire", "expired")
