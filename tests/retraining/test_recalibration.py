"""The champion with a new calibration: promoted on that alone, and only beyond chance."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from database.aliases import CHAMPION, AliasRepository
from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from model.figures import calibration_error
from model.options import RunOptions
from model.promotion import DecisionStatus, latest_by_hand, of_run
from retraining.promotion.cases import Answers
from retraining.promotion.decision import decide
from retraining.promotion.recalibration import LOSSES, compare_recalibration
from retraining.run.champion import load_predictor, training_ids
from retraining.run.report import headline
from tests.retraining import school
from tests.retraining.samples import POLICY, cases, world


def off(risk: np.ndarray, by: float) -> np.ndarray:
    """The same ranking, its log-odds too high."""
    return np.asarray(1 / (1 + np.exp(-(np.log(risk / (1 - risk)) + by))))


def test_the_losses_are_those_of_the_figures_and_of_scikit_learn() -> None:
    from sklearn import metrics

    risk, outcome = world(400)
    once = np.ones((1, 400))
    found = {name: float(of(outcome, risk)(once)[0]) for name, of in LOSSES.items()}

    assert found == {
        "calibration_error": pytest.approx(calibration_error(outcome, risk)),
        "log_loss": pytest.approx(metrics.log_loss(outcome, risk)),
        "brier": pytest.approx(metrics.brier_score_loss(outcome, risk)),
    }


def test_better_calibration_alone_is_enough_and_no_recall_is_claimed() -> None:
    risk, outcome = world(500)
    champion = Answers("v1", off(risk, 1.5), 0.8)

    found = compare_recalibration(
        cases(outcome), Answers("v2", risk, 0.5), champion, POLICY, ranking_kept=True, seed=0
    )
    decided = decide(found, POLICY)

    assert decided.status is DecisionStatus.PROMOTED
    assert [g.name for g in decided.guards] == [
        "min_labelled", "min_positives", "same_ranking", "calibration_gain", "log_loss_gain",
    ]  # fmt: skip
    assert found.champion is not None
    assert found.challenger.auc == found.champion.auc
    assert found.challenger.recall_at_budget == found.champion.recall_at_budget
    assert {gain.metric for gain in found.gains} == {*LOSSES}


def test_a_calibration_that_is_as_good_already_or_another_ranking_is_kept() -> None:
    risk, outcome = world(500)
    champion = Answers("v1", off(risk, 1.5), 0.8)
    ours = Answers("v2", risk, 0.5)

    no_better = compare_recalibration(
        cases(outcome), Answers("v2", off(risk, 0.1), 0.5), Answers("v1", risk, 0.5), POLICY,
        ranking_kept=True, seed=0,
    )  # fmt: skip
    other = compare_recalibration(
        cases(outcome), ours, champion, POLICY, ranking_kept=False, seed=0
    )

    assert decide(no_better, POLICY).status is DecisionStatus.KEPT
    assert decide(other, POLICY).reasons == (
        "it orders the students differently from the champion",
    )


def taught(registry: SyncRegistry, home: Path, *, risk: float) -> None:
    """A school with a champion, and a newer year of the same ranking at another level of risk."""
    school.teach(registry, "2022", school.READING)
    school.teach(registry, "2023", school.READING)
    school.run(registry, home)
    school.teach(
        registry, "2024", school.READING, risk=risk, now=school.START + timedelta(days=401)
    )


@pytest.mark.long
def test_a_champion_that_ranks_well_and_exaggerates_is_recalibrated(
    registry: SyncRegistry, home: Path
) -> None:
    taught(registry, home, risk=-1.5)
    now = school.START + timedelta(days=800)

    dry = school.run(registry, home, run_id="dry", options=RunOptions(dry_run=True), now=now)
    result = school.run(registry, home, run_id="run-2", now=now)

    read = registry.run
    former, new = (read(ModelVersionRepository().get(v)) for v in ("v1", "v3"))
    (line,) = read(PromotionRepository().of_version("v3"))
    alias = read(AliasRepository().get(CHAMPION))
    assert dry.status is DecisionStatus.PROMOTED and dry.evidence["recalibration"] is True
    assert (result.status, result.challenger, result.champion) == (
        DecisionStatus.PROMOTED, "v3", "v3",
    )  # fmt: skip
    assert (result.before, result.refused) == ("v1", "v2")
    assert headline(result).startswith("Recalibrated: v3 serves now, instead of v1")
    assert (line.action, line.by_hand, line.revision) == ("recalibration", False, 2)
    assert line.promotion_id == "run-2-recalibration"
    assert of_run([line]) == line and latest_by_hand([line]) is None
    assert (alias.version, alias.provisional) == ("v3", False)
    assert (new.trained_on, new.window) == (former.trained_on, former.window)
    assert new.calibrated_on and not former.calibrated_on
    assert new.metrics["calibration_error"] < 0.1
    assert new.metrics_on.endswith("calibrated out of fold")
    assert new.card is not None
    card = read(ArtifactRepository().get(new.card.html)).decode()
    assert "It is a recalibration" in card
    steps = {s.name: s.detail for s in read(RunRepository().get("run-2")).steps}
    assert steps["recalibration"].startswith("promoted: ")


@pytest.mark.long
def test_a_recalibrated_version_is_signed_and_ranks_everybody_as_before(
    registry: SyncRegistry, home: Path, tmp_path: Path
) -> None:
    taught(registry, home, risk=-1.5)
    now = school.START + timedelta(days=800)
    school.run(registry, home, run_id="run-2", now=now)
    former, new = (
        load_predictor(
            registry, registry.run(ModelVersionRepository().get(v)), tmp_path, school.KEY
        )
        for v in ("v1", "v3")
    )
    rng = np.random.default_rng(0)
    records = [{"reading": float(r), "sums": 5.0, "late": 0.0} for r in rng.uniform(0, 10, 50)]

    new.self_test()
    before, after = former.score_many(records), new.score_many(records)
    assert np.array_equal(np.argsort(before), np.argsort(after))
    assert after.mean() < before.mean() - 0.1
    assert new.bundle.thresholds.operating != former.bundle.thresholds.operating
    version = registry.run(ModelVersionRepository().get("v3"))
    assert len(training_ids(registry, version, school.KEY)) == 300

    again = school.run(registry, home, run_id="run-3", now=now)
    assert again.champion == "v3"


@pytest.mark.long
def test_a_champion_whose_scores_mean_what_they_say_is_left_as_it_is(
    registry: SyncRegistry, home: Path
) -> None:
    taught(registry, home, risk=0.0)

    result = school.run(registry, home, run_id="run-2", now=school.START + timedelta(days=800))

    steps = {s.name: s.detail for s in registry.run(RunRepository().get("run-2")).steps}
    assert (result.status, result.champion) == (DecisionStatus.KEPT, "v1")
    assert steps["recalibration"].startswith("kept: ")
    assert len(registry.run(ModelVersionRepository().newest())) == 2
