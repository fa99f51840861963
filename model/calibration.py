"""From a margin to a probability, never changing who ranks above whom."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from model.errors import BundleError
from model.parsing.values import number
from model.scorers.scorer import Rows

BOUNDED = "isotonic_bounded"
METHODS = frozenset({"sigmoid", "identity", "isotonic", BOUNDED})

_FARTHEST = 1e300
"""Beyond it a tail has reached its bound; without it a huge margin would overflow."""


@dataclass(frozen=True, slots=True)
class Tail:
    """How far the log-odds go on beyond one end of the data: ever farther, never by `room`.

    At a distance d beyond the end they have moved by room · t / (room + t), t = slope · d: as a
    straight line of that slope at first, towards the bound later, and never level, so that the
    ranking stays.

    Attributes:
        margin: where the tail begins.
        logit: the log-odds there.
        slope: log-odds per unit of margin at its beginning, positive.
        room: how far the log-odds could ever move, positive.
    """

    margin: float
    logit: float
    slope: float
    room: float

    def moved_one(self, distance: float) -> float:
        """How far the log-odds move over a distance of at least 0.

        >>> round(Tail(-4.0, -5.0, 1.0, 3.0).moved_one(3.0), 6)
        1.5
        """
        line = min(self.slope * distance, _FARTHEST)
        return self.room * (line / (self.room + line))

    def moved(self, distances: Rows) -> Rows:
        """As `moved_one` for distances of shape (n,); 0 where a distance is negative."""
        line = np.clip(self.slope * distances, 0.0, _FARTHEST)
        return np.asarray(self.room * (line / (self.room + line)))

    def slope_at(self, distance: float) -> float:
        """The slope at a distance of at least 0 beyond the end."""
        line = min(self.slope * distance, _FARTHEST)
        return self.slope * (self.room / (self.room + line)) ** 2


@dataclass(frozen=True, slots=True)
class Calibration:
    """A strictly rising map from margin to log-odds, made of straight pieces.

    One piece is Platt's sigmoid (Platt 1999), several come from isotonic regression
    (Zadrozny and Elkan 2002) with straight lines between the blocks. Beyond the outermost blocks
    there is nothing to learn a line from: `isotonic_bounded` goes on with tails that approach a
    bound. Bundles of before hold `isotonic`, whose last lines go on for ever; it is read and scored
    as it was. A numeric outcome needs no probability: `identity` passes the margin on.

    Attributes:
        method: `sigmoid`, `isotonic_bounded`, `isotonic` or `identity`.
        margins: left ends of the pieces, rising; the first piece also reaches below it.
        logits: log-odds at those ends.
        slopes: log-odds per unit of margin in each piece, positive.
        tails: below the first end and above the last one; only of `isotonic_bounded`.

    >>> Calibration.sigmoid(2.0, -1.0).score_one(0.5)
    0.5
    """

    method: str
    margins: tuple[float, ...]
    logits: tuple[float, ...]
    slopes: tuple[float, ...]
    tails: tuple[Tail, Tail] | None = None

    @classmethod
    def sigmoid(cls, slope: float, intercept: float) -> Calibration:
        """logit = slope · margin + intercept."""
        return cls("sigmoid", (0.0,), (intercept,), (slope,))

    @classmethod
    def identity(cls) -> Calibration:
        """For numeric outcomes: the score is the margin."""
        return cls("identity", (0.0,), (0.0,), (1.0,))

    @classmethod
    def bounded(
        cls, margins: Rows, logits: Rows, *, slope: float, rooms: tuple[float, float]
    ) -> Calibration:
        """Straight lines through at least two points, both rising, and a bounded tail at each end.

        Args:
            margins: shape (k,).
            logits: shape (k,), log-odds at those margins.
            slope: log-odds per unit of margin where a tail begins.
            rooms: how far the log-odds may go on below the first point and above the last one.
        """
        slopes = np.diff(logits) / np.diff(margins)
        x, y = margins.tolist(), logits.tolist()
        return cls(
            BOUNDED,
            tuple(x[:-1]),
            tuple(y[:-1]),
            tuple(slopes.tolist()),
            (Tail(x[0], y[0], slope, rooms[0]), Tail(x[-1], y[-1], slope, rooms[1])),
        )

    def logit_one(self, margin: float) -> float:
        """The log-odds of one margin (the score itself under `identity`)."""
        if self.tails is not None:
            low, high = self.tails
            if margin < low.margin:
                return low.logit - low.moved_one(low.margin - margin)
            if margin > high.margin:
                return high.logit + high.moved_one(margin - high.margin)
        piece = self._piece(margin)
        return self.logits[piece] + self.slopes[piece] * (margin - self.margins[piece])

    def _piece(self, margin: float) -> int:
        return max(bisect_right(self.margins, margin) - 1, 0)

    def _slope_one(self, margin: float) -> float:
        if self.tails is not None:
            low, high = self.tails
            if margin < low.margin:
                return low.slope_at(low.margin - margin)
            if margin > high.margin:
                return high.slope_at(margin - high.margin)
        return self.slopes[self._piece(margin)]

    def log_odds(self, margins: Rows) -> Rows:
        """The log-odds of margins of shape (n,) (the scores themselves under `identity`)."""
        starts = np.array(self.margins)
        inside = margins
        if self.tails is not None:
            inside = np.clip(margins, self.tails[0].margin, self.tails[1].margin)
        piece = np.maximum(np.searchsorted(starts, inside, side="right") - 1, 0)
        logits = np.array(self.logits)[piece] + np.array(self.slopes)[piece] * (
            inside - starts[piece]
        )
        if self.tails is None:
            return np.asarray(logits)
        low, high = self.tails
        logits = np.where(margins > high.margin, high.logit, logits)
        return np.asarray(
            logits - low.moved(low.margin - margins) + high.moved(margins - high.margin)
        )

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
        return self.of_log_odds(self.log_odds(margins))

    def of_log_odds(self, logits: Rows) -> Rows:
        """Scores of log-odds of shape (n,)."""
        if self.method == "identity":
            return logits
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -700.0, 700.0))))

    def contributions(self, parts: Rows, base: float) -> tuple[Rows, float]:
        """Turns additive parts of the margin into additive parts of the log-odds.

        Exact under one straight line. Else the parts are stretched by one common factor, so that
        they still add up to the log-odds of the score.
        """
        margin = base + float(parts.sum())
        new_base = self.logit_one(base)
        moved = margin - base
        straight = len(self.slopes) == 1 and self.tails is None
        if straight or abs(moved) < 1e-12:
            return parts * self._slope_one(base), new_base
        return parts * ((self.logit_one(margin) - new_base) / moved), new_base

    def spec(self) -> dict[str, Any]:
        """JSON-ready."""
        described = {
            "method": self.method,
            "margins": list(self.margins),
            "logits": list(self.logits),
            "slopes": list(self.slopes),
        }
        if self.tails is not None:
            described["tails"] = [asdict(tail) for tail in self.tails]
        return described

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Calibration:
        """The calibration that `spec()` described.

        Raises:
            BundleError: not such a description.
        """
        try:
            method = str(spec["method"])
            made = cls(
                method,
                _numbers(spec, "margins"),
                _numbers(spec, "logits"),
                _numbers(spec, "slopes"),
                _tails(spec["tails"]) if method == BOUNDED else None,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"calibration is not readable: {error}") from error
        if method not in METHODS:
            raise BundleError(f"calibration method {method!r} is not known to this version")
        if not (len(made.margins) == len(made.logits) == len(made.slopes) > 0):
            raise BundleError("calibration has pieces of unequal number")
        return made


def _numbers(spec: Mapping[str, Any], name: str) -> tuple[float, ...]:
    return tuple(number(value, f"calibration: {name}") for value in spec[name])


def _tails(described: Any) -> tuple[Tail, Tail]:
    low, high = (
        Tail(*(number(tail[part.name], f"calibration: {part.name}") for part in fields(Tail)))
        for tail in described
    )
    return low, high
