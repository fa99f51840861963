"""What was done for students, counted for whoever answers for it; it names no student."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.context import Context, explain_failure
from dashboard.reading.table import show_table
from dashboard.students.acting import done_name, help_name
from dashboard.students.filters import schools_of
from dashboard.texts import Texts
from model.helping.action import ActionKind
from model.units.disclosure import FEWEST_SHOWN

Json = Mapping[str, Any]


def show_done(context: Context) -> None:
    """How many students anything was done for: by kind, by school and by person."""
    texts = context.texts
    st.subheader(texts("manager.done"))
    try:
        summary = context.api.get("/help/summary")
        kinds = context.api.schema()["interventions"] if summary["interventions"] else ()
    except ApiFailure as failure:
        st.warning(explain_failure(failure, context))
        return
    st.markdown(done_line(summary, texts))
    people = person_rows(summary, texts)
    if not (people or summary["interventions"]):
        return
    for rows in (
        school_rows(summary, schools_of(context), texts),
        people,
        help_rows(summary, kinds, texts),
    ):
        if rows:
            show_table(rows, texts)
    st.caption(texts("manager.done_help", fewest=FEWEST_SHOWN))


def done_line(summary: Json, texts: Texts) -> str:
    """Of how many students of the newest list something was done, by what was done last."""
    whole = summary["actions"]["whole"]
    if whole["students"] == 0:
        return texts("manager.done_nothing")
    told = ", ".join(
        f"{done_name(kind, texts).lower()} {whole[kind]}" for kind in ActionKind if whole[kind]
    )
    n, period = _count(whole["students"]), summary["period"]
    return texts("manager.done_line", n=n, period=period, told=told or texts("units.hidden"))


def school_rows(summary: Json, names: Mapping[str, str], texts: Texts) -> list[dict[str, str]]:
    """One table row a school; what only a few tell apart is withheld.

    Args:
        summary: of `GET /help/summary`.
        names: (folded) school to its name.
        texts: the reader's language.
    """
    counts = _students(summary["actions"]["units"])
    return [
        {
            texts("units.unit"): names.get(unit, unit) or texts("units.not_known"),
            texts("manager.done_students"): texts("units.hidden") if n is None else str(n),
        }
        for unit, n in counts.items()
    ]


def person_rows(summary: Json, texts: Texts) -> list[dict[str, str]]:
    """One table row a person who did something, looks after somebody or had to look again."""
    did = _students(summary["actions"]["people"])
    people = sorted({*did, *summary["assigned"], *summary["due"]})
    return [
        {
            texts("manager.person"): person,
            texts("manager.done_students"): texts("units.hidden")
            if did.get(person, 0) is None
            else str(did.get(person, 0)),
            texts("manager.looks_after"): _count(summary["assigned"].get(person, 0)),
            texts("manager.due"): _count(summary["due"].get(person, 0)),
        }
        for person in people
    ]


def help_rows(summary: Json, kinds: Sequence[Json], texts: Texts) -> list[dict[str, str]]:
    """One table row a kind of help, the kind that most students get first."""
    return [
        {
            texts("manager.help"): help_name(one["kind"], kinds, texts),
            texts("manager.help_students"): _count(one["students"]),
            texts("manager.going_on"): _count(one["going_on"]),
        }
        for one in summary["interventions"]
    ]


def _students(tallies: Mapping[str, Json | None]) -> dict[str, int | None]:
    return {name: None if tally is None else tally["students"] for name, tally in tallies.items()}


def _count(students: int | None) -> str:
    """A count as the API tells it: null where it is of one to nine students."""
    return f"< {FEWEST_SHOWN}" if students is None else str(students)
