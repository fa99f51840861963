"""What each feature brings to a version: the model fitted again without it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DroppedFeatures:
    """A column that was left out, together with all that is worked out from it.

    Attributes:
        features: the column first, then its history and the derived numbers that read it.
        brings: mean over the folds of the objective with them less without them; less than 0 where
            the model does better without.
        error: standard error of it, paired by fold.
    """

    features: tuple[str, ...]
    brings: float
    error: float

    @property
    def clear(self) -> bool:
        """Whether they bring more than their standard error."""
        return self.brings > self.error


@dataclass(frozen=True, slots=True)
class DroppedStudy:
    """The features left out one after the other, on the same folds.

    Attributes:
        rows: records it was measured on.
        objective: of the model with all features, mean over the folds: recall around the alert
            budget or, for a numeric outcome, less the mean absolute error.
        dropped: what was left out, that which brings most first.
        skipped: why nothing was measured; empty if it was.
    """

    rows: int
    objective: float = 0.0
    dropped: tuple[DroppedFeatures, ...] = ()
    skipped: str = ""

    @property
    def strongest(self) -> DroppedFeatures | None:
        """What brings most, where that exceeds its error."""
        return self.dropped[0] if self.dropped and self.dropped[0].clear else None
