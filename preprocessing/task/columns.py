"""How a task describes its columns: where they stand, how they are read, what they may hold."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from model.student import Value
from preprocessing.task.formula import Formula
from preprocessing.task.outcome_kinds import FORMS, OutcomeForm, OutcomeKind
from preprocessing.task.spelling import fold


class Kind(StrEnum):
    """How a column's values are to be read."""

    NUMERIC = "numeric"
    CATEGORY = "category"


ReaderName = Literal["number", "phase", "age", "year", "years_since", "text", "category"]
"""How a cell becomes a value; the readers themselves are in `preprocessing.files.cells`."""


HistoryValue = Literal["previous", "mean", "spread", "trend", "seen"]
"""What earlier periods tell of a feature; worked out in `preprocessing.longitudinal`."""

Direction = Literal[-1, 0, 1]
"""1: more of it never lowers the risk (or the value predicted); -1: never raises it; 0: either."""


Movement = Literal["plus_one", "constant"]
"""How a student's value moves from one period to the next: by exactly one, or not at all."""


FOR_PEOPLE = ("label", "label_pt", "influenced", "description", "description_pt")
"""Keys of a column that people read; no model, and nobody who reads a file, goes by them."""


class Spec(BaseModel):
    """A part of a task: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(Spec):
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
        names: category to what people read for it in English.
        names_pt: the same in Portuguese. Without, the spelling that differs in accents alone.
        reader: how a cell becomes a value; by default `number` or `category`, as the kind says.
        integer: the number must be whole.
        monotone: what more of it may do to the risk, all else equal; boosted trees are held to it.
        over_periods: how a student's value moves from one period to the next. Ingest counts the
            students whose value does not; see `preprocessing.plausibility`.
        label: what people call it, in a word or two; "" is the name.
        label_pt: the same in Portuguese.
        influenced: whether a school can do something about it within the period; nobody can about
            an age.
        description: what it is, in English; the API and the dashboard show it.
        description_pt: the same in Portuguese.
    """

    name: str
    aliases: tuple[str, ...] = ()
    kind: Kind = Kind.NUMERIC
    low: float | None = None
    high: float | None = None
    categories: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    names: dict[str, str] = Field(default_factory=dict)
    names_pt: dict[str, str] = Field(default_factory=dict)
    reader: ReaderName | None = None
    integer: bool = False
    monotone: Direction = 0
    over_periods: Movement | None = None
    label: str = ""
    label_pt: str = ""
    influenced: bool = False
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
        if not numeric and self.monotone:
            raise ValueError(f"{self.name}: categories have no order to be monotone in")
        if not numeric and self.over_periods == "plus_one":
            raise ValueError(f"{self.name}: a category cannot move by one; over_periods: constant")
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

    @model_validator(mode="after")
    def _names_are_of_categories(self) -> Column:
        unknown = sorted({*self.names, *self.names_pt} - {*self.categories})
        if unknown:
            raise ValueError(f"{self.name}: names of no category: {', '.join(unknown)}")
        return self

    def shown_category(self, category: str, language: Literal["pt", "en"]) -> str:
        """A category as people read it.

        >>> column = Column(name="pedra", kind="category", categories={"agata": ("Ágata",)})
        >>> column.shown_category("agata", "pt"), column.shown_category("sem_pedra", "pt")
        ('Ágata', 'sem pedra')
        """
        named = (self.names_pt if language == "pt" else self.names).get(category)
        plain = category.replace("_", " ")
        alike = (one for one in self.categories.get(category, ()) if fold(one) == fold(plain))
        return named or next(alike, plain)

    @cached_property
    def spellings(self) -> dict[str, str]:
        """Folded spelling to canonical category, the category's own name included."""
        return {
            fold(spelling): category
            for category, spellings in self.categories.items()
            for spelling in (category, *spellings)
        }


class IdColumn(Column):
    """The column that says who a row is about.

    Attributes:
        namespace: the register that the ids are of. Where two tasks name the same one, the same id
            is the same child in both; a task that names none shares its ids with no other.
        unique_within: `unit` where each school numbers its own students: a student is then the id
            within the task's first unit. None: an id is one student in all units.
    """

    namespace: Annotated[str, Field(min_length=1)] | None = None
    unique_within: Literal["unit"] | None = None


class Derived(Spec):
    """A number worked out from features of the same record, for the model alone.

    Nobody sends it and nobody is asked for it; the encoder computes it from what was sent.

    Attributes:
        name: canonical name, as reasons tell it.
        formula: see `preprocessing.task.formula`; it reads numeric features.
        monotone: as for a column.
        label: as for a column.
        label_pt: as for a column.
        description: as for a column.
        description_pt: as for a column.
    """

    name: str
    formula: str
    monotone: Direction = 0
    label: str = ""
    label_pt: str = ""
    description: str = ""
    description_pt: str = ""

    @field_validator("formula")
    @classmethod
    def _parses(cls, formula: str) -> str:
        Formula(formula)
        return formula


class Longitudinal(Spec):
    """Features worked out from a student's earlier periods, named `<feature>_<value>`.

    Attributes:
        features: numeric features whose past is of use.
        values: what is worked out of each.
    """

    features: Annotated[tuple[str, ...], Field(min_length=1)]
    values: Annotated[tuple[HistoryValue, ...], Field(min_length=1)] = (
        "previous",
        "mean",
        "spread",
        "trend",
        "seen",
    )


class OutcomeRule(Spec):
    """How the raw outcome column becomes the outcome.

    For a binary task the outcome is 1 when `below` or `at_least` holds for the raw number, or when
    the raw text is one of the `positive` categories. It is 0 for the `negative` ones, by default
    all others; a category that is in neither list says that the outcome is not known yet.

    Attributes:
        column: where the school's files tell it.
        horizon: periods from the features to the outcome.
        kind: two outcomes, or a number.
        below: a raw number below it is the outcome to warn of.
        at_least: a raw number from it on is.
        positive: categories of a text that are the outcome to warn of.
        negative: categories that are not; none: all others.
        persistence: the feature whose present outcome is the rule that a model must beat.
        description: what the outcome is, in a sentence.
    """

    column: Column
    horizon: Annotated[int, Field(ge=0)] = 1
    kind: OutcomeKind = "binary"
    below: float | None = None
    at_least: float | None = None
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    persistence: str | None = None
    description: str = ""

    @model_validator(mode="after")
    def _one_rule(self) -> OutcomeRule:
        rules = (self.below is not None) + (self.at_least is not None)
        text = self.column.kind is Kind.CATEGORY
        if not text and (self.positive or self.negative):
            raise ValueError(
                f"{self.column.name} is a number: `positive` and `negative` are for a text "
                "(`kind: category`); use `below` or `at_least`"
            )
        if misfit := self.form.misfit(self.column.name, text, rules):
            raise ValueError(misfit)
        if text:
            self._maps_texts(rules)
        return self

    @property
    def form(self) -> OutcomeForm:
        """What follows from the kind of outcome."""
        return FORMS[self.kind]

    def _maps_texts(self, rules: int) -> None:
        name, known = self.column.name, self.column.categories
        if rules:
            raise ValueError(f"{name} is a text: `below` and `at_least` are for numbers")
        if not known:
            raise ValueError(
                f"{name} is a text: give its `categories`, such as "
                "{dropout: [Dropout], graduate: [Graduate]}"
            )
        if not self.positive:
            raise ValueError(
                f"{name} is a text: say which categories are the outcome to warn of, such as "
                f"`positive: [{next(iter(known))}]`"
            )
        unknown = [text for text in (*self.positive, *self.negative) if text not in known]
        if unknown:
            raise ValueError(
                f"{', '.join(unknown)}: no category of {name}; known are {', '.join(known)}"
            )
        both = sorted({*self.positive} & {*self.negative})
        if both:
            raise ValueError(f"{', '.join(both)}: both `positive` and `negative`")
        if not self.negative and {*self.positive} == {*known}:
            raise ValueError(f"every category of {name} is `positive`; nothing is left to tell")

    def value_of(self, raw: Value) -> float | None:
        """The outcome of a raw value: 1.0 or 0.0 for a binary task, the number itself otherwise.

        None where the text says that the outcome is not known yet.

        >>> names = {"out": (), "in": (), "on": ()}
        >>> target = Column(name="t", kind=Kind.CATEGORY, categories=names)
        >>> rule = OutcomeRule(column=target, positive=("out",), negative=("in",))
        >>> [rule.value_of(text) for text in ("out", "in", "on")]
        [1.0, 0.0, None]
        """
        if isinstance(raw, str):
            if raw in self.positive:
                return 1.0
            return None if self.negative and raw not in self.negative else 0.0
        if self.below is not None:
            return float(raw < self.below)
        if self.at_least is not None:
            return float(raw >= self.at_least)
        return raw
