"""What a version must show in service before it replaces the champion."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from preprocessing.task.columns import Spec

Days = Annotated[int, Field(ge=0, le=365)]
Predictions = Annotated[int, Field(ge=0)]


class _TrialPolicy(Spec):
    """How long a version is tried, and how much more it may flag.

    Attributes:
        days: that it is tried at least.
        predictions: that it is tried on at least; where both are given, both are waited for.
        at_most_days: after so many it is refused, if `predictions` have not come by then.
        max_flagged_shift: the share that it flags may differ from what is expected by at most
            this; an objection needs more than chance beyond it.
    """

    days: Days = 0
    predictions: Predictions = 0
    at_most_days: Annotated[int, Field(ge=1, le=365)] = 60
    max_flagged_shift: Annotated[float, Field(gt=0, le=1)] = 0.1

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if not self.days and not self.predictions:
            raise ValueError("days or predictions: give at least one, else nothing is waited for")
        if self.days > self.at_most_days:
            raise ValueError("days must not be more than at_most_days")
        return self


class ShadowPolicy(_TrialPolicy):
    """A version scores what the champion answers, off the request path, before it is promoted."""


class CanaryPolicy(_TrialPolicy):
    """A version answers a share of the students before it is promoted.

    Attributes:
        share: of the students.
        max_slower_ms: a record may take it so many milliseconds longer than the champion.
    """

    share: Annotated[float, Field(gt=0, le=0.5)] = 0.1
    max_slower_ms: Annotated[float, Field(gt=0)] = 5.0

    @property
    def guarded(self) -> tuple[float, float]:
        """What the guard allows: difference of the shares flagged, milliseconds longer."""
        return self.max_flagged_shift, self.max_slower_ms
