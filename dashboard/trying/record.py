"""From the API's schema to a form, and from what was filled in to a record: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.reasons import in_language, label_of
from dashboard.texts import Language, Texts

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One input of the form.

    Attributes:
        name: the feature's or unit's canonical name.
        label: what people call it.
        about: what it is.
        categories: the words it may be; empty where it is any word, or a number.
        numeric: a number.
        integer: a whole one.
        low: least value allowed.
        high: greatest value allowed.
    """

    name: str
    label: str
    about: str
    categories: tuple[str, ...] = ()
    numeric: bool = False
    integer: bool = False
    low: float | None = None
    high: float | None = None

    def number(self, value: float | None) -> float | int | None:
        """A number as the input takes it: all of one field are of one type."""
        if value is None:
            return None
        return int(value) if self.integer else float(value)

    def filled(self, value: Any) -> Any:
        """A value of a record as the input takes it; None where it cannot.

        >>> Field("fase", "Fase", "", categories=("1", "2")).filled("7") is None
        True
        >>> Field("ida", "IDA", "", numeric=True, low=0, high=10).filled(7)
        7.0
        """
        if value is None:
            return None
        if not self.numeric:
            text = str(value)
            return text if not self.categories or text in self.categories else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if (self.low is not None and value < self.low) or (
            self.high is not None and value > self.high
        ):
            return None
        return self.number(value)


def fields_of(columns: Sequence[Mapping[str, Any]], language: Language) -> list[Field]:
    """The inputs for features or units, in the schema's order.

    Args:
        columns: `features` or `units` of `GET /schema`.
        language: the reader's.
    """
    return [_field(column, language) for column in columns]


def record_of(values: Mapping[str, Any]) -> Record:
    """What was filled in; what was not is left out, and the model fills it in."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


def changed(before: Record, now: Record, labels: Mapping[str, str], texts: Texts) -> list[Record]:
    """One table row per field that differs between two records."""
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return [
        {
            texts("test.feature"): labels.get(name, name),
            texts("trying.before"): value_told(before.get(name), texts, name),
            texts("trying.now"): value_told(now.get(name), texts, name),
        }
        for name in names
    ]


def reason_rows(
    reasons: Sequence[Mapping[str, Any]], labels: Mapping[str, str], texts: Texts
) -> list[Record]:
    """One table row a reason, strongest first: what it is and which way it moves the score."""
    return [
        {
            texts("test.feature"): labels.get(one["feature"], one["feature"]),
            texts("trying.value"): value_told(one["value"], texts, one["feature"]),
            texts("trying.moves"): texts(
                "trying.raises" if one["contribution"] > 0 else "trying.lowers"
            ),
            texts("trying.by"): texts.number(one["contribution"], 2),
        }
        for one in reasons
    ]


def score_of(answer: Mapping[str, Any], texts: Texts) -> str:
    """The score as people read it: a risk in per cent, or the predicted value."""
    if "risk_score" in answer:
        return texts.share(answer["risk_score"])
    return texts.number(answer["predicted"], 1)


def moved_by(before: Mapping[str, Any], now: Mapping[str, Any], texts: Texts) -> str:
    """How far the score moved: points of risk, or units of the predicted value."""
    if "risk_score" in now and "risk_score" in before:
        points = (now["risk_score"] - before["risk_score"]) * 100
        return texts("trying.points", points=f"{points:+.0f}")
    return texts.number(now.get("predicted", 0.0) - before.get("predicted", 0.0), 1)


def newest_record(answer: Mapping[str, Any], task: str) -> Record:
    """The features of the newest period that schools reported of a student; empty without any.

    Args:
        answer: of `GET /students/{student_id}`.
        task: whose.
    """
    records = answer.get("tasks", {}).get(task, {}).get("records", ())
    return {**records[-1]["features"]} if records else {}


def value_told(value: Any, texts: Texts, name: str) -> str:
    """A value of the feature of that name as people read it, empty where there is none."""
    if value is None:
        return ""
    if isinstance(value, float):
        return texts.number(value, 0 if value.is_integer() else 2)
    return texts.category(name, value) if isinstance(value, str) else str(value)


def _field(column: Mapping[str, Any], language: Language) -> Field:
    return Field(
        name=column["name"],
        label=label_of(column, language),
        about=in_language(column, "description", language),
        categories=tuple(column.get("categories") or ()),
        numeric=column["kind"] == "numeric",
        integer=bool(column.get("integer")),
        low=column.get("low"),
        high=column.get("high"),
    )
