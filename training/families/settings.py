"""What a family is trained with: usual values, what a task may fix, and what tuning may try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number, at least 1; tuning tries `low` to `high`, both included, or leaves it."""

    usual: int
    low: int = 0
    high: int = 0

    @property
    def tried(self) -> bool:
        """Whether tuning tries other values."""
        return self.high > self.low

    @property
    def wanted(self) -> str:
        """What a task may fix it at."""
        return "a whole number of at least 1"

    def allows(self, value: Any) -> bool:
        """Whether a task may fix it at that value."""
        return isinstance(value, int) and not isinstance(value, bool) and value >= 1


@dataclass(frozen=True, slots=True)
class Real:
    """A number above 0, or of at least 0 where tuning begins there, up to `most`.

    Tuning tries `low` to `high`; by order of magnitude with `log`.
    """

    usual: float
    low: float
    high: float
    log: bool = False
    most: float = inf
    tried = True

    @property
    def wanted(self) -> str:
        """What a task may fix it at."""
        least = "a number above 0" if self.low > 0 else "a number of at least 0"
        return least if self.most == inf else f"{least} and at most {self.most:g}"

    def allows(self, value: Any) -> bool:
        """Whether a task may fix it at that value."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        return (value > 0 or value == self.low) and value <= min(self.most, 1e12)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few, the usual one first."""

    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """Some of a few names; tuning leaves it."""

    usual: list[str]
    options: tuple[str, ...]
    tried = False

    @property
    def wanted(self) -> str:
        """What a task may fix it at."""
        return f"a list of some of {', '.join(self.options)}"

    def allows(self, value: Any) -> bool:
        """Whether a task may fix it at that value."""
        return isinstance(value, list) and bool(value) and set(value) <= set(self.options)


Setting = Whole | Real | Names
Settings = Mapping[str, Setting]
Space = Mapping[str, Whole | Real | Choice]
"""What tuning may try."""
