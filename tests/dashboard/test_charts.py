"""Records to figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dashboard import charts
from dashboard.texts import Language, load_texts
from model.drift import DriftReport, FeatureDrift
from model.prediction import Prediction, RiskLabel, RiskStatus, Scale, Thresholds
from model.version import Lineage, ModelVersion, Window

NOW = datetime(2025, 3, 1, tzinfo=UTC)
EN = load_texts(Language.EN)


def version(number: int, **metrics: float) -> ModelVersion:
    return ModelVersion(
        version=f"v{number}",
        number=number,
        task="little",
        family="xgboost",
        created_at=NOW,
        params={},
        metrics=metrics,
        metrics_on="somebody",
        thresholds=Thresholds(0.5, 0.5, 0.8),
        window=Window(("2023",), 100, 50, "0" * 64, NOW),
        lineage=Lineage("r", 1, None, "0", {}),
        features=(),
        reference={},
        artifact="",
        trained_on="",
        signature="",
    )


def row(feature: str, effect: float, *, test: str = "ks", drifted: bool = False) -> FeatureDrift:
    return FeatureDrift(feature, test, effect, 0.01, 0.02, effect, 0.1, 0.3, drifted, 0.0, 0.0)


def prediction(score: float, at: datetime) -> Prediction:
    return Prediction(
        f"p{at.timestamp()}", "RA-1", "2024", {}, (), score,
        RiskLabel.HIGH, RiskStatus.ALERT, 0.45, "v1", at,
    )  # fmt: skip


def test_the_history_runs_from_the_oldest_version_and_marks_the_champion() -> None:
    figure = charts.metric_history(
        [version(2, recall=0.8), version(1, recall=0.7, auc=0.9)], "v1", ("recall", "auc"), EN
    )

    recall, auc = figure.data
    assert (tuple(recall.x), tuple(recall.y)) == (("v1", "v2"), (0.7, 0.8))
    assert tuple(auc.y) == (0.9, None)
    assert recall.marker.size[0] > recall.marker.size[1]


def test_drift_bars_are_multiples_of_the_limit_with_the_largest_on_top() -> None:
    rows = (row("ieg", 0.05), row("ida", 0.3, drifted=True), row("ieg", 0.2, test="missingness"))
    report = DriftReport("d", NOW, "v1", 100, ("2024",), rows, True)

    figure = charts.drift_bars(report, EN)

    drifted, stable = figure.data
    assert list(drifted.x) == [0.3 / 0.1]
    assert set(stable.y) == {"ieg", "ieg (missing)"}
    assert figure.layout.yaxis.categoryarray[-1] == "ida"


def test_the_drift_history_counts_a_feature_once_however_many_of_its_tests_drifted() -> None:
    twice = (row("ieg", 0.3, drifted=True), row("ieg", 0.3, test="missingness", drifted=True))
    first = DriftReport("d1", NOW, "v1", 100, ("2024",), twice, True)
    second = replace(first, report_id="d2", at=NOW + timedelta(days=1), features=(), drifted=False)

    figure = charts.drift_history([second, first], EN)

    assert tuple(figure.data[0].y) == (1, 0)


def test_the_drift_history_has_no_point_where_nothing_was_compared() -> None:
    stable = DriftReport("d1", NOW, "v1", 100, ("2024",), (), False)
    nothing = replace(stable, report_id="d2", at=NOW + timedelta(days=1), rows=0, compared=False)

    (shown,) = charts.drift_history([nothing, stable], EN).data[0].x
    assert shown == NOW.replace(tzinfo=None)


def test_the_histogram_draws_the_newest_threshold() -> None:
    older = replace(prediction(0.2, NOW), threshold=0.9)

    figure = charts.score_histogram([older, prediction(0.7, NOW + timedelta(hours=1))], EN)

    assert tuple(figure.data[0].x) == (0.2, 0.7)
    assert figure.layout.shapes[0].x0 == 0.45


def test_values_are_spread_over_their_own_scale() -> None:
    value = replace(prediction(54.0, NOW), scale=Scale.VALUE_LOW, threshold=60.0)

    figure = charts.score_histogram([value], EN)

    assert figure.layout.xaxis.range is None
    assert figure.layout.xaxis.title.text == "predicted"
    assert figure.layout.shapes[0].x0 == 60.0


def test_predictions_are_counted_by_day() -> None:
    served = [prediction(0.5, NOW + timedelta(hours=h)) for h in (1, 2, 30)]

    figure = charts.predictions_by_day(served, EN)

    assert tuple(figure.data[0].y) == (2, 1)
    assert tuple(figure.data[0].x) == ("01/03", "02/03")
