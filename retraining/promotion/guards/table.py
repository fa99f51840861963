"""Every guard there is."""

from __future__ import annotations

from typing import Any

from retraining.promotion.guards import (
    binary,
    binary_gain,
    binary_groups,
    binary_precision,
    look,
    no_worse,
    numeric,
    recalibration,
    shared,
    source,
)
from retraining.promotion.guards.rule import GuardRule

GUARDS: tuple[GuardRule[Any], ...] = (
    shared.MIN_LABELLED,
    shared.MIN_POSITIVES,
    look.NEW_LABELS,
    look.ERROR_BUDGET,
    shared.DIFFERENT_MODEL,
    binary.SELECTIVE,
    binary.FIRST_MIN_AUC,
    binary.BEATS_DUMMY,
    binary.BEATS_PERSISTENCE,
    binary.BEATS_ENVIRONMENT,
    source.EVIDENCE,
    binary_gain.MIN_RECALL_GAIN,
    binary_gain.CONFIDENCE,
    binary_gain.GAIN_AT_BUDGET,
    no_worse.RECALL,
    binary_precision.PRECISION,
    binary_precision.PRECISION_FLOOR,
    binary.ALERT_BUDGET,
    binary_gain.MAX_AUC_LOSS,
    binary.MAX_CALIBRATION_ERROR,
    binary_groups.MAX_SUBGROUP_GAP,
    recalibration.SAME_RANKING,
    recalibration.CALIBRATION_GAIN,
    recalibration.LOG_LOSS_GAIN,
    numeric.EXPLAINS,
    numeric.FIRST_MIN_R2,
    numeric.BEATS_MEAN,
    numeric.BEATS_TODAY,
    numeric.BEATS_ENVIRONMENT,
    no_worse.ERROR,
    numeric.MIN_MAE_GAIN,
    numeric.CONFIDENCE,
    shared.CHAMPION_UNMOVED,
)
"""In the order they are looked at."""
