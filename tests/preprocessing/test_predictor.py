"""What a version says of a record: score, status, and how much of the record it could go by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.bundle import BundleParts, Golden, load_bundle, write_bundle
from model.calibration import Calibration
from model.prediction import IntervalRule, RiskLabel, RiskStatus, Scale, Thresholds
from model.scorers import linear
from model.student import Features
from preprocessing.encoded_columns import CategoryColumn, NumericColumn
from preprocessing.encoder import FeatureEncoder
from preprocessing.predictor import Predictor

ENCODER = FeatureEncoder(
    (
        NumericColumn("ida", 5.0, 5.0, 2.0, 0.0, 10.0, False),
        NumericColumn("ieg", 5.0, 5.0, 2.0, 0.0, 10.0, False),
    ),
    (CategoryColumn("school", "state", ("private", "state")),),
)
IMPORTANCE = {"ida": 0.6, "ieg": 0.3, "school": 0.1}
CUTS = Thresholds(0.5, 0.5, 0.8, min_known_weight=0.5)
GOLDEN: Features = {"ida": 3.0, "school": "private"}


def predictor(
    folder: Path,
    importance: dict[str, float] = IMPORTANCE,
    *,
    cuts: Thresholds = CUTS,
    interval: IntervalRule | None = None,
) -> Predictor:
    value = interval is not None
    scorer = linear.LinearScorer(np.array([-1.0, -1.0, 0.0, 1.0]), 50.0 if value else 0.0)
    calibration = Calibration.identity() if value else Calibration.sigmoid(1.0, 0.0)
    score = calibration.score_one(scorer.margin_one(ENCODER.encode_one(GOLDEN)))
    write_bundle(
        folder,
        BundleParts(
            task="made_up",
            family="logistic_regression",
            feature_names=ENCODER.features,
            encoder=ENCODER.spec(),
            scorer=scorer,
            calibration=calibration,
            thresholds=cuts,
            reference={},
            golden=(Golden(GOLDEN, score),),
            importance=importance,
            interval=interval,
        ),
    )
    return Predictor(load_bundle(folder))


@pytest.mark.parametrize(
    ("record", "share"),
    [
        ({"ida": 1.0, "ieg": 1.0, "school": "state"}, 1.0),
        ({"ida": 1.0}, 0.6),
        ({"ieg": 1.0, "school": "private"}, 0.4),
        ({"unused": 1.0}, 0.0),
    ],
)
def test_the_known_weight_is_the_share_of_the_importance_that_the_record_gave(
    tmp_path: Path, record: Features, share: float
) -> None:
    found = predictor(tmp_path / "bundle").assess_one(record)

    assert found.known_weight == pytest.approx(share)
    assert predictor(tmp_path / "again").known_weight(record) == found.known_weight


def test_a_record_that_gives_too_little_is_insufficient_and_never_critical(
    tmp_path: Path,
) -> None:
    version = predictor(tmp_path / "bundle")

    little = version.assess_one({"ieg": 0.0})
    enough = version.assess_one({"ieg": 0.0, "ida": 5.0})

    assert little.score == enough.score >= CUTS.critical
    assert (little.status, enough.status) == (RiskStatus.INSUFFICIENT, RiskStatus.CRITICAL)
    assert little.label == enough.label == RiskLabel.HIGH


def test_a_category_that_the_version_never_saw_is_named_and_counts_as_not_known(
    tmp_path: Path,
) -> None:
    version = predictor(tmp_path / "bundle")

    found = version.assess_one({"ida": 5.0, "school": "church"})

    assert found.unseen == ("school",)
    assert found.known_weight == pytest.approx(0.6)
    assert found.score == version.score_one({"ida": 5.0})


def test_a_bundle_of_before_knows_no_weight_and_withholds_no_status(tmp_path: Path) -> None:
    version = predictor(tmp_path / "bundle", {})

    found = version.assess_one({"ieg": 0.0})

    assert not (tmp_path / "bundle" / "importance.json").exists()
    assert (found.known_weight, found.status) == (None, RiskStatus.CRITICAL)


def test_thresholds_written_before_there_were_scales_are_those_of_a_risk() -> None:
    old = Thresholds(operating=0.4, alert=0.4, critical=0.9)

    assert old.scale is Scale.RISK
    assert old.status(0.95, 0.0) is RiskStatus.CRITICAL


def test_of_a_predicted_value_low_ones_are_of_concern_and_an_interval_is_around_it(
    tmp_path: Path,
) -> None:
    cuts = Thresholds(50.0, 50.0, 48.0, Scale.VALUE_LOW)
    rule = IntervalRule(0.9, 4.0, 0.0, 53.0)
    version = predictor(tmp_path / "bundle", cuts=cuts, interval=rule)

    records: list[Features] = [{"ida": 1.0}, {"ida": 5.0}, {"ida": 10.0, "ieg": 10.0}]
    good, middle, bad = version.assess_many(records)

    assert (good.status, good.label) == (RiskStatus.EXPECTED, RiskLabel.LOW)
    assert (middle.status, bad.status) == (RiskStatus.EXPECTED, RiskStatus.CRITICAL)
    assert bad.label is RiskLabel.HIGH
    assert good.interval == (good.score - 4.0, 53.0 if good.score < 53.0 else good.score)
    assert bad.interval == (bad.score - 4.0, bad.score + 4.0)
    concern = [cuts.scale.concern(found.score) for found in (bad, middle, good)]
    assert concern == sorted(concern, reverse=True)


def test_one_by_one_and_together_records_are_assessed_alike(tmp_path: Path) -> None:
    version = predictor(tmp_path / "bundle")
    records: list[Features] = [{"ida": 2.0}, {"school": "church"}, {"ieg": 9.0, "ida": 1.0}]

    together = version.assess_many(records)

    for record, found in zip(records, together, strict=True):
        alone = version.assess_one(record)
        assert replace(found, score=0.0) == replace(alone, score=0.0)
        assert found.score == pytest.approx(alone.score, abs=1e-12)
    assert version.assess_many([]) == []
