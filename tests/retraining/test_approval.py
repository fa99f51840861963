"""`promotion.approval: ask`: a run that would promote leaves its version waiting for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from database.aliases import CHAMPION, AliasRepository
from database.decisions import approval
from database.driver.client import SyncRegistry, open_registry
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from model.errors import Conflict
from model.options import RunOptions
from model.promotion import DecisionStatus, Promise, PromotionDecision
from model.run import RunStatus
from preprocessing.task.policies import PromotionPolicy
from retraining.approval import main
from retraining.promotion.approval import gated
from retraining.run.gathering import Gathered
from retraining.run.report import headline
from retraining.worker.settling import settle_approval
from tests.database.builders import model_version, promotion
from tests.retraining.school import READING, START, SUMS, TASK, run, task, teach
from tests.retraining.working import at_work
from tests.trail import entries

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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_dry_run_says_that_its_challenger_would_wait(registry: SyncRegistry, home: Path) -> None:
    teach(registry, "2022", READING)
    run(registry, home, spec=ASK)
    teach(registry, "2023", SUMS, n=600)

    result = run(registry, home, run_id="dry", spec=ASK, options=RunOptions(dry_run=True))

    assert result.status is DecisionStatus.STAGED
    assert "would wait for approval; v1 serves meanwhile" in headline(result)
    assert registry.run(approval.waiting(14, now=NOW)) is None


@pytest.mark.slow
def test_what_a_person_approves_serves_and_the_next_run_compares_with_it(
    registry: SyncRegistry, home: Path
) -> None:
    staged(registry, home)

    registry.run(approval.approve("v2", actor="ana", reason="seen", days=14, now=NOW))
    result = run(registry, home, run_id="run-3", spec=ASK)

    assert champion(registry) == "v2"
    assert (result.status, result.before) == (DecisionStatus.KEPT, "v2")


@pytest.mark.slow
def test_a_run_that_stages_again_takes_the_place_of_the_version_that_waits(
    registry: SyncRegistry, home: Path
) -> None:
    staged(registry, home)

    result = run(registry, home, run_id="run-3", spec=ASK)

    assert (result.status, result.challenger) == (DecisionStatus.STAGED, "v3")
    with pytest.raises(Conflict, match="v3 was staged in its place"):
        registry.run(approval.approve("v2", actor="ana", reason="seen", days=14, now=NOW))


@pytest.mark.slow
def test_a_run_refuses_what_waited_too_long_before_it_decides(
    registry: SyncRegistry, home: Path
) -> None:
    staged(registry, home)

    run(registry, home, run_id="run-3", spec=ASK, now=NOW + timedelta(days=14))

    about = registry.run(PromotionRepository().of_version("v2"))
    assert (about[0].action, about[0].actor) == ("expire", "expired")
    assert "within 14 days" in about[0].reasons[0]


@pytest.mark.slow
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

    monkeypatch.setattr("retraining.run.gathering.Gathered.serving", property(moved))
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


def test_the_command_lists_what_waits_and_answers_it(
    embedded_uri: str,
    db: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    yaml = tmp_path / "school.yaml"
    yaml.write_text(f"{TASK}promotion: {{approval: ask, approval_days: 30}}\n", "utf-8")
    told = {"MONGO_URI": embedded_uri, "MONGO_DB": db, "FAROL_HOME": tmp_path, "FAROL_TASK": yaml}
    for name, value in told.items():
        monkeypatch.setenv(name, str(value))

    assert main(["list"]) == 0
    with open_registry(embedded_uri, db) as opened:
        waits(opened)
        assert main(["list"]) == 0
        assert main(["approve", "v9", "--reason", "seen"]) == 1
        assert main(["approve", "v2", "--reason", "seen"]) == 0
        assert main(["refuse", "v2", "--reason", "no"]) == 1
        assert champion(opened) == "v2"
        event = opened.run(entries())[0]

    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0] == "no version waits for approval"
    assert lines[1].startswith("v2 waits since ")
    assert lines[2] == "  to serve instead of v1"
    assert lines[3] == "  it promises +3.6 points of recall (+0.3 to +7.8)"
    assert lines[-1].startswith("v2: promoted by cli/") and lines[-1].endswith("v2 serves now")
    assert "approval: v2 does not wait any more: promoted by cli/" in said.err
    assert (event.action, event.subject, event.detail) == ("approve", "v2", "seen")


def waits(opened: SyncRegistry) -> None:
    """v1 serves, and v2 waits since yesterday."""
    for _ in range(2):
        opened.run(ModelVersionRepository().register(lambda n: model_version(n)))
    opened.run(PromotionRepository().promote(promotion("run-1", "v1"), expected_revision=0))
    promise = Promise(0.036, 0.003, 0.078, "2023", "measured")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    second = promotion("run-2", "v2", "v1", yesterday, DecisionStatus.STAGED)
    opened.run(approval.stage(replace(second, promise=promise)))


@pytest.mark.parametrize("words", [["approve", "v2"], ["approve", "v2", "--reason", " "], []])
def test_an_answer_without_a_reason_is_wrong_usage(words: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)


def test_the_worker_refuses_what_waited_too_long(registry: SyncRegistry) -> None:
    waits(registry)
    late = datetime.now(UTC) + timedelta(days=14)
    assert registry.run(PromotionRepository().of_version("v2"))[0].status is DecisionStatus.STAGED

    told = settle_approval(at_work(registry, clock=lambda: late))

    assert told == "nothing waits"
    last = registry.run(PromotionRepository().of_version("v2"))[0]
    assert (last.status, last.actor) == (DecisionStatus.REFUSED, "expired")
