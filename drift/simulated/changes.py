"""Changes that can be made to records: a shift, a new category, missing values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.errors import ConfigurationError
from model.student import Features, Value

NEW_CATEGORY = "simulated new category"

Column = list[Value | None]


class MadeUp(ABC):
    """A change of one feature; both methods give a new column and draw from `random`."""

    feature: str

    def before(self, column: Column, random: Generator) -> Column:
        """The column as it shall be in the records that others are compared with."""
        return column

    @abstractmethod
    def after(self, column: Column, random: Generator) -> Column:
        """The column as it shall be in the records that are compared."""

    @abstractmethod
    def told(self) -> str:
        """The change in words."""


@dataclass(frozen=True, slots=True)
class Shift(MadeUp):
    """Every value of a number moves by so many of its standard deviations.

    Whole numbers stay whole: each moves by the whole number below or above, by chance, so that the
    mean moves as told.
    """

    feature: str
    deviations: float

    def after(self, column: Column, random: Generator) -> Column:
        """The moved values."""
        values = np.array([np.nan if v is None else float(v) for v in column])
        known = values[~np.isnan(values)]
        by = self.deviations * float(known.std()) if known.size else 0.0
        moved = values + by
        if known.size and np.all(known == np.rint(known)):
            moved = np.floor(moved + random.random(moved.size))
        return [None if np.isnan(v) else float(v) for v in moved]

    def told(self) -> str:
        """The change in words."""
        return f"{self.feature} moved by {self.deviations:+g} standard deviations"


@dataclass(frozen=True, slots=True)
class NowNew(MadeUp):
    """A share of the records has a category that there was none of."""

    feature: str
    share: float

    def after(self, column: Column, random: Generator) -> Column:
        """The column with the new category in it."""
        chosen = random.random(len(column)) < self.share
        return [NEW_CATEGORY if new else v for v, new in zip(column, chosen, strict=True)]

    def told(self) -> str:
        """The change in words."""
        return f"{self.feature} has a new category in {self.share:.1%} of the records"


@dataclass(frozen=True, slots=True)
class NowMissing(MadeUp):
    """A share of the values is missing, and then another."""

    feature: str
    was: float
    now: float

    def before(self, column: Column, random: Generator) -> Column:
        """The column with the former share missing."""
        return _with_missing(column, self.was, random)

    def after(self, column: Column, random: Generator) -> Column:
        """The column with the later share missing."""
        return _with_missing(column, self.now, random)

    def told(self) -> str:
        """The change in words."""
        return f"{self.feature} is missing in {self.now:.1%} of the records, was {self.was:.1%}"


@dataclass(frozen=True, slots=True)
class Concept:
    """For a share of the students the outcome no longer follows from the features.

    It is then drawn at the rate of all students. No feature moves, so that no comparison of
    features can see it; only outcomes tell.
    """

    share: float

    def outcomes(self, scores: NDArray[np.float64], random: Generator) -> NDArray[np.float64]:
        """Outcomes of n students with calibrated scores, shape (n,), 1.0 at risk and 0.0 not."""
        rate = float(scores.mean())
        risks = np.where(random.random(scores.size) < self.share, rate, scores)
        return (random.random(scores.size) < risks).astype(np.float64)

    def told(self) -> str:
        """The change in words."""
        return f"the outcome of {self.share:.0%} of the students no longer follows their features"


def changed(
    records: Sequence[Features], changes: Sequence[MadeUp], random: Generator, *, after: bool
) -> list[Features]:
    """The records with all changes made.

    Args:
        records: n records.
        changes: of features; those of one feature are made one after the other.
        random: what changes draw from.
        after: whether as they shall be now, or as in what they are compared with.
    """
    made: list[dict[str, Value]] = [dict(record) for record in records]
    for change in changes:
        column: Column = [record.get(change.feature) for record in made]
        values = change.after(column, random) if after else change.before(column, random)
        for record, value in zip(made, values, strict=True):
            if value is None:
                record.pop(change.feature, None)
            else:
                record[change.feature] = value
    return list(made)


def read_shift(text: str) -> Shift:
    """`ieg=0.5` as a change.

    Raises:
        ConfigurationError: not of that form.
    """
    feature, value = _named("--shift", text, "ieg=0.5")
    return Shift(feature, _number("--shift", value))


def read_new_category(text: str) -> NowNew:
    """`pedra=0.05` as a change.

    Raises:
        ConfigurationError: not of that form, or no share.
    """
    feature, value = _named("--new-category", text, "pedra=0.05")
    return NowNew(feature, _share("--new-category", value))


def read_missingness(text: str) -> NowMissing:
    """`ipp=0.02:0.10` as a change.

    Raises:
        ConfigurationError: not of that form, or no shares.

    >>> read_missingness("ipp=0.02:0.10").told()
    'ipp is missing in 10.0% of the records, was 2.0%'
    """
    feature, value = _named("--missing", text, "ipp=0.02:0.10")
    was, separator, now = value.partition(":")
    if not separator:
        raise ConfigurationError(f"--missing {text!r}: give two shares, as in ipp=0.02:0.10")
    return NowMissing(feature, _share("--missing", was), _share("--missing", now))


def read_concept(text: str) -> Concept:
    """`0.3` as a change.

    Raises:
        ConfigurationError: no share.
    """
    return Concept(_share("--concept", text))


def _with_missing(column: Column, share: float, random: Generator) -> Column:
    """The column with so many missing: known values are dropped, or missing ones filled in."""
    known = [value for value in column if value is not None]
    if not known:
        return column
    wanted = random.random(len(column)) < share
    drawn = random.integers(len(known), size=len(column))
    return [
        None if missing else value if value is not None else known[place]
        for value, missing, place in zip(column, wanted, drawn.tolist(), strict=True)
    ]


def _named(option: str, text: str, example: str) -> tuple[str, str]:
    feature, separator, value = text.partition("=")
    if not feature or not separator:
        raise ConfigurationError(f"{option} {text!r}: say it as in {option} {example}")
    return feature, value


def _number(option: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise ConfigurationError(f"{option}: {text!r} is no number") from error
    if not np.isfinite(number):
        raise ConfigurationError(f"{option}: {text!r} is no finite number")
    return number


def _share(option: str, text: str) -> float:
    share = _number(option, text)
    if not 0 <= share <= 1:
        raise ConfigurationError(f"{option}: {text!r} is no share; it must be from 0 to 1")
    return share
