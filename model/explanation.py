"""Why a score is what it is."""

from __future__ import annotations

from dataclasses import dataclass

from model.student import Value


@dataclass(frozen=True, slots=True)
class Reason:
    """One feature's part in a score.

    Attributes:
        value: what the record says, None where it says nothing and the feature was filled in.
        contribution: log-odds added to the base value; positive is towards risk.
    """

    feature: str
    value: Value | None
    contribution: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """base_value + the sum of all contributions = log(score / (1 - score)).

    Attributes:
        base_value: log-odds of the average training record.
        reasons: every feature the model uses, strongest first.
    """

    base_value: float
    reasons: tuple[Reason, ...]
