"""What a task asks of its models, and when."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from preprocessing.fields import Spec


class StatusPolicy(Spec):
    """Where the counsellor's statuses begin.

    `alert` begins at the operating threshold; `critical` where the measured precision first
    reaches `critical_precision`.
    """

    critical_precision: Annotated[float, Field(gt=0, le=1)] = 0.9


class PromotionPolicy(Spec):
    """What a challenger must show. See `retraining.policy`."""

    min_recall_gain: Annotated[float, Field(ge=0, le=1)] = 0.01
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    alert_budget: Annotated[float, Field(gt=0, le=1)] | None = None
    precision_floor: Annotated[float, Field(ge=0, le=1)] = 0.5
    max_auc_loss: Annotated[float, Field(ge=0, le=1)] = 0.01
    max_calibration_error: Annotated[float, Field(gt=0, le=1)] = 0.1
    max_subgroup_gap: Annotated[float, Field(gt=0, le=1)] = 0.15
    min_positives: Annotated[int, Field(ge=1)] = 50
    min_labelled: Annotated[int, Field(ge=1)] = 100
    first_min_auc: Annotated[float, Field(ge=0.5, le=1)] = 0.65
    min_mae_gain: Annotated[float, Field(ge=0, le=1)] = 0.01


class Schedule(Spec):
    """Cron expressions, UTC. Day of week in names (`mon`), which no cron dialect disputes."""

    retrain: str = "0 7 * * mon"
    drift: str = "0 6 * * *"


class WatchPolicy(Spec):
    """Which records the drift check judges. See `drift.cohort`.

    Attributes:
        min_records: fewest students of one period; also the fewest that make it a usual cohort.
        min_share: fewest, as a share of the usual cohort.
    """

    min_records: Annotated[int, Field(ge=1)] = 50
    min_share: Annotated[float, Field(ge=0, le=1)] = 0.2


class TrainingPolicy(Spec):
    """Which candidates are tried, on how many of the newest labelled records, and how long.

    Attributes:
        trials: settings of the chosen family that are tried; 0 tunes nothing.
        seconds: tuning ends after so long; the result then depends on the machine's speed. With
            `trials` 0 it alone decides.
        class_weight: `balanced` weighs both outcomes alike however rare one is. Scores stay
            probabilities either way: calibration follows.
    """

    candidates: tuple[str, ...] = ("logistic_regression", "random_forest", "xgboost", "lightgbm")
    window: Annotated[int, Field(ge=1)] = 5000
    trials: Annotated[int, Field(ge=0)] = 0
    seconds: Annotated[float, Field(gt=0)] | None = None
    class_weight: Literal["none", "balanced"] = "none"


class LeakagePolicy(Spec):
    """When features are too good to be known in advance. See `preprocessing.leakage`.

    Attributes:
        alone: one feature that reaches this (AUC, or R² for a numeric outcome) is refused.
        jointly: features that reach this together are refused.
        accepted: feature that the guard must accept, to the reason; recorded in the version.
    """

    alone: Annotated[float, Field(gt=0.5, le=1)] = 0.92
    jointly: Annotated[float, Field(gt=0.5, le=1)] = 0.99
    accepted: dict[str, str] = Field(default_factory=dict)
