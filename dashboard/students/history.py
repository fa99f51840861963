"""What is known of a student over the years, as the rows and lines of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dashboard.context import status_name
from dashboard.reasons import Indicator, Indicators, known, told
from dashboard.students.acting import done_name, dose_unit, help_name
from dashboard.students.rows import score_told
from dashboard.texts import Texts
from model.prediction import RiskStatus, Scale

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class IndicatorLine:
    """One indicator of a student over the periods, against the others.

    Attributes:
        periods: in which anything is known of the student or of the cohort, oldest first.
        own: the student's values; None where there is none.
        low: below it is a quarter of the others; None where that is not told.
        middle: half of them.
        high: three quarters.
    """

    indicator: Indicator
    periods: tuple[str, ...]
    own: tuple[float | None, ...]
    low: tuple[float | None, ...]
    middle: tuple[float | None, ...]
    high: tuple[float | None, ...]


def line_of(
    name: str, records: Sequence[Json], cohort: Sequence[Json], among: Indicators
) -> IndicatorLine:
    """One indicator over the periods of a student's records, oldest first.

    >>> own = [{"period": "2023", "features": {"ida": 5.0}}]
    >>> line = line_of("ida", own, [{"period": "2023", "features": {}}], {})
    >>> line.periods, line.own, line.middle
    (('2023',), (5.0,), (None,))
    """
    periods = tuple(record["period"] for record in records)
    others = {one["period"]: one["features"].get(name) or {} for one in cohort}

    def quartile(which: str) -> tuple[float | None, ...]:
        return tuple(others.get(period, {}).get(which) for period in periods)

    own = tuple(_number(record["features"].get(name)) for record in records)
    return IndicatorLine(
        known(name, among), periods, own, quartile("low"), quartile("middle"), quartile("high")
    )


def line_told(line: IndicatorLine, texts: Texts) -> str:
    """What a line shows, of the newest period."""
    own, middle = line.own[-1], line.middle[-1]
    said = {"label": line.indicator.label, "period": line.periods[-1], "value": told(own, texts)}
    if own is None:
        return texts("reason.missing", label=line.indicator.label)
    if middle is None:
        return texts("reason.plain", **said)
    return texts("student.line", middle=told(middle, texts), **said)


def numeric_names(records: Sequence[Json]) -> list[str]:
    """Indicators that are numbers in any record, in the order of the task."""
    found: dict[str, None] = {}
    for record in records:
        found |= {n: None for n, value in record["features"].items() if not isinstance(value, str)}
    return list(found)


def done_rows(
    actions: Sequence[Json], given: Sequence[Json], kinds: Sequence[Json], texts: Texts
) -> list[dict[str, str]]:
    """What was done and which help began, newest first."""
    rows = [
        (
            action["at"],
            done_name(action["kind"], texts),
            action["by"],
            action.get("note") or "",
            day_told(action.get("next_on"), texts),
        )
        for action in actions
    ]
    rows += [
        (one["at"], help_told(one, kinds, texts), one["by"], one.get("note") or "", "")
        for one in given
    ]
    columns = ("student.when", "student.what", "student.by", "student.note", "student.next")
    return [
        dict(zip(map(texts, columns), (day_told(at[:10], texts), *rest), strict=True))
        for at, *rest in sorted(rows, key=lambda row: row[0], reverse=True)
    ]


def help_told(given: Json, kinds: Sequence[Json], texts: Texts) -> str:
    """Help in words: which, how much, since when and until when."""
    dose, name = given.get("dose"), help_name(given["kind"], kinds, texts)
    unit = dose_unit(given["kind"], kinds, texts)
    much = "" if dose is None else f", {told(float(dose), texts)} {unit}".rstrip()
    span = texts(
        "student.help_until" if given.get("end") else "student.help_since",
        start=day_told(given["start"], texts),
        end=day_told(given.get("end"), texts),
    )
    return f"{name}{much} ({span})"


def since_rows(
    given: Sequence[Json], kinds: Sequence[Json], among: Indicators, texts: Texts
) -> list[dict[str, str]]:
    """Indicators that a school influences, before each help began and since.

    Args:
        given: the help, as `GET /interventions` tells it.
        kinds: of help, as the task names them.
        among: the indicators; where none is one that a school influences, all are shown.
        texts: the reader's language.
    """
    wished = {name for name, one in among.items() if one.influenced} or among.keys()
    return [
        {
            texts("student.help"): help_name(one["kind"], kinds, texts),
            texts("student.indicator"): known(change["feature"], among).label,
            texts("student.before"): _in(one["before"], change["before"], texts),
            texts("student.after"): _in(one["after"], change["after"], texts),
        }
        for one in given
        for change in one["changes"]
        if change["feature"] in wished
    ]


def _in(record: Json, value: float, texts: Texts) -> str:
    return f"{told(value, texts)} ({record['period']})"


def score_rows(predictions: Sequence[Json], texts: Texts) -> list[dict[str, Any]]:
    """Every score that was served of the student, newest first."""
    return [
        {
            texts("student.when"): day_told(one["created_at"][:10], texts),
            texts("students.period"): one["period"],
            texts("student.score"): score_told(one, scale_of(one), texts),
            texts("students.status"): status_name(RiskStatus(one["status"]), texts),
            texts("students.version"): one["model_version"],
        }
        for one in predictions
    ]


def outcome_rows(labels: Sequence[Json], texts: Texts, *, binary: bool) -> list[dict[str, Any]]:
    """What really happened, newest period first, beside what had been said."""
    rows = []
    for one in reversed(labels):
        score = one.get("score")
        said = "" if score is None else (texts.share(score) if binary else told(score, texts))
        happened = told(one["outcome"], texts)
        if binary:
            happened = texts("outcome.yes" if one["outcome"] else "outcome.no")
        rows.append(
            {
                texts("students.period"): one["period"],
                texts("student.happened"): happened,
                texts("student.observed"): day_told(one["observed_at"][:10], texts),
                texts("student.said"): said,
                texts("students.version"): one.get("model_version") or "",
            }
        )
    return rows


def scale_of(fields: Json) -> Scale:
    """The scale of an answer's score; of a value, which end is worse does not matter here."""
    return Scale.RISK if "risk_score" in fields else Scale.VALUE_LOW


def day_told(day: str | None, texts: Texts) -> str:
    """A day as people write it, "" for none."""
    return "" if not day else texts.day(date.fromisoformat(day[:10]))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
