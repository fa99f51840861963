"""What was put right, and who has seen a student, as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dashboard.reading.actions import action_told
from dashboard.texts import Texts
from dashboard.trying.record import value_told

Json = Mapping[str, Any]


def correction_rows(corrections: Sequence[Json], texts: Texts) -> list[dict[str, str]]:
    """What was put right, newest first."""
    return [
        {
            texts("student.when"): _moment(one["at"], texts),
            texts("rights.period"): one["period"],
            texts("rights.field"): _named(one, texts),
            texts("student.before"): _value(one, "former", texts),
            texts("student.after"): _value(one, "value", texts),
            texts("student.by"): one["by"],
            texts("rights.why"): one["reason"],
        }
        for one in corrections
    ]


def seer_rows(seers: Sequence[Json], texts: Texts) -> list[dict[str, Any]]:
    """Who has seen a student, whoever was there last first."""
    return [
        {
            texts("student.by"): one["actor"],
            texts("rights.as"): texts.or_name(f"audit.kind.{one['kind']}", one["kind"]),
            texts("student.what"): action_told(one["action"], texts),
            texts("rights.times"): one["times"],
            texts("rights.first"): _moment(one["first"], texts),
            texts("rights.last"): _moment(one["last"], texts),
        }
        for one in seers
    ]


def _named(one: Json, texts: Texts) -> str:
    is_outcome = one["part"] == "outcome"
    return texts("rights.outcome") if is_outcome else texts.column(one["field"])


def _value(one: Json, name: str, texts: Texts) -> str:
    value = one[name]
    if one["part"] == "outcome" and value in (0, 1):
        return texts("outcome.yes" if value else "outcome.no")
    return value_told(value, texts, one["field"]) or texts("rights.nothing")


def _moment(at: str, texts: Texts) -> str:
    return texts.moment(datetime.fromisoformat(at))
