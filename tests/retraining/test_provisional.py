"""A usable first champion that some guards object to serves, and says that it is provisional."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from database.aliases import CHAMPION, AliasRepository
from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.promotions import PromotionRepository
from database.versions import ModelVersionRepository
from model.promotion import DecisionStatus
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.decision import decide
from retraining.promotion.evidence import Baseline, BinaryEvidence, Contrast
from retraining.promotion.guards import examples
from retraining.promotion.guards.table import GUARDS
from retraining.run.report import headline, show
from tests.retraining import school

POLICY = PromotionPolicy()
RULES = (Baseline("dummy", 0.25, 0.25, 0.4), Baseline("persistence", 0.3, 0.35, 0.45))
FIRST = replace(examples.FIRST, baselines=RULES)
ASKS_MUCH = school.task(first_min_auc=0.99)
"""The made-up school's first model is good, and never that good."""


@pytest.mark.parametrize(
    ("changed", "policy"),
    [
        ({"auc": 0.62}, POLICY),
        ({"calibration_error": 0.3}, POLICY),
        ({"flagged": 0.6}, POLICY),
        ({"precision": 0.4}, PromotionPolicy(precision_floor=0.5)),
        ({"auc": 0.62, "calibration_error": 0.3}, POLICY),
    ],
)
def test_a_first_model_better_than_none_serves_though_a_guard_objects(
    changed: dict[str, float], policy: PromotionPolicy
) -> None:
    decided = decide(examples.with_challenger(FIRST, **changed), policy)

    assert decided.status is DecisionStatus.PROMOTED
    assert decided.provisional
    assert decided.reasons == tuple(g.reason for g in decided.guards if not g.passed)


@pytest.mark.parametrize(
    "evidence",
    [
        replace(FIRST, baselines=(replace(RULES[0], challenger=0.2), RULES[1])),
        replace(FIRST, baselines=(RULES[0], replace(RULES[1], challenger=0.3))),
        examples.with_challenger(FIRST, precision_at_budget=0.3),
        replace(FIRST, positives=20),
        examples.with_challenger(FIRST, distinct=1),
    ],
    ids=["no better than chance", "than today", "by luck only", "too few to say", "one score"],
)
def test_a_first_model_that_is_not_shown_to_help_serves_under_no_name(
    evidence: BinaryEvidence,
) -> None:
    decided = decide(examples.with_challenger(evidence, auc=0.62), POLICY)

    assert decided.status is DecisionStatus.KEPT
    assert not decided.provisional


def test_a_first_model_that_meets_everything_is_not_provisional_and_no_successor_is() -> None:
    poor = examples.with_challenger(examples.SUCCESSOR, calibration_error=0.3)

    assert not decide(FIRST, POLICY).provisional
    assert not decide(poor, POLICY).provisional


def test_only_guards_of_a_first_model_yield_and_none_that_says_it_is_useless() -> None:
    yielding = {rule.name for rule in GUARDS if rule.provisional}

    assert yielding == {
        "first_min_auc", "first_min_r2", "precision", "precision_floor", "alert_budget",
        "max_calibration_error", "beats_environment",
    }  # fmt: skip


def test_a_numeric_first_model_serves_provisionally_only_beyond_chance() -> None:
    little = replace(examples.NUMERIC_FIRST, challenger=replace(
        examples.NUMERIC_FIRST.challenger, r2=0.03
    ))  # fmt: skip

    assert decide(replace(little, against_mean=Contrast(4.0, 4.2, 0.1)), POLICY).provisional
    lucky = decide(replace(little, against_mean=Contrast(4.0, 4.1, 0.1)), POLICY)
    assert lucky.status is DecisionStatus.KEPT


def test_a_provisional_champion_says_so_in_ledger_alias_card_and_terminal(
    registry: SyncRegistry, home: Path
) -> None:
    school.teach(registry, "2022", school.READING)
    school.teach(registry, "2023", school.READING)

    result = school.run(registry, home, spec=ASKS_MUCH)

    version = registry.run(ModelVersionRepository().get("v1"))
    (line,) = registry.run(PromotionRepository().newest())
    alias = registry.run(AliasRepository().get(CHAMPION))
    in_force = registry.run(PromotionRepository().term_at(line.at))
    assert result.champion == "v1" and result.provisional
    assert result.to_mapping()["provisional"] is True
    assert line.provisional and alias.provisional
    assert in_force is not None and in_force.promotion == line
    assert registry.run(PromotionRepository().champion_at(line.at)) == "v1"
    assert registry.run(PromotionRepository().term_at(line.at - timedelta(days=1))) is None
    assert headline(result).startswith("Promoted provisionally: v1 serves now")
    assert version.card is not None
    card = registry.run(ArtifactRepository().get(version.card.html)).decode()
    assert "It serves provisionally" in card and "serviço provisório" in card
    with Console(record=True, width=200) as console:
        show(result, console)
    assert "a first model needs 0.990" in console.export_text()


@pytest.mark.long
def test_the_first_that_meets_what_a_first_model_is_asked_replaces_a_provisional_champion(
    registry: SyncRegistry, home: Path
) -> None:
    school.teach(registry, "2022", school.READING)
    school.teach(registry, "2023", school.READING)
    school.run(registry, home, spec=ASKS_MUCH)

    done = school.run(registry, home, run_id="run-2")

    alias = registry.run(AliasRepository().get(CHAMPION))
    assert (done.status, done.champion) == (DecisionStatus.PROMOTED, "v2")
    assert not done.provisional and not alias.provisional
    assert done.reasons[0].startswith("v1 serves provisionally")


@pytest.mark.long
def test_another_that_could_only_serve_provisionally_replaces_nobody(
    registry: SyncRegistry, home: Path
) -> None:
    school.teach(registry, "2022", school.READING)
    school.teach(registry, "2023", school.READING)
    school.run(registry, home, spec=ASKS_MUCH)

    same = school.run(registry, home, run_id="run-2", spec=ASKS_MUCH)

    assert (same.status, same.champion) == (DecisionStatus.KEPT, "v1")


@pytest.mark.long
def test_a_provisional_champion_that_saw_every_record_is_replaced_by_a_first_model(
    registry: SyncRegistry, home: Path
) -> None:
    school.teach(registry, "2023", school.READING)
    school.run(registry, home, spec=ASKS_MUCH)

    same = school.run(registry, home, run_id="run-2", spec=ASKS_MUCH)
    done = school.run(registry, home, run_id="run-3")

    assert (same.status, same.champion, same.provisional) == (DecisionStatus.KEPT, "v1", False)
    assert (done.status, done.champion) == (DecisionStatus.PROMOTED, "v3")
    assert done.reasons[0].startswith("no comparison with v1: it serves provisionally")
