"""What a task asks of its models, and when."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from model.prediction import Scale, Thresholds
from preprocessing.task.columns import Spec
from preprocessing.task.trial_policies import CanaryPolicy, ShadowPolicy


class StatusPolicy(Spec):
    """Where the counsellor's statuses begin.

    For a binary outcome `alert` begins at the operating threshold and `critical` where the
    precision reaches `critical_precision` by its lower confidence bound. For a numeric outcome both
    are values that the school names, on the outcome's own scale.

    Attributes:
        min_known_weight: a record that gives less than this share of the version's importance has
            the status `insufficient`, whatever its score; 0 for never.
        concern: which values of a numeric outcome are of concern.
        alert: predicted below it (concern `low`), or from it on (`high`), the status is `alert`.
        critical: the same for `critical`.
        interval: share of outcomes that the interval around a predicted value is to hold.
    """

    critical_precision: Annotated[float, Field(gt=0, le=1)] = 0.9
    min_known_weight: Annotated[float, Field(ge=0, le=1)] = 0.2
    concern: Literal["low", "high"] | None = None
    alert: float | None = None
    critical: float | None = None
    interval: Annotated[float, Field(gt=0, lt=1)] = 0.9

    @property
    def named(self) -> bool:
        """Whether any of what only a numeric outcome has is given."""
        return any(value is not None for value in (self.concern, self.alert, self.critical))

    def cutoffs(self) -> Thresholds:
        """The cut-offs of a numeric outcome.

        Raises:
            ValueError: one of the three is not given.
        """
        if self.concern is None or self.alert is None or self.critical is None:
            raise ValueError(
                "a numeric outcome needs status.concern (low or high), status.alert and "
                "status.critical, on the outcome's own scale"
            )
        scale = Scale.VALUE_LOW if self.concern == "low" else Scale.VALUE_HIGH
        return Thresholds(self.alert, self.alert, self.critical, scale, self.min_known_weight)

    @model_validator(mode="after")
    def _critical_lies_beyond_alert(self) -> StatusPolicy:
        if self.concern is None or self.alert is None or self.critical is None:
            return self
        gap = self.critical - self.alert
        if (-gap if self.concern == "low" else gap) < 0:
            raise ValueError(
                f"with concern {self.concern}, critical ({self.critical:g}) must lie "
                f"{'below' if self.concern == 'low' else 'above'} alert ({self.alert:g})"
            )
        return self


class LaneBudgets(Spec):
    """Shares of all students that may be flagged, of those at risk now and of the others."""

    known: Annotated[float, Field(ge=0, le=1)]
    new: Annotated[float, Field(ge=0, le=1)]

    @model_validator(mode="after")
    def _some_are_flagged(self) -> LaneBudgets:
        if not 0 < self.known + self.new <= 1:
            raise ValueError("known and new together must be more than 0 and at most 1")
        return self


class PromotionPolicy(Spec):
    """What a challenger must show. See `retraining.promotion.decision`.

    Attributes:
        alert_budget: share of students that may be flagged; None: as many as are at risk.
        lanes: in its place, so many of those at risk now and so many of the others.
        evidence: which gain counts. `forward`: of models older than the period judged. `within`:
            of the newest period, though the challenger learned from it. `either`: forward where
            there is an earlier period, else within where the champion learned from it too.
        refresh: how the champion's own recipe with another period of records is judged: `always`
            promoted if no other guard objects, `measured` within the newest period, or by the
            `evidence` that any other challenger needs.
        approval: `ask` lets a person decide where a run would promote (`database.decisions`).
        approval_days: how long such a version waits before it is refused.
        shadow: a version is first tried in the champion's shadow (`retraining.shadow`).
        canary: then it answers a share of the students; a person, if any is asked, comes last.
    """

    evidence: Literal["forward", "within", "either"] = "either"
    refresh: Literal["always", "measured", "evidence"] = "measured"
    min_recall_gain: Annotated[float, Field(ge=0, le=1)] = 0.01
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    alert_budget: Annotated[float, Field(gt=0, le=1)] | None = None
    lanes: LaneBudgets | None = None
    precision_floor: Annotated[float, Field(ge=0, le=1)] | None = None
    max_auc_loss: Annotated[float, Field(ge=0, le=1)] = 0.01
    max_calibration_error: Annotated[float, Field(gt=0, le=1)] = 0.1
    max_subgroup_gap: Annotated[float, Field(gt=0, le=1)] = 0.15
    min_positives: Annotated[int, Field(ge=1)] = 50
    min_labelled: Annotated[int, Field(ge=1)] = 100
    first_min_auc: Annotated[float, Field(ge=0.5, le=1)] = 0.65
    first_min_r2: Annotated[float, Field(ge=0, lt=1)] = 0.05
    min_mae_gain: Annotated[float, Field(ge=0, le=1)] = 0.01
    approval: Literal["automatic", "ask"] = "automatic"
    approval_days: Annotated[int, Field(ge=1, le=365)] = 14
    shadow: ShadowPolicy | None = None
    canary: CanaryPolicy | None = None

    @model_validator(mode="after")
    def _one_budget(self) -> PromotionPolicy:
        if self.lanes is not None and self.alert_budget is not None:
            raise ValueError("alert_budget and lanes: give one; the lanes add up to the budget")
        return self

    @property
    def budget(self) -> float | None:
        """Share of students that may be flagged in all; None: as many as are at risk."""
        return self.alert_budget if self.lanes is None else self.lanes.known + self.lanes.new

    @property
    def tries(self) -> bool:
        """Whether a version is tried beside the champion before it is promoted."""
        return self.shadow is not None or self.canary is not None


class Schedule(Spec):
    """When the worker does what, and what makes it retrain earlier.

    Attributes:
        retrain: a cron expression, UTC. Day of week in names (`mon`), which no dialect disputes.
        drift: the same, of the drift check.
        new_labels: so many labelled records since the last run call for one at once; None: they
            wait for the schedule.
        pause_hours: after any run nothing but the schedule, or a person, calls for another so long.
    """

    retrain: str = "0 7 * * mon"
    drift: str = "0 6 * * *"
    new_labels: Annotated[int, Field(ge=1, le=5_000)] | None = 500
    pause_hours: Annotated[float, Field(ge=0)] = 20.0


Age = Annotated[int, Field(ge=30)] | None


class RetentionPolicy(Spec):
    """What of a task the worker removes by itself.

    The ages count the days since Farol was told; None keeps for ever. What an age, or a shorter
    one, would remove is shown for a week before it goes.

    Attributes:
        drift_reports: so many of the newest are kept.
        runs: the same.
        orphans_days: an outcome that has waited for its features so long is dropped, with its
            reports; None: it waits for ever, and how long is told.
        predictions_days: older predictions go, a day at a time; what stays are that day's counts
            and mean scores by unit and status, of ten students or more.
        outcomes_days: labels that no report has reached since, with their reports.
        students_days: what a school reported of a student's period.
        actions_days: what was done for students, and help that has ended.
        lists_days: published lists; the newest period's last one stands.
        drift_days: drift reports.
        files_days: school files as they came; their digests stay with what was read of them.
        rejects_days: which rows of a school file could not be used; the counts stay.
    """

    drift_reports: Annotated[int, Field(ge=10)] = 1_000
    runs: Annotated[int, Field(ge=100)] = 2_000
    orphans_days: Age = None
    predictions_days: Age = None
    outcomes_days: Age = None
    students_days: Age = None
    actions_days: Age = None
    lists_days: Age = None
    drift_days: Age = None
    files_days: Age = None
    rejects_days: Age = None


class WatchPolicy(Spec):
    """Which records the drift check judges (`drift.cohort`), by which tests, and what alarms.

    Attributes:
        min_records: fewest students of one period; also the fewest that make it a usual cohort.
        min_share: fewest, as a share of the usual cohort.
        numeric: tests of a number, by their names in `drift.catalogue`.
        category: tests of a category.
        limits: name of a test to the effect from which on a shift is large; else the test's own.
        alpha: level of one check: a feature drifts at a q-value of at most this.
        checks: checks in a row, each of changed records, that make an alarm of drift.
        alarm_alpha: level that one of these checks must reach, and the one of a complete cohort.
        complete_share: school files with this share of the usual cohort make a complete one.
        settled_days: a cohort that has not changed for so many days is complete.
        periods_a_year: how many periods begin in a year; for the false alarms to expect.
    """

    min_records: Annotated[int, Field(ge=1)] = 50
    min_share: Annotated[float, Field(ge=0, le=1)] = 0.2
    numeric: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "ks",
        "rank_sum",
        "missingness",
    )
    category: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "chi_square",
        "new_categories",
        "missingness",
    )
    limits: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    alpha: Annotated[float, Field(gt=0, le=0.5)] = 0.05
    checks: Annotated[int, Field(ge=1, le=30)] = 2
    alarm_alpha: Annotated[float, Field(gt=0, le=0.5)] = 0.01
    complete_share: Annotated[float, Field(gt=0, le=1)] = 0.8
    settled_days: Annotated[int, Field(ge=1, le=365)] = 7
    periods_a_year: Annotated[float, Field(gt=0, le=366)] = 1


class TrainingPolicy(Spec):
    """Which candidates are tried, on how many of the newest labelled records, and how long.

    Attributes:
        window: as many as were measured to be cheap (`docs/training.md`). A run says how many
            older records, and of which periods, it leaves out.
        params: family to settings that are fixed for it, which tuning leaves; families and settings
            are those of `docs/training.md`, and checked where the task is loaded to train.
        trials: settings of the chosen family that are tried; 0 tunes nothing.
        seconds: tuning ends after so long; the result then depends on the machine's speed. With
            `trials` 0 it alone decides.
        class_weight: `balanced` weighs both outcomes alike however rare one is. Scores stay
            probabilities either way: calibration follows.
    """

    candidates: tuple[str, ...] = ("logistic_regression", "random_forest", "xgboost", "lightgbm")
    params: dict[str, dict[str, int | float | list[str]]] = Field(default_factory=dict)
    window: Annotated[int, Field(ge=1)] = 100_000
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
