"""How well the champion does: measured once outcomes are known, estimated before."""

from drift.performance.from_scores import estimated_performance
from drift.performance.realised import (
    LEAST_FALL,
    LEVEL,
    Floats,
    disagreements,
    fall_by_chance,
    realised_performance,
)

__all__ = [
    "LEAST_FALL",
    "LEVEL",
    "Floats",
    "disagreements",
    "estimated_performance",
    "fall_by_chance",
    "realised_performance",
]
