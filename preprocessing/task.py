"""TaskSpec: everything that is particular to one school system's data, read from YAML.

Another school's data needs another YAML file, and no code.
"""

from __future__ import annotations

import re
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from model.errors import ConfigurationError
from preprocessing.formula import Formula
from preprocessing.text import fold


class Kind(StrEnum):
    """How a column's values are to be read."""

    NUMERIC = "numeric"
    CATEGORY = "category"


ReaderName = Literal["number", "phase", "age", "years_since", "text", "category"]
"""How a cell becomes a value; the readers themselves are in `preprocessing.cleaning`."""


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(_Spec):
    """One column of the school's files.

    Attributes:
        name: canonical name, as in the API.
        aliases: names in files; `{period}` and `{yy}` stand for the period and its last two
            digits. Case, accents and runs of blanks do not matter. The first alias that holds any
            value wins.
        kind: numeric or category.
        low: smallest allowed number, inclusive.
        high: largest allowed number, inclusive.
        categories: canonical category to the spellings that mean it.
        reader: how a cell becomes a value; by default `number` or `category`, as the kind says.
        integer: the number must be whole.
    """

    name: str
    aliases: tuple[str, ...] = ()
    kind: Kind = Kind.NUMERIC
    low: float | None = None
    high: float | None = None
    categories: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    reader: ReaderName | None = None
    integer: bool = False
    description: str = ""
    description_pt: str = ""

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Column:
        numeric = self.kind is Kind.NUMERIC
        if self.reader is not None and (self.reader in {"text", "category"}) is numeric:
            raise ValueError(
                f"{self.name}: reader {self.reader} does not read a {self.kind} column"
            )
        if numeric and self.categories:
            raise ValueError(f"{self.name}: a numeric column has no categories")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"{self.name}: low is above high")
        return self

    @model_validator(mode="after")
    def _one_meaning_a_spelling(self) -> Column:
        meanings: dict[str, set[str]] = {}
        for category, spellings in self.categories.items():
            for spelling in (category, *spellings):
                meanings.setdefault(fold(spelling), set()).add(category)
        disputed = sorted(s for s, means in meanings.items() if len(means) > 1)
        if disputed:
            raise ValueError(f"spellings of two categories: {', '.join(disputed)}")
        return self

    @cached_property
    def spellings(self) -> dict[str, str]:
        """Folded spelling to canonical category, the category's own name included."""
        return {
            fold(spelling): category
            for category, spellings in self.categories.items()
            for spelling in (category, *spellings)
        }


class Derived(_Spec):
    """A number worked out from features of the same record, for the model alone.

    Nobody sends it and nobody is asked for it; the encoder computes it from what was sent.

    Attributes:
        formula: see `preprocessing.formula`; it reads numeric features.
    """

    name: str
    formula: str
    description: str = ""
    description_pt: str = ""

    @field_validator("formula")
    @classmethod
    def _parses(cls, formula: str) -> str:
        Formula(formula)
        return formula


class OutcomeRule(_Spec):
    """How the raw outcome column becomes the outcome.

    For a binary task the outcome is 1 when `below` or `at_least` holds for the raw value.
    """

    column: Column
    horizon: Annotated[int, Field(ge=0)] = 1
    kind: Literal["binary", "numeric"] = "binary"
    below: float | None = None
    at_least: float | None = None
    persistence: str | None = None
    description: str = ""

    @model_validator(mode="after")
    def _one_rule(self) -> OutcomeRule:
        rules = (self.below is not None) + (self.at_least is not None)
        if self.kind == "binary" and rules != 1:
            raise ValueError("a binary outcome needs exactly one of `below` and `at_least`")
        if self.kind == "numeric" and rules:
            raise ValueError("a numeric outcome takes neither `below` nor `at_least`")
        return self

    def value_of(self, raw: float) -> float:
        """The outcome of a raw value: 1.0 or 0.0 for a binary task, the value itself otherwise."""
        if self.below is not None:
            return float(raw < self.below)
        if self.at_least is not None:
            return float(raw >= self.at_least)
        return raw


class StatusPolicy(_Spec):
    """Where the counsellor's statuses begin.

    `alert` begins at the operating threshold; `critical` where the measured precision first
    reaches `critical_precision`.
    """

    critical_precision: Annotated[float, Field(gt=0, le=1)] = 0.9


class PromotionPolicy(_Spec):
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


class Schedule(_Spec):
    """Cron expressions, UTC. Day of week in names (`mon`), which no cron dialect disputes."""

    retrain: str = "0 7 * * mon"
    drift: str = "0 6 * * *"


class TrainingPolicy(_Spec):
    """What is tried, and how long."""

    candidates: tuple[str, ...] = ("logistic_regression", "random_forest", "xgboost", "lightgbm")
    window: Annotated[int, Field(ge=1)] = 5000
    trials: Annotated[int, Field(ge=0)] = 0
    seconds: Annotated[float, Field(gt=0)] = 60
    longitudinal: bool = False


class LeakagePolicy(_Spec):
    """When features are too good to be known in advance. See `preprocessing.leakage`.

    Attributes:
        alone: one feature that reaches this (AUC, or R² for a numeric outcome) is refused.
        jointly: features that reach this together are refused.
        accepted: feature that the guard must accept, to the reason; recorded in the version.
    """

    alone: Annotated[float, Field(gt=0.5, le=1)] = 0.92
    jointly: Annotated[float, Field(gt=0.5, le=1)] = 0.99
    accepted: dict[str, str] = Field(default_factory=dict)


class TaskSpec(_Spec):
    """One task: what is read, what is predicted, and how a model earns its place.

    Attributes:
        id: who a row is about, read as text; grouped in every split.
        number_rows: a table without the id column gets its row numbers as ids, `<period>-<row>`.
        period: the column that carries the period of each row, read as text, where there is one.
        periods: what a period looks like, a regular expression; also used to find it in the name
            of a file or sheet.
        protected: used to check fairness, never to score.
        excluded: header of a column that is not used (`*` stands for any text) to the reason.
        leakage: how suspicious the leakage guard is, and the features it was told to accept.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    title_pt: str = ""
    description: str = ""
    id: Column
    number_rows: bool = False
    period: Column | None = None
    periods: str = r"^\d{4}$"
    features: Annotated[tuple[Column, ...], Field(min_length=1)]
    derived: tuple[Derived, ...] = ()
    protected: tuple[Column, ...] = ()
    excluded: dict[str, str] = Field(default_factory=dict)
    outcome: OutcomeRule
    status: StatusPolicy = StatusPolicy()
    promotion: PromotionPolicy = PromotionPolicy()
    training: TrainingPolicy = TrainingPolicy()
    schedule: Schedule = Schedule()
    leakage: LeakagePolicy = LeakagePolicy()

    @model_validator(mode="after")
    def _names_are_unique(self) -> TaskSpec:
        names = [c.name for c in (*self.features, *self.protected)]
        names += [d.name for d in self.derived]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"columns named twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _formulas_read_numeric_features(self) -> TaskSpec:
        numeric = {c.name for c in self.features if c.kind is Kind.NUMERIC}
        for derived in self.derived:
            unknown = sorted(set(Formula(derived.formula).names) - numeric)
            if unknown:
                raise ValueError(
                    f"derived.{derived.name} reads {', '.join(unknown)}: no numeric feature"
                )
        return self

    @model_validator(mode="after")
    def _names_are_features(self) -> TaskSpec:
        named = {*self.leakage.accepted, *filter(None, [self.outcome.persistence])}
        unknown = sorted(named - set(self.feature_names))
        if unknown:
            raise ValueError(f"no features of these names: {', '.join(unknown)}")
        return self

    @field_validator("periods")
    @classmethod
    def _periods_are_a_pattern(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from error
        return pattern

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The features by canonical name, in the order of the file."""
        return {column.name: column for column in self.features}

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Canonical feature names, in the order of the file."""
        return tuple(c.name for c in self.features)

    def feature(self, name: str) -> Column:
        """The feature of that canonical name.

        Raises:
            KeyError: no such feature.
        """
        return self.columns[name]

    def excluded_because(self, header: str) -> str | None:
        """Why a column of that header is not used, if the task says so."""
        folded = fold(header)
        for pattern, reason in self.excluded.items():
            if fnmatchcase(folded, fold(pattern)):
                return reason
        return None

    def outcome_period(self, period: str) -> str:
        """The period in which the outcome of features of `period` is observed."""
        return str(int(period) + self.outcome.horizon) if self.outcome.horizon else period

    def feature_period(self, period: str) -> str:
        """The period whose features an outcome observed in `period` belongs to."""
        return str(int(period) - self.outcome.horizon) if self.outcome.horizon else period


def load_task(name_or_path: str) -> TaskSpec:
    """Reads a task by the name of one that ships with Farol, or from a YAML file.

    Raises:
        ConfigurationError: no such task, unreadable YAML, or a key that is wrong (it is named).
    """
    path = Path(name_or_path)
    try:
        text = (
            path.read_text(encoding="utf-8")
            if path.suffix in {".yaml", ".yml"}
            else (files("preprocessing") / "tasks" / f"{name_or_path}.yaml").read_text("utf-8")
        )
    except OSError as error:
        raise ConfigurationError(
            f"FAROL_TASK={name_or_path!r}: no such task; give the name of one in "
            "preprocessing/tasks or the path of a .yaml file"
        ) from error
    return parse_task(text, source=name_or_path)


def parse_task(text: str, *, source: str) -> TaskSpec:
    """Parses a task from YAML text; `source` is named in errors.

    Raises:
        ConfigurationError: not YAML, or a key that is missing, unknown or out of range.
    """
    try:
        raw: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{source}: not readable as YAML: {error}") from error
    try:
        return TaskSpec.model_validate(raw)
    except ValidationError as error:
        where = "; ".join(
            f"{'.'.join(str(p) for p in e['loc']) or 'task'}: {e['msg']}" for e in error.errors()
        )
        raise ConfigurationError(f"{source}: {where}") from error
