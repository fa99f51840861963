"""What the reader of the list asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from dashboard.context import Context, status_name
from database.students import PeriodRepository, StudentRepository
from model.prediction import RiskStatus

SCHOOLS_FOR = timedelta(minutes=1)
"""How long a browser session remembers which schools there are: each is a look-up of its own."""


@dataclass(frozen=True, slots=True)
class ListFilters:
    """What the reader asks for; None is any.

    Attributes:
        done: whether anything was done about the student.
        within: only students for whom there is a place.
    """

    period: str | None = None
    unit: str | None = None
    status: RiskStatus | None = None
    done: bool | None = None
    search: str = ""
    within: bool = False

    @property
    def asked(self) -> dict[str, Any]:
        """The parameters of `GET /students/at-risk`.

        >>> ListFilters(search=" RA ", done=False).asked["done"]
        'false'
        """
        return {
            "period": self.period,
            "unit": self.unit,
            "status": None if self.status is None else self.status.value,
            "done": None if self.done is None else str(self.done).lower(),
            "search": self.search.strip() or None,
            "within": "true" if self.within else None,
        }


def choose(context: Context) -> ListFilters:
    """The filters over the list."""
    texts = context.texts
    periods = context.registry.run(PeriodRepository().all()) if context.whole else ()
    schools = schools_of(context)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(texts("students.search"), key="students_search", width=180)
        period = (
            st.selectbox(texts("students.period"), periods[::-1], key="students_period", width=130)
            if periods
            else None
        )
        unit = (
            st.selectbox(
                texts("students.school"), list(schools), index=None, key="students_unit", width=220,
                placeholder=texts("students.all"), format_func=lambda one: schools[one],
            )
            if schools
            else None
        )  # fmt: skip
        status = st.selectbox(
            texts("students.status"), list(RiskStatus), index=None, key="students_status",
            format_func=lambda one: status_name(one, texts), width=200,
            placeholder=texts("students.all"),
        )  # fmt: skip
        done = st.selectbox(
            texts("students.done"), [False, True], index=None, key="students_done", width=180,
            format_func=lambda one: texts("students.done_yes" if one else "students.done_no"),
            placeholder=texts("students.all"),
        )  # fmt: skip
        within = st.toggle(texts("students.within"), key="students_within")
    return ListFilters(period, unit, status, done, search or "", within)


def schools_of(context: Context) -> dict[str, str]:
    """(Folded) school to its name, of all; a key for some sees those of its own anyway."""
    if not context.whole:
        return {}
    key = f"schools:{context.api.url}"
    kept: tuple[datetime, dict[str, str]] | None = st.session_state.get(key)
    if kept is None or context.now - kept[0] >= SCHOOLS_FOR:
        known = context.registry.run(StudentRepository().units())
        # The first of a record's units is the one that it is listed under.
        names = {unit: next(iter(units.values())) for unit, units in sorted(known.items()) if units}
        kept = st.session_state[key] = (context.now, names)
    return kept[1]
