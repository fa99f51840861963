"""TaskSpec: everything that is particular to one school system's data, read from YAML.

Another school's data needs another YAML file, and no code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from model.errors import ConfigurationError
from model.prediction import Scale
from model.student import Units
from preprocessing.task.columns import (
    Column,
    Derived,
    IdColumn,
    Kind,
    Longitudinal,
    OutcomeRule,
    Spec,
)
from preprocessing.task.events import EventPlan, event_columns
from preprocessing.task.formula import Formula
from preprocessing.task.helping import InterventionKind
from preprocessing.task.history_columns import added_columns
from preprocessing.task.mistakes import told
from preprocessing.task.notices import NoticePolicy
from preprocessing.task.oneroster import OneRosterMapping
from preprocessing.task.policies import (
    LeakagePolicy,
    PromotionPolicy,
    RetentionPolicy,
    Schedule,
    StatusPolicy,
    TrainingPolicy,
    WatchPolicy,
)
from preprocessing.task.spelling import fold

TASK_NAME = r"^[a-z][a-z0-9_]{0,30}$"
"""A task's name is part of its database's name, of which servers take 63 characters."""


class TaskSpec(Spec):
    """One task: what is read, what is predicted, and how a model earns its place.

    Attributes:
        name: small letters, digits and underscores; part of the database's name.
        title: what people call the task, in English.
        title_pt: the same in Portuguese.
        description: what is predicted of whom, in a sentence or two.
        id: who a row is about, read as text; grouped in every split.
        unit: where a student is: a school, then finer ones, such as a class. Access goes by the
            first. Kept beside the features; no model sees them.
        number_rows: a table without the id column gets its row numbers as ids, `<period>-<row>`.
        period: the column that carries the period of each row, read as text, where there is one.
        periods: what a period looks like, a regular expression; also used to find it in the name
            of a file or sheet.
        reported: what schools report and a model may see; the key `features` of the YAML file.
        events: what is added from a second table, with a row a day.
        longitudinal: what is added from the student's earlier periods.
        derived: numbers worked out from features of the same record.
        protected: used to check fairness, never to score.
        checked: read for the plausibility check over periods alone.
        excluded: header of a column that is not used (`*` stands for any text) to the reason.
        outcome: what is predicted, and how the school's own column says it.
        labels: `after_horizon` refuses outcomes that were observed before their period began; else
            they are kept and counted as early.
        status: where the counsellor's statuses begin.
        promotion: what a challenger must show.
        training: which models are tried, and on how many records.
        schedule: when the worker trains and checks.
        retention: how long what is kept.
        drift: which records are compared with what the champion was trained on, and how.
        notices: language and hours of what people are told.
        interventions: which kinds of help there are; any may be written where none is named.
        leakage: how suspicious the leakage guard is, and the features it was told to accept.
        environment: units and features, coarse to fine, that say where a student is and not who;
            by them alone goes the rule that a score per student must beat. None: the units.
        example: a record to try, by canonical feature name; nobody's.
        timezone: of the schools, by its name in the IANA data base: what people are shown is told
            in it. None: the zone of notices where one is named, else the installation's.
        oneroster: where the columns are in a OneRoster bundle.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    name: Annotated[str, Field(pattern=TASK_NAME)]
    title: str
    title_pt: str = ""
    description: str = ""
    id: IdColumn
    unit: tuple[Column, ...] = ()
    number_rows: bool = False
    period: Column | None = None
    periods: str = r"^\d{4}$"
    reported: tuple[Column, ...] = Field(alias="features", min_length=1)
    events: EventPlan | None = None
    longitudinal: Longitudinal | None = None
    derived: tuple[Derived, ...] = ()
    protected: tuple[Column, ...] = ()
    checked: tuple[Column, ...] = ()
    excluded: dict[str, str] = Field(default_factory=dict)
    outcome: OutcomeRule
    labels: Literal["any", "after_horizon"] = "any"
    status: StatusPolicy = StatusPolicy()
    promotion: PromotionPolicy = PromotionPolicy()
    training: TrainingPolicy = TrainingPolicy()
    schedule: Schedule = Schedule()
    retention: RetentionPolicy = RetentionPolicy()
    drift: WatchPolicy = WatchPolicy()
    notices: NoticePolicy = NoticePolicy()
    interventions: tuple[InterventionKind, ...] = ()
    leakage: LeakagePolicy = LeakagePolicy()
    environment: tuple[str, ...] | None = None
    example: dict[str, float | str] = Field(default_factory=dict)
    timezone: str | None = None
    oneroster: OneRosterMapping | None = None

    @field_validator("timezone")
    @classmethod
    def _timezone_is_known(cls, timezone: str | None) -> str | None:
        try:
            return timezone if timezone is None else ZoneInfo(timezone).key
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{timezone!r} is no time zone; write America/Sao_Paulo") from error

    @model_validator(mode="after")
    def _names_are_unique(self) -> TaskSpec:
        columns = (*self.unit, *self.features, *self.protected, *self.checked)
        names = [c.name for c in columns]
        names += [d.name for d in self.derived]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"columns named twice: {', '.join(twice)}")
        return self

    @field_validator("interventions")
    @classmethod
    def _kinds_of_help_differ(
        cls, kinds: tuple[InterventionKind, ...]
    ) -> tuple[InterventionKind, ...]:
        names = [kind.name for kind in kinds]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"named twice: {', '.join(twice)}")
        return kinds

    @model_validator(mode="after")
    def _units_are_categories(self) -> TaskSpec:
        numbers = [c.name for c in self.unit if c.kind is not Kind.CATEGORY]
        if numbers:
            raise ValueError(f"unit: {', '.join(numbers)}: say `kind: category`")
        if self.id.unique_within and not self.unit:
            raise ValueError("id.unique_within: the task has no `unit` columns; name the school's")
        return self

    @model_validator(mode="after")
    def _checked_columns_are_checked(self) -> TaskSpec:
        idle = [c.name for c in self.checked if c.over_periods is None]
        if idle:
            raise ValueError(f"checked: {', '.join(idle)}: say over_periods, or leave it out")
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
        present = self.outcome.persistence
        named = {*self.leakage.accepted, *filter(None, [present])}
        unknown = sorted(named - set(self.feature_names))
        if unknown:
            raise ValueError(f"no features of these names: {', '.join(unknown)}")
        if present and self.feature(present).kind is not self.outcome.column.kind:
            raise ValueError(
                f"outcome.persistence: {present} is no {self.outcome.column.kind.value} column as "
                f"{self.outcome.column.name} is, so the outcome's rule cannot be put to it"
            )
        return self

    @model_validator(mode="after")
    def _lanes_can_be_told_apart(self) -> TaskSpec:
        told = self.outcome.persistence is not None and self.outcome.form.two_valued
        if self.promotion.lanes is not None and not told:
            raise ValueError(
                "promotion.lanes needs a binary outcome and outcome.persistence, the feature that "
                "says who is at risk now"
            )
        return self

    @model_validator(mode="after")
    def _environment_is_read(self) -> TaskSpec:
        known = {c.name for c in self.unit} | set(self.feature_names)
        unknown = [name for name in self.environment or () if name not in known]
        if unknown:
            raise ValueError(
                f"environment: no units or features: {', '.join(unknown)}; leave them out"
            )
        return self

    @model_validator(mode="after")
    def _periods_of_events_are_times(self) -> TaskSpec:
        if self.events and (why := self.events.no_period(self.is_period)):
            raise ValueError(why)
        return self

    @model_validator(mode="after")
    def _roster_columns_are_columns(self) -> TaskSpec:
        if self.oneroster and (unknown := self.oneroster.unknown(self.column_names)):
            raise ValueError(f"oneroster.columns: {', '.join(unknown)}: no columns of the task")
        return self

    @model_validator(mode="after")
    def _statuses_fit_the_outcome(self) -> TaskSpec:
        if not self.outcome.form.two_valued:
            self.status.cutoffs()
        elif self.status.named:
            raise ValueError(
                "status.concern, status.alert and status.critical are for a numeric outcome; the "
                "cut-offs of a binary one are learned (status.critical_precision)"
            )
        return self

    @field_validator("periods")
    @classmethod
    def _periods_are_a_pattern(cls, pattern: str) -> str:
        try:
            re.compile(pattern, re.ASCII)
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from error
        return pattern

    @cached_property
    def features(self) -> tuple[Column, ...]:
        """All that a record may hold: what schools report, what events and earlier periods add."""
        own = (*self.reported, *(event_columns(self.events.aggregates) if self.events else ()))
        if self.longitudinal is None:
            return own
        reported = {column.name: column for column in self.reported}
        return (*own, *added_columns(self.longitudinal, reported))

    @cached_property
    def monotone(self) -> dict[str, int]:
        """Feature, or derived number, to the direction the risk is held to."""
        held: dict[str, int] = {c.name: c.monotone for c in self.features}
        held |= {d.name: d.monotone for d in self.derived}
        return {name: direction for name, direction in held.items() if direction}

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The features by canonical name, in the order of the file."""
        return {column.name: column for column in self.features}

    @property
    def column_names(self) -> frozenset[str]:
        """What files may hold besides the id and the period, by canonical name."""
        read = (*self.unit, *self.reported, *self.protected, *self.checked, self.outcome.column)
        return frozenset(column.name for column in read)

    @property
    def environment_columns(self) -> tuple[str, ...]:
        """What says where a student is, coarse to fine."""
        units = tuple(column.name for column in self.unit)
        return units if self.environment is None else self.environment

    @property
    def scale(self) -> Scale:
        """What the scores of this task's models are."""
        return Scale.RISK if self.outcome.form.two_valued else self.status.cutoffs().scale

    @property
    def told_in(self) -> Literal["pt", "en"]:
        """The language of notices."""
        return self.notices.language or ("pt" if self.title_pt else "en")

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Canonical feature names, in the order of the file."""
        return tuple(c.name for c in self.features)

    @property
    def zone(self) -> str | None:
        """The name of the schools' time zone; None where the task names none."""
        return self.timezone or (self.notices.zone if self.notices.zone != "UTC" else None)

    def shown_names(self, language: Literal["pt", "en"]) -> Mapping[str, str]:
        """What people read of columns and categories.

        Under `feature.<column>` where it has a label, and `category.<column>.<category>`.
        """
        columns = (*self.unit, *self.features, *self.protected, *self.checked)
        named: tuple[Column | Derived, ...] = (*columns, *self.derived)
        labels = {
            f"feature.{one.name}": (one.label_pt if language == "pt" else "") or one.label
            for one in named
        }
        return {key: label for key, label in labels.items() if label} | {
            f"category.{column.name}.{category}": column.shown_category(category, language)
            for column in columns
            for category in column.categories
        }

    def feature(self, name: str) -> Column:
        """The feature of that canonical name.

        Raises:
            KeyError: no such feature.
        """
        return self.columns[name]

    def unit_of(self, units: Units) -> str:
        """What access and the join of labels go by: the first unit, folded; "" is unknown."""
        return fold(units.get(self.unit[0].name, "")) if self.unit and units else ""

    def is_period(self, text: str) -> bool:
        """Whether a text is a period as the task writes them; digits are 0 to 9 only."""
        foreign = any(c.isdigit() and not c.isascii() for c in text)
        return not foreign and re.fullmatch(self.periods, text, re.ASCII) is not None

    def periods_in(self, name: str) -> set[str]:
        """The periods that stand in the name of a file or sheet."""
        pattern = self.periods.removeprefix("^").removesuffix("$")
        found = re.finditer(rf"(?<!\d)(?:{pattern})(?!\d)", name, re.ASCII)
        return {match[0] for match in found if self.is_period(match[0])}

    def excluded_because(self, header: str) -> str | None:
        """Why a column of that header is not used, if the task says so."""
        folded = fold(header)
        for pattern, reason in self.excluded.items():
            if fnmatchcase(folded, fold(pattern)):
                return reason
        return None

    def feature_period(self, period: str) -> str:
        """The period whose features an outcome observed in `period` belongs to."""
        return str(int(period) - self.outcome.horizon) if self.outcome.horizon else period


def load_task(name_or_path: str) -> TaskSpec:
    """Reads a task by the name of one that ships with Farol, or from a YAML file.

    Raises:
        ConfigurationError: no such task, unreadable YAML, or a key that is wrong (it is named).
    """
    return parse_task(task_text(name_or_path), source=name_or_path)


def task_text(name_or_path: str) -> str:
    """The YAML of a task.

    Raises:
        ConfigurationError: no such task.
    """
    path = Path(name_or_path)
    try:
        if path.suffix in {".yaml", ".yml"}:
            return path.read_text(encoding="utf-8")
        return (files("preprocessing") / "tasks" / f"{name_or_path}.yaml").read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"FAROL_TASK={name_or_path!r}: no such task; give the name of one in "
            "preprocessing/tasks or the path of a .yaml file"
        ) from error


def parse_task(text: str, *, source: str) -> TaskSpec:
    """Parses a task from YAML text; `source` is named in errors.

    Raises:
        ConfigurationError: not YAML, or a key that is missing, unknown or out of range; named with
            its line and, where it is nearly one that is known, that one.
    """
    try:
        raw: Any = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{source}: not readable as YAML: {error}") from error
    try:
        return TaskSpec.model_validate(raw)
    except ValidationError as error:
        raise ConfigurationError(f"{source}: {told(error, text, TaskSpec)}") from error
