"""What an answer says of a score on each scale, and in which words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from api.answers.predictions import ScoreFields
from model.prediction import Scale
from preprocessing.task.spec import TaskSpec

Span = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class ScoreForm:
    """The fields of an answer that carry the score.

    Attributes:
        fields: from score and interval to the fields.
        words: those fields, with what they are for one task.
        contribution: the unit of reasons.
    """

    fields: Callable[[float, Span], ScoreFields]
    words: Callable[[TaskSpec], Mapping[str, str]]
    contribution: str


def score_fields(scale: Scale, score: float, interval: Span) -> ScoreFields:
    """The fields of an answer that carry the score.

    >>> score_fields(Scale.RISK, 0.25, None)
    {'risk_score': 0.25}
    >>> score_fields(Scale.VALUE_LOW, 64.0, (42.0, 86.0))
    {'predicted': 64.0, 'interval': (42.0, 86.0)}
    """
    return FORMS[scale].fields(score, interval)


def form_of(task: TaskSpec) -> ScoreForm:
    """The form of the task's answers."""
    return FORMS[task.scale]


def _value_words(task: TaskSpec) -> Mapping[str, str]:
    return {
        "predicted": task.outcome.description,
        "interval": f"Lower and upper end; holds the outcome of {task.status.interval:.0%} of "
        "students like those the version was measured on.",
    }


_RISK = ScoreForm(
    fields=lambda score, _: {"risk_score": score},
    words=lambda _: {"risk_score": "Calibrated risk."},
    contribution="Log-odds; positive: more risk.",
)
_VALUE = ScoreForm(
    fields=lambda score, interval: {"predicted": score, "interval": interval},
    words=_value_words,
    contribution="In the outcome's own unit; positive: a higher value.",
)

FORMS: Mapping[Scale, ScoreForm] = {
    Scale.RISK: _RISK,
    Scale.VALUE_LOW: _VALUE,
    Scale.VALUE_HIGH: _VALUE,
}
