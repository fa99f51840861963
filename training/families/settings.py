"""What a family is trained with: usual values, what a task may fix, and what tuning may try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number; tuning tries `low` to `high`, both included, or leaves it without them."""

    usual: int
    low: int = 0
    high: int = 0
    wanted: ClassVar[str] = "a whole number of at least 1"

    @property
    def tried(self) -> bool:
        """Whether tuning tries other values."""
        return self.high > 0

    def allows(self, value: Any) -> bool:
        """Whether a task may fix it at that value."""
        return type(value) is int and value >= 1


@dataclass(frozen=True, slots=True)
class Real:
    """A number up to `most`, above 0 or, where `low` is 0, 0 itself; tuning tries `low` to `high`.

    With `log` its order of magnitude is what matters.
    """

    usual: float
    low: float
    high: float
    log: bool = False
    most: float = inf
    tried: ClassVar[bool] = True

    @property
    def wanted(self) -> str:
        """What a task may fix it at."""
        least = "a number above 0" if self.low > 0 else "a number of at least 0"
        return least if self.most == inf else f"{least} and at most {self.most:g}"

    def allows(self, value: Any) -> bool:
        """Whether a task may fix it at that value."""
        number = type(value) in {int, float}
        return number and (value > 0 or value == self.low) and value <= self.most and value < inf


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few."""

    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """Some of a few names; tuning leaves it."""

    usual: list[str]
    options: tuple[str, ...]
    tried: ClassVar[bool] = False

    @property
    def wanted(self) -> str:
        """What a task may fix it at."""
        return f"a list of some of {', '.join(self.options)}"

    def allows(self, value: Any) -> bool:
        """Whether a task may fix it at that value."""
        return isinstance(value, list) and bool(value) and set(value) <= set(self.options)


Settings = Mapping[str, Whole | Real | Names]
Space = Mapping[str, Whole | Real | Choice]
"""What tuning may try."""
