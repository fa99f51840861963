"""`promotion.approval: ask`: a run that would promote leaves its version waiting for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from database.aliases import CHAMPION, AliasRepository
from database.decisions import approval
from database.driver.client import SyncRegistry
from database.promotions import PromotionRepository
from database.runs import RunRepository
from model.errors import Conflict
from model.options import RunOptions
from model.promotion import DecisionStatus, PromotionDecision
from model.run import RunStatus
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.approval import gated
from retraining.run.report import headline
from retraining.run.stages import Gathered
from tests.database.builders import promotion
from tests.retraining.school import READING, START, SUMS, run, task, teach

NOW = START + timedelta(days=400)
ASK = task().model_copy(
    update={"promotion": task().promotion.model_copy(update={"approval": "ask"})}
)


def champion(registry: SyncRegistry) -> str:
    return registry.run(AliasRepository().get(CHAMPION)).version


def staged(registry: SyncRegistry, home: Path) -> None:
    """v1 serves what it learned of reading; v2 learned that sums decide now, and waits."""
    teach(registry, "2022", READING)
    run(registry, home, spec=ASK)
    teach(registry, "2023", SUMS, n=600)
    result = run(registry, home, run_id="run-2", spec=ASK)
    assert result.status is DecisionStatus.STAGED


def test_a_first_champion_is_not_staged_for_nobody_serves_meanwhile(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING)

    result = run(registry, home, spec=ASK)

    assert (result.status, result.champion) == (DecisionStatus.PROMOTED, "v1")


def test_a_challenger_that_would_be_promoted_waits_with_its_evidence_and_the_champion_serves_on(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING)
    run(registry, home, spec=ASK)
    teach(registry, "2023", SUMS, n=600)

    result = run(registry, home, run_id="run-2", spec=ASK)

    assert (result.status, result.champion, result.challenger) == ("staged", "v1", "v2")
    assert result.to_mapping()["status"] == "staged"
    assert headline(result).startswith("Staged: v2 waits for approval; v1 serves meanwhile.")
    assert champion(registry) == "v1"
    waits = registry.run(approval.waiting(14, now=NOW))
    assert waits is not None
    assert waits.evidence["challenger"]["version"] == "v2"
    assert all(guard.passed for guard in waits.guards)
    told = registry.run(RunRepository().get("run-2"))
    assert told.status is RunStatus.STAGED
    assert told.steps[-1].detail == "v2 waits for approval; v1 serves"


def test_a_dry_run_says_that_its_challenger_would_wait(registry: SyncRegistry, home: Path) -> None:
    teach(registry, "2022", READING)
    run(registry, home, spec=ASK)
    teach(registry, "2023", SUMS, n=600)

    result = run(registry, home, run_id="dry", spec=ASK, options=RunOptions(dry_run=True))

    assert result.status is DecisionStatus.STAGED
    assert "would wait for approval; v1 serves meanwhile" in headline(result)
    assert registry.run(approval.waiting(14, now=NOW)) is None


def test_what_a_person_approves_serves_and_the_next_run_compares_with_it(
    registry: SyncRegistry, home: Path
) -> None:
    staged(registry, home)

    registry.run(approval.approve("v2", actor="ana", reason="seen", days=14, now=NOW))
    result = run(registry, home, run_id="run-3", spec=ASK)

    assert champion(registry) == "v2"
    assert (result.status, result.before) == (DecisionStatus.KEPT, "v2")


def test_a_run_that_stages_again_takes_the_place_of_the_version_that_waits(
    registry: SyncRegistry, home: Path
) -> None:
    staged(registry, home)

    result = run(registry, home, run_id="run-3", spec=ASK)

    assert (result.status, result.challenger) == (DecisionStatus.STAGED, "v3")
    with pytest.raises(Conflict, match="v3 was staged in its place"):
        registry.run(approval.approve("v2", actor="ana", reason="seen", days=14, now=NOW))


def test_a_run_refuses_what_waited_too_long_before_it_decides(
    registry: SyncRegistry, home: Path
) -> None:
    staged(registry, home)

    run(registry, home, run_id="run-3", spec=ASK, now=NOW + timedelta(days=14))

    about = registry.run(PromotionRepository().of_version("v2"))
    assert (about[0].action, about[0].actor) == ("expire", "expired")
    assert "within 14 days" in about[0].reasons[0]


def test_a_champion_that_was_moved_while_the_run_decided_leaves_nothing_staged(
    registry: SyncRegistry, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(registry, "2022", READING)
    run(registry, home, spec=ASK)
    teach(registry, "2023", SUMS, n=600)

    def moved(gathered: Gathered) -> str | None:
        hand = replace(promotion("hand", "v9", "v1", NOW), action="promote")
        registry.run(PromotionRepository().promote(hand, expected_revision=1))
        monkeypatch.undo()
        return gathered.serving

    monkeypatch.setattr("retraining.run.stages.Gathered.serving", property(moved))
    result = run(registry, home, run_id="run-2", spec=ASK)

    assert result.status is DecisionStatus.KEPT
    assert "somebody changed the champion" in result.reasons[0]
    assert registry.run(approval.waiting(14, now=NOW)) is None


@pytest.mark.parametrize(
    ("status", "provisional", "serving", "becomes"),
    [
        ("promoted", False, True, "staged"),
        ("promoted", False, False, "promoted"),
        ("promoted", True, False, "staged"),
        ("kept", False, True, "kept"),
    ],
)
def test_only_what_would_replace_a_champion_or_is_provisional_is_staged(
    status: str, provisional: bool, serving: bool, becomes: str
) -> None:
    decision = PromotionDecision(DecisionStatus(status), ("why",), provisional=provisional)
    ask, automatic = PromotionPolicy(approval="ask"), PromotionPolicy()

    assert gated(decision, ask, serving=serving).status == becomes
    assert gated(decision, automatic, serving=serving) == decision
