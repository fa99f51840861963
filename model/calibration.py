"""From a margin to a probability, never changing who ranks above whom."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.errors import BundleError
from model.scorer import Rows


@dataclass(frozen=True, slots=True)
class Calibration:
    """A strictly rising, piecewise linear map from margin to log-odds.

    One piece is Platt's sigmoid (Platt 1999), several come from isotonic regression
    (Zadrozny and Elkan 2002) with straight lines between the blocks. A numeric outcome needs no
    probability: `identity` passes the margin on.

    Attributes:
        method: `sigmoid`, `isotonic` or `identity`.
        margins: left ends of the pieces, rising; the first piece also reaches below it.
        logits: log-odds at those ends.
        slopes: log-odds per unit of margin in each piece, positive.

    >>> Calibration.sigmoid(2.0, -1.0).score_one(0.5)
    0.5
    """

    method: str
    margins: tuple[float, ...]
    logits: tuple[float, ...]
    slopes: tuple[float, ...]

    @classmethod
    def sigmoid(cls, slope: float, intercept: float) -> Calibration:
        """logit = slope · margin + intercept."""
        return cls("sigmoid", (0.0,), (intercept,), (slope,))

    @classmethod
    def identity(cls) -> Calibration:
        """For numeric outcomes: the score is the margin."""
        return cls("identity", (0.0,), (0.0,), (1.0,))

    @classmethod
    def through(cls, margins: Rows, logits: Rows) -> Calibration:
        """Straight lines through at least two points, both rising; the last line goes on."""
        slopes = np.diff(logits) / np.diff(margins)
        return cls(
            "isotonic",
            tuple(margins[:-1].tolist()),
            tuple(logits[:-1].tolist()),
            tuple(slopes.tolist()),
        )

    def logit_one(self, margin: float) -> float:
        """The log-odds of one margin (the score itself under `identity`)."""
        piece = max(bisect_right(self.margins, margin) - 1, 0)
        return self.logits[piece] + self.slopes[piece] * (margin - self.margins[piece])

    def score_one(self, margin: float) -> float:
        """The score of one margin: a probability, or the value under `identity`."""
        logit = self.logit_one(margin)
        if self.method == "identity":
            return logit
        if logit >= 0:
            return 1.0 / (1.0 + math.exp(-logit))
        odds = math.exp(max(logit, -700.0))
        return odds / (1.0 + odds)

    def score(self, margins: Rows) -> Rows:
        """Scores of shape (n,)."""
        starts = np.array(self.margins)
        piece = np.maximum(np.searchsorted(starts, margins, side="right") - 1, 0)
        logit = np.array(self.logits)[piece] + np.array(self.slopes)[piece] * (
            margins - starts[piece]
        )
        if self.method == "identity":
            return np.asarray(logit)
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -700.0, 700.0))))

    def contributions(self, parts: Rows, base: float) -> tuple[Rows, float]:
        """Turns additive parts of the margin into additive parts of the log-odds.

        Exact under one piece. Under several, the parts are stretched by one common factor, so that
        they still add up to the log-odds of the score.
        """
        margin = base + float(parts.sum())
        new_base = self.logit_one(base)
        moved = margin - base
        if len(self.slopes) == 1 or abs(moved) < 1e-12:
            piece = max(bisect_right(self.margins, base) - 1, 0)
            return parts * self.slopes[piece], new_base
        return parts * ((self.logit_one(margin) - new_base) / moved), new_base

    def spec(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "method": self.method,
            "margins": list(self.margins),
            "logits": list(self.logits),
            "slopes": list(self.slopes),
        }

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Calibration:
        """The calibration that `spec()` described.

        Raises:
            BundleError: not such a description.
        """
        try:
            made = cls(
                str(spec["method"]),
                tuple(float(v) for v in spec["margins"]),
                tuple(float(v) for v in spec["logits"]),
                tuple(float(v) for v in spec["slopes"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"calibration is not readable: {error}") from error
        if not (len(made.margins) == len(made.logits) == len(made.slopes) > 0):
            raise BundleError("calibration has pieces of unequal number")
        return made
