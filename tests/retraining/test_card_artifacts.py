"""What a registered version remembers of itself: fairness, leakage, and its card."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.driver.commands import DeleteMany, Find, InsertMany
from database.labels import LabelRepository
from database.versions import ModelVersionRepository
from model.batch import Batch, BatchKind, RowReject
from model.errors import NotFound
from model.promotion import DecisionStatus
from preprocessing.task.spec import TaskSpec
from retraining.card import write_card
from retraining.run.card_artifacts import intake
from retraining.run.champion import load_champion
from tests.retraining.school import READING, START, SUMS, run, task, teach

NOW = START + timedelta(days=400)


def card_of(registry: SyncRegistry, version: str) -> str:
    card = registry.run(ModelVersionRepository().get(version)).card
    assert card is not None
    return registry.run(ArtifactRepository().get(card.markdown)).decode()


def accepting(feature: str, reason: str) -> TaskSpec:
    spec = task()
    leakage = spec.leakage.model_copy(update={"alone": 0.6, "accepted": {feature: reason}})
    return spec.model_copy(update={"leakage": leakage})


@pytest.mark.slow
def test_a_version_keeps_each_groups_figures_at_its_threshold_on_students_it_did_not_learn_from(
    registry: SyncRegistry, home: Path, tmp_path: Path
) -> None:
    teach(registry, "2022", READING)
    teach(registry, "2023", READING)
    run(registry, home)

    served = load_champion(registry, tmp_path / "bundle", b"a key of the tests")
    assert served is not None
    newest = [
        label
        for label in registry.run(LabelRepository().window(arrived_until=NOW, limit=1000))
        if label.period == "2023" and label.protected["gender"] == "girl"
    ]
    scores = served.predictor.score_many([label.features for label in newest])
    high = scores >= served.version.thresholds.operating
    at_risk = [label.outcome == 1 for label in newest]
    caught = sum(h and r for h, r in zip(high, at_risk, strict=True))
    girl = served.version.fairness["gender"]["girl"]
    boy = served.version.fairness["gender"]["boy"]
    assert (girl["rows"], girl["positives"], girl["small"]) == (150, sum(at_risk), False)
    assert girl["recall"] == pytest.approx(caught / sum(at_risk))
    assert girl["precision"] == pytest.approx(caught / high.sum())
    assert girl["flagged"] == pytest.approx(high.mean())
    assert girl["precision_low"] < girl["precision"] < girl["precision_high"]
    assert served.version.fairness_gaps["gender"] == pytest.approx(
        abs(girl["recall"] - boy["recall"])
    )


@pytest.mark.usefixtures("first_champion")
@pytest.mark.slow
def test_a_refused_version_has_its_fairness_and_its_card_too(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2023", READING)

    result = run(registry, home, run_id="run-2", spec=task(min_recall_gain=0.9))

    assert result.status is DecisionStatus.KEPT
    assert (
        registry.run(ModelVersionRepository().get("v2")).fairness["gender"]["girl"]["rows"] == 150
    )
    assert "The run refused v2: " in card_of(registry, "v2")
    assert "serves as the first champion" in card_of(registry, "v1")


@pytest.mark.usefixtures("first_champion")
@pytest.mark.slow
def test_the_card_of_a_challenger_compares_it_with_the_champion_by_metric_and_by_group(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2023", SUMS, n=600)

    result = run(registry, home, run_id="run-2")

    (auc,) = (g for g in result.evidence["gains"] if g["metric"] == "auc")
    girls = next(g for g in result.evidence["groups"] if g["group"] == "girl")
    card = card_of(registry, "v2")
    assert "The run decided that v2 serves in place of v1." in card
    assert f"| AUC | {auc['champion']:.3f} | {auc['challenger']:.3f} |" in card
    row = f"| gender: girl | {girls['champion']:.1%} | {girls['challenger']:.1%} |"
    assert row in card


def test_a_leakage_override_is_recorded_with_its_reason_and_what_the_guard_measured(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING)

    run(registry, home, spec=accepting("reading", "known before the year begins"))

    version = registry.run(ModelVersionRepository().get("v1"))
    assert version.leakage is not None
    assert version.leakage.accepted == {"reading": "known before the year begins"}
    measured = version.leakage.alone["reading"]
    assert measured > version.leakage.limit == 0.6
    assert version.lineage.leakage_override == "reading: known before the year begins"
    row = f"| reading | {measured:.3f} | known before the year begins |"
    assert row in card_of(registry, "v1")


@pytest.mark.usefixtures("first_champion")
def test_a_card_holds_no_student_id(registry: SyncRegistry, home: Path) -> None:
    card = registry.run(ModelVersionRepository().get("v1")).card
    assert card is not None
    written = registry.run(ArtifactRepository().get(card.html)).decode()
    assert re.findall(r"\bS\d+\b", written) == []


@pytest.mark.usefixtures("first_champion")
@pytest.mark.slow
def test_the_same_labels_seed_and_moment_give_the_same_card_but_for_name_and_run(
    registry: SyncRegistry, home: Path
) -> None:
    first = card_of(registry, "v1")
    for collection in ("model_versions", "aliases", "promotions", "runs"):
        registry.execute(DeleteMany(collection, {}))

    run(registry, home)

    assert card_of(registry, "v1") == first


@pytest.mark.usefixtures("first_champion")
def test_the_command_writes_both_forms(registry: SyncRegistry, home: Path, tmp_path: Path) -> None:
    html, markdown = write_card(registry, None, tmp_path / "cards")

    assert (html.name, markdown.name) == ("v1.html", "v1.md")
    assert html.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert markdown.read_text("utf-8") == card_of(registry, "v1")


@pytest.mark.usefixtures("first_champion")
def test_a_version_of_before_there_were_cards_is_still_read_and_says_what_to_do(
    registry: SyncRegistry, home: Path, tmp_path: Path
) -> None:
    (stored,) = registry.execute(Find("model_versions", {}))
    registry.execute(DeleteMany("model_versions", {}))
    former = {k: v for k, v in stored.items() if k not in {"card", "leakage", "fairness_gaps"}}
    registry.execute(InsertMany("model_versions", [former]))

    version = registry.run(ModelVersionRepository().get("v1"))

    assert (version.card, version.leakage, version.fairness_gaps) == (None, None, {})
    with pytest.raises(NotFound, match=r"from the next python -m retraining\.pipeline on"):
        write_card(registry, "v1", tmp_path)


def test_what_came_in_is_added_up_by_period() -> None:
    def batch(period: str, kept: int, rejected: int) -> Batch:
        rejects = tuple(RowReject(i, "ida", "must be a number") for i in range(rejected))
        at = datetime(2026, 1, 1, tzinfo=UTC)
        return Batch(
            f"{period}-{kept}", BatchKind.LABELLED, "file", period, kept + rejected, kept, rejects,
            {}, (), at,
        )  # fmt: skip

    found = intake([batch("2023", 5, 1), batch("2022", 7, 0), batch("2023", 3, 2)])

    assert [(i.period, i.read, i.kept, i.rejected) for i in found] == [
        ("2022", 7, 7, 0),
        ("2023", 11, 8, 3),
    ]
