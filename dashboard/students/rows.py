"""A student of the API's list as one row of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.context import known_share
from dashboard.reasons import Indicators, main_reasons
from dashboard.students.calls import Subject
from dashboard.texts import Texts
from model.prediction import RiskStatus, Scale


@dataclass(frozen=True, slots=True)
class Setting:
    """What all rows of a page share.

    Attributes:
        scale: of the scores.
        among: the indicators.
        texts: the reader's language.
        by_unit: whether an id is one student within a school only.
        published: whether a list was published before.
    """

    scale: Scale
    among: Indicators
    texts: Texts
    by_unit: bool = False
    published: bool = False


@dataclass(frozen=True, slots=True)
class ListRow:
    """One student of the list, in words.

    Attributes:
        school: where the student is; "" is unknown.
        score: the risk, or the value with its interval.
        place: rank in the lane, and what it was on the last published list.
        within: whether there is a place for the student; None is not told.
        done: the kind of what was done last; None is nothing.
        known: how much of what the version goes by was known.
    """

    who: Subject
    school: str
    status: RiskStatus
    score: str
    place: str
    within: bool | None
    done: str | None
    assigned: str
    reasons: str
    known: str


def list_row(student: Mapping[str, Any], setting: Setting) -> ListRow:
    """One student of `GET /students/at-risk` as a row."""
    texts, units = setting.texts, [*student.get("units", {}).values()]
    return ListRow(
        who=Subject(student["student_id"], units[0] if setting.by_unit and units else ""),
        school=" · ".join(units),
        status=RiskStatus(student["status"]),
        score=score_told(student, setting.scale, texts),
        place=place_told(student, setting.scale, texts, published=setting.published),
        within=student.get("within"),
        done=student.get("done"),
        assigned=student.get("assigned") or "",
        reasons=main_reasons(student.get("reasons", ()), setting.among, setting.scale, texts),
        known=known_share(student.get("known_weight"), texts),
    )


def score_told(fields: Mapping[str, Any], scale: Scale, texts: Texts) -> str:
    """The score of an answer: a risk in per cent, or a value with its interval.

    >>> from dashboard.texts import Language
    >>> score_told({"risk_score": 0.876}, Scale.RISK, Texts(Language.EN, {}))
    '88%'
    >>> given = {"predicted": 54.04, "interval": [32.1, 76.0]}
    >>> score_told(given, Scale.VALUE_LOW, Texts(Language.PT, {}))
    '54,0 (32,1 - 76,0)'
    """
    if scale is Scale.RISK:
        return texts.share(fields["risk_score"])
    ends = [texts.number(end, 1) for end in fields.get("interval") or ()]
    value = texts.number(fields["predicted"], 1)
    return f"{value} ({' - '.join(ends)})" if ends else value


def place_told(student: Mapping[str, Any], scale: Scale, texts: Texts, *, published: bool) -> str:
    """The rank and how it and the score have changed since the last published list."""
    rank, before = student.get("rank"), student.get("rank_before")
    if rank is None:
        return ""
    if before is None:
        return texts("students.place_new" if published else "students.place", rank=rank)
    was = student.get("score_before")
    name = "risk_score" if scale is Scale.RISK else "predicted"
    score = "" if was is None else score_told({name: was}, scale, texts)
    key = "students.place_same" if rank == before else "students.place_was"
    told = texts(key, rank=rank, before=before)
    now = score_told({**student, "interval": None}, scale, texts)
    if score in ("", now):
        return told
    changed = texts("students.score_was", score=score)
    return f"{told}; {changed}"


@dataclass(frozen=True, slots=True)
class LaneTotal:
    """One lane over all schools.

    Attributes:
        places: how many can be helped; None is not told.
        within: how many have a place.
    """

    lane: str
    students: int
    places: int | None
    within: int


def lane_totals(lanes: Sequence[Mapping[str, Any]]) -> list[LaneTotal]:
    """The lanes of an answer, those of its units together; new cases first.

    >>> given = [
    ...     {"lane": "known", "unit": "a", "students": 5, "places": 2, "within": 2},
    ...     {"lane": "known", "unit": "b", "students": 1, "places": 2, "within": 1},
    ... ]
    >>> lane_totals(given)
    [LaneTotal(lane='known', students=6, places=4, within=3)]
    """
    totals: dict[str, LaneTotal] = {}
    for one in lanes:
        had = totals.get(one["lane"], LaneTotal(one["lane"], 0, None, 0))
        places = one.get("places")
        totals[one["lane"]] = LaneTotal(
            one["lane"],
            had.students + one["students"],
            had.places if places is None else (had.places or 0) + places,
            had.within + one["within"],
        )
    return sorted(totals.values(), key=lambda total: ORDER.index(total.lane))


ORDER = ("new", "known", "all")
"""The new first: of the others everybody knows."""
