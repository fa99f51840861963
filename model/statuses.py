"""Whom each status means among the records a version was judged on."""

from __future__ import annotations

from dataclasses import dataclass

from model.figures import Share


@dataclass(frozen=True, slots=True)
class StatusFigures:
    """Whom a status meant among the judged records.

    Attributes:
        status: its name; `high` is who is flagged.
        cutoff: where it begins.
        students: how many.
        at_risk: the share of them at risk, which is the status's precision; meaningless for a
            numeric outcome.
        mean: their mean outcome; 0 where there is nobody.
    """

    status: str
    cutoff: float
    students: int
    at_risk: Share
    mean: float
