"""What a single run may do differently from its task: the one declaration of a run's options.

The command line, `POST /train`, its OpenAPI page, the worker and the pipeline all read it here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from model.errors import Faults, InvalidRecord

DEFAULT_SEED = 0
"""Fixed, not drawn: two runs on the same labels must come to the same decision, or a challenger
that is no better would only have to be tried often enough."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one option may be.

    Attributes:
        kind: the type of its value.
        low: the least value, allowed itself unless `above`.
        high: the greatest value, allowed.
        above: `low` itself is not allowed.
        metavar: what stands for the value in the command's help.
    """

    kind: type[bool] | type[int] | type[float]
    help: str
    low: float = 0
    high: float = 0
    above: bool = False
    metavar: str = ""

    def __str__(self) -> str:
        """The allowed values in words."""
        if self.kind is bool:
            return "true or false"
        number = "a whole number" if self.kind is int else "a number"
        if self.above:
            return f"{number} above {self.low:g} and at most {self.high:.0f}"
        return f"{number} between {self.low:g} and {self.high:.0f}"


def _option(default: object, kind: type, help: str, **limits: Any) -> Any:
    return field(default=default, metadata={"allowed": Allowed(kind, help, **limits)})


@dataclass(frozen=True, slots=True)
class RunOptions:
    """One run's options; None takes the task's own value."""

    window: int | None = _option(
        None, int, "look at the N newest labelled records", low=1, high=10_000_000, metavar="N"
    )
    min_recall_gain: float | None = _option(
        None,
        float,
        "recall the challenger must gain, as a share (0.01 is one point)",
        high=1,
        metavar="X",
    )
    seed: int = _option(
        DEFAULT_SEED,
        int,
        "for folds, models and resamples: the same seed and labels give the same decision",
        high=2**32 - 1,
        metavar="S",
    )
    dry_run: bool = _option(False, bool, "decide and tell; no version, no promotion is written")
    without_erased: bool = _option(
        False,
        bool,
        "replace a champion that learned from a student who was erased since: the challenger need "
        "be no worse",
    )
    trials: int | None = _option(
        None,
        int,
        "settings of the best family to try; 0 tunes nothing",
        high=100_000,
        metavar="N",
    )
    seconds: float | None = _option(
        None,
        float,
        "end tuning after so long; unlike trials, the result depends on the machine's speed",
        high=7 * 24 * 3600,
        above=True,
        metavar="S",
    )

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> RunOptions:
        """The options of a JSON object or a stored run; None takes the default.

        >>> RunOptions.from_mapping({"window": 500}).window
        500

        Raises:
            InvalidRecord: names each option that is unknown or wrong.
        """
        values, faults = {}, Faults()
        for name, value in given.items():
            with faults.noted():
                values[name] = check(name, value)
        faults.check()
        return cls(**{name: value for name, value in values.items() if value is not None})

    def to_mapping(self) -> dict[str, Any]:
        """As the run's record keeps it: what the task decides is left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def to_arguments(self) -> list[str]:
        """As the command line of `python -m retraining.pipeline` takes it.

        >>> RunOptions(window=500, dry_run=True).to_arguments()
        ['--window', '500', '--dry-run']
        """
        arguments = []
        for one in fields(self):
            value = getattr(self, one.name)
            if value == one.default:
                continue
            arguments += [flag(one.name)] if value is True else [flag(one.name), str(value)]
        return arguments


OPTIONS: Mapping[str, Allowed] = {one.name: one.metadata["allowed"] for one in fields(RunOptions)}


def flag(name: str) -> str:
    """The option on a command line.

    >>> flag("dry_run")
    '--dry-run'
    """
    return f"--{name.replace('_', '-')}"


def check(name: str, value: Any) -> Any:
    """The value of an option, if it may be that; None stays None.

    >>> check("seconds", 30)
    30.0

    Raises:
        InvalidRecord: names the option and says what it may be.
    """
    if name not in OPTIONS:
        raise InvalidRecord(name, f"is no option; known are {', '.join(OPTIONS)}")
    allowed = OPTIONS[name]
    if value is None or (allowed.kind is bool and isinstance(value, bool)):
        return value
    if not _fits(value, allowed):
        raise InvalidRecord(name, f"must be {allowed}")
    return allowed.kind(value)


def _fits(value: Any, allowed: Allowed) -> bool:
    numbers = (int,) if allowed.kind is int else (int, float)
    if allowed.kind is bool or isinstance(value, bool) or not isinstance(value, numbers):
        return False
    if not math.isfinite(value) or value > allowed.high:
        return False
    return value > allowed.low if allowed.above else value >= allowed.low
