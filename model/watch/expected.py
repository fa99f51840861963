"""What is expected of the champion before outcomes come, and when that is not safe to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from model.figures import Share
from model.watch.performance import NONE, RealisedFigures


class UnsafeReason(StrEnum):
    """Why no figure is to be expected of scores alone.

    `FEW`: too few students, at risk or flagged. `OVERLAP`: the students are too unlike those that
    the version learned from. `CALIBRATION`: the newest outcomes disagree with the scores.
    """

    FEW = "few"
    OVERLAP = "overlap"
    CALIBRATION = "calibration"


@dataclass(frozen=True, slots=True)
class Unsafe:
    """One reason.

    Attributes:
        reason: which.
        value: what was found: records, the largest effect, or the calibration error.
        limit: what is allowed.
        features: those that are too unlike, by name.
    """

    reason: UnsafeReason
    value: float
    limit: float
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EstimatedFigures:
    """What was to be expected of a period's students, and what came.

    Attributes:
        key: version and period.
        model_version: whose scores.
        period: of the students.
        at: when it was estimated (aware UTC).
        n: students.
        held_out: records that the calibration was learned from.
        prevalence: share at risk, with its interval, like the others.
        flagged: share that is flagged; it is known.
        withdrawn: why the figures must not be relied on; empty where they may.
        came: on the outcomes that came since; None before ten did.
    """

    key: str
    model_version: str
    period: str
    at: datetime
    n: int
    held_out: int
    prevalence: Share = NONE
    recall: Share = NONE
    precision: Share = NONE
    auc: Share = NONE
    flagged: float = 0.0
    withdrawn: tuple[Unsafe, ...] = ()
    came: RealisedFigures | None = None

    def named(self) -> dict[str, float]:
        """The figures as drift reports keep them; none where they are withdrawn."""
        if self.withdrawn:
            return {}
        found = {"n": float(self.n), "flagged": self.flagged}
        for name in ("prevalence", "recall", "precision", "auc"):
            share: Share = getattr(self, name)
            ends = {name: share.value, f"{name}_low": share.low, f"{name}_high": share.high}
            found |= {key: value for key, value in ends.items() if value is not None}
        return found
