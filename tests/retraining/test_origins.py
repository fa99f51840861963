from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from model.decisions.gain_sentences import gain_told
from model.promotion import DecisionStatus
from preprocessing.dataset import training_set
from preprocessing.task.policies import LaneBudgets
from preprocessing.task.spec import TaskSpec, parse_task
from retraining.run import training_labels
from retraining.run.champion import load_champion
from retraining.run.origins import rolling_origins
from retraining.run.plan import RunResult
from retraining.run.report import show
from retraining.run.standing import overlap, same_recipe
from retraining.run.window import fresh_mask
from tests.retraining.school import KEY, READING, START, SUMS, TASK, run, task, teach
from tests.retraining.test_card_artifacts import card_of
from training.recipe import recipe

FAR = datetime.max.replace(tzinfo=UTC)
CHANGED = parse_task(
    TASK.replace("window: 5000", "window: 5000, params: {logistic_regression: {c: 0.001}}"),
    source="test",
)


def taught(registry: SyncRegistry, *periods: str, weights: tuple[float, float] = READING) -> None:
    for period in periods:
        teach(registry, period, weights)


def successor(
    registry: SyncRegistry, home: Path, *, spec: TaskSpec | None = None, run_id: str = "run-2"
) -> RunResult:
    return run(registry, home, run_id=run_id, spec=spec)


@pytest.mark.long
def test_two_labelled_periods_are_a_refresh_measured_within_the_newest(
    registry: SyncRegistry, home: Path
) -> None:
    taught(registry, "2022")
    run(registry, home)
    taught(registry, "2023", weights=SUMS)

    found = successor(registry, home)

    evidence = found.evidence
    assert (evidence["source"], evidence["refresh"], evidence["origins"]) == (
        "within_alone", True, [],
    )  # fmt: skip
    assert found.status is DecisionStatus.PROMOTED
    assert evidence["expected"]["basis"] == "persistence"
    assert evidence["expected"]["gain"] < evidence["gains"][0]["gain"]
    assert evidence["unshared"] == pytest.approx(0.5)
    assert any(reason.startswith("a refresh") for reason in found.reasons)


@pytest.mark.long
def test_earlier_periods_tell_what_a_refresh_is_expected_to_bring(
    registry: SyncRegistry, home: Path
) -> None:
    taught(registry, "2021", "2022", "2023", "2024")
    run(registry, home)
    taught(registry, "2025")

    evidence = successor(registry, home).evidence

    assert evidence["refresh"]
    assert [one["period"] for one in evidence["origins"]] == ["2024", "2025"]
    assert [one["unshared"] for one in evidence["origins"]] == pytest.approx([2 / 3, 1 / 2])
    assert evidence["expected"]["basis"] == "origins"
    steps = [step.name for step in registry.run(RunRepository().get("run-2")).steps]
    assert steps[:6] == ["window", "champion", "leakage", "trained", "look", "origins"]


@pytest.mark.long
def test_a_changed_recipe_is_judged_forward_on_the_champions_own_records(
    registry: SyncRegistry, home: Path
) -> None:
    taught(registry, "2021", "2022", "2023")
    run(registry, home)
    taught(registry, "2024")

    evidence = successor(registry, home, spec=CHANGED).evidence

    assert (evidence["source"], evidence["refresh"]) == ("forward", False)
    assert [(one["period"], one["champion"]) for one in evidence["origins"]] == [
        ("2022", ""), ("2023", "v1"), ("2024", ""),
    ]  # fmt: skip
    assert all(one["unshared"] == 0 for one in evidence["origins"])


@pytest.mark.long
def test_a_champion_that_is_older_than_the_period_answers_itself(
    registry: SyncRegistry, home: Path
) -> None:
    taught(registry, "2022")
    run(registry, home)
    taught(registry, "2023")

    found = successor(registry, home, spec=CHANGED)

    (origin,) = found.evidence["origins"]
    assert (origin["period"], origin["champion"]) == ("2023", "v1")
    assert found.status is DecisionStatus.KEPT


def test_earlier_periods_are_judged_within_the_budgets_of_the_lanes(
    registry: SyncRegistry, home: Path, tmp_path: Path
) -> None:
    taught(registry, "2022")
    run(registry, home)
    taught(registry, "2023", weights=SUMS)
    champion = load_champion(registry, tmp_path, KEY)
    assert champion is not None
    known = registry.run(training_labels.window(CHANGED, arrived_until=FAR, limit=0))
    data = training_set(known, [])
    fresh = fresh_mask(data, champion.trained_on)

    def gain(lanes: LaneBudgets | None) -> float:
        policy = CHANGED.promotion.model_copy(update={"lanes": lanes})
        spec = CHANGED.model_copy(update={"promotion": policy})
        between = overlap(data, fresh, champion.version, len(champion.trained_on), spec)
        (found,) = rolling_origins(
            data, champion, between, spec, seed=0, progress=lambda _: None
        )  # fmt: skip
        return found.gain

    # As many are flagged of the same students; only the lanes say whom.
    budget = float(data.outcome[fresh].mean())
    assert gain(LaneBudgets(known=budget, new=0.0)) != gain(LaneBudgets(known=0.0, new=budget))


@pytest.mark.long
def test_periods_with_too_few_labels_are_no_origin(registry: SyncRegistry, home: Path) -> None:
    teach(registry, "2021", READING, n=60)
    taught(registry, "2022")
    run(registry, home)
    taught(registry, "2023")

    evidence = successor(registry, home, spec=CHANGED).evidence

    assert [one["period"] for one in evidence["origins"]] == ["2023"]


@pytest.mark.long
def test_more_labels_of_a_period_that_the_champion_knows_are_evidence_of_both(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING, n=300)
    run(registry, home)
    teach(registry, "2022", READING, n=550, now=START + timedelta(days=10))

    evidence = successor(registry, home).evidence

    assert (evidence["source"], evidence["refresh"]) == ("within_both", False)
    assert evidence["expected"]["basis"] == "period"


@pytest.mark.long
def test_terminal_and_card_say_source_measured_and_expected_gain(
    registry: SyncRegistry, home: Path
) -> None:
    taught(registry, "2022")
    run(registry, home)
    taught(registry, "2023", weights=SUMS)

    result = successor(registry, home)

    told = gain_told(result.evidence)
    beginnings = ("A refresh", "Gain in recall measured in 2023", "Gain expected in the next")
    assert all(line.startswith(begun) for line, begun in zip(told, beginnings, strict=True))
    console = Console(width=1000, record=True, file=StringIO())
    show(result, console)
    terminal, card = console.export_text(), card_of(registry, "v2").replace("\\", "")
    for line in told:
        assert line in terminal
        assert line in card
    files = registry.run(ModelVersionRepository().get("v2")).card
    assert files is not None
    page = registry.run(ArtifactRepository().get(files.html)).decode()
    assert gain_told(result.evidence, portuguese=True)[2] in page


def test_a_version_keeps_the_digest_of_its_recipe(registry: SyncRegistry, home: Path) -> None:
    taught(registry, "2022")
    run(registry, home)

    version = registry.run(ModelVersionRepository().get("v1"))

    assert version.recipe == recipe(task())
    assert same_recipe(version, task())
    assert not same_recipe(version, CHANGED)


def test_a_version_of_before_has_the_same_recipe_where_family_settings_and_features_match(
    registry: SyncRegistry, home: Path
) -> None:
    taught(registry, "2022")
    run(registry, home)
    former = replace(registry.run(ModelVersionRepository().get("v1")), recipe="")

    assert same_recipe(former, task())
    assert not same_recipe(former, CHANGED)
    assert not same_recipe(replace(former, features=("reading",)), task())
