"""Who needs attention first, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.context import (
    TRY,
    Context,
    assessment_columns,
    empty,
    explain_failure,
    known_share,
    status_name,
)
from dashboard.reading.table import show_table
from dashboard.reasons import glossary, main_reasons
from dashboard.scales import display
from dashboard.texts import Texts
from database.predictions import PredictionRepository
from database.students import PeriodRepository, StudentRepository
from model.prediction import Prediction, RiskStatus, Scale

SHOWN = 200
UNKNOWN = RiskStatus.INSUFFICIENT


@dataclass(frozen=True, slots=True)
class Group:
    """Students that are shown in one table, of `total` that there are."""

    rows: list[dict[str, Any]]
    total: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the reader asks for; None is any."""

    status: RiskStatus | None
    period: str | None
    unit: str | None


def show(context: Context) -> None:
    """Shows the page: the list of students by status, with reasons."""
    texts = context.texts
    st.header(texts("students.title"))
    choice = _choose(context)
    try:
        scale, urgent, unknown = _from_api(context, choice)
    except ApiFailure as failure:
        st.warning(explain_failure(failure, context))
        if not context.whole:
            return
        st.caption(texts("students.from_log"))
        scale, urgent, unknown = _from_log(context, choice)
    if urgent.rows:
        shown = texts(display(scale).listed, n=len(urgent.rows), total=urgent.total)
        _table(urgent, shown, context)
    if unknown.rows:
        st.subheader(texts("students.unknown"))
        shown = texts("students.unknown_help", n=len(unknown.rows), total=unknown.total)
        _table(unknown, shown, context)
    if urgent.rows or unknown.rows:
        _glossary(context)
    elif not context.whole or context.registry.run(PredictionRepository().count()):
        st.info(texts("empty.filter"))
    else:
        empty(texts, "empty.predictions", TRY.format(url=context.api.url))


def api_row(student: Mapping[str, Any], scale: Scale, texts: Texts) -> dict[str, Any]:
    """One student of the API's list as a table row."""
    score = student["risk_score" if scale is Scale.RISK else "predicted"]
    return {
        texts("students.status"): [status_name(RiskStatus(student["status"]), texts)],
        texts("students.id"): student["student_id"],
        **({texts("students.unit"): " · ".join(units)} if (units := _units(student)) else {}),
        **display(scale).cells(score, student.get("interval"), texts),
        texts("students.reasons"): main_reasons(student.get("reasons", ()), texts),
        texts("students.known"): known_share(student.get("known_weight"), texts),
        texts("students.version"): student["model_version"],
    }


def _units(student: Mapping[str, Any]) -> list[str]:
    return [*student.get("units", {}).values()]


def log_rows(served: Sequence[Prediction], texts: Texts) -> list[dict[str, Any]]:
    """The latest prediction of each student, most concerning first, as table rows.

    Args:
        served: predictions, newest first.
        texts: the reader's language.
    """
    latest = {p.student_id or p.prediction_id: p for p in reversed(served)}.values()
    return [
        {
            texts("students.status"): [status_name(p.status, texts)],
            texts("students.id"): p.student_id or f"({p.prediction_id[:8]})",
            **display(p.scale).cells(p.risk_score, p.interval, texts),
            texts("students.known"): known_share(p.known_weight, texts),
            texts("students.at"): texts.moment(p.created_at),
            texts("students.version"): p.model_version,
        }
        for p in sorted(latest, key=lambda p: (-p.scale.concern(p.risk_score), p.prediction_id))
    ]


def _from_api(context: Context, choice: Wanted) -> tuple[Scale, Group, Group]:
    """Those with a status to act on, and those of whom too little is known."""
    api, texts, none, status = context.api, context.texts, Group([], 0), choice.status
    asked = {"period": choice.period, "unit": choice.unit}
    answer = api.at_risk(**asked, status=status, limit=SHOWN)
    scale, unknown = Scale(answer["scale"]), int(answer["counts"].get(UNKNOWN, 0))

    def group(found: Mapping[str, Any], total: int, *, insufficient: bool) -> Group:
        rows = [
            api_row(student, scale, texts)
            for student in found["students"]
            if (student["status"] == UNKNOWN) is insufficient
        ]
        return Group(rows, total)

    if status is UNKNOWN:
        return scale, none, group(answer, answer["total"], insufficient=True)
    if status is not None:
        return scale, group(answer, answer["total"], insufficient=False), none
    rest = api.at_risk(**asked, status=UNKNOWN, limit=SHOWN) if unknown else None
    return (
        scale,
        group(answer, answer["total"] - unknown, insufficient=False),
        group(rest, unknown, insufficient=True) if rest else none,
    )


def _from_log(context: Context, choice: Wanted) -> tuple[Scale, Group, Group]:
    """The same two groups from the latest predictions."""
    served = context.registry.run(PredictionRepository().newest(SHOWN))
    wanted = [
        p
        for p in served
        if choice.status in (None, p.status) and choice.unit in (None, *p.units.values())
    ]
    urgent = log_rows([p for p in wanted if p.status is not UNKNOWN], context.texts)
    unknown = log_rows([p for p in wanted if p.status is UNKNOWN], context.texts)
    scale = served[0].scale if served else Scale.RISK
    return scale, Group(urgent, len(urgent)), Group(unknown, len(unknown))


def _choose(context: Context) -> Wanted:
    texts = context.texts
    known = context.registry.run(PeriodRepository().all())
    schools = _schools(context)
    left, middle, right = st.columns([1, 1, 3] if schools else [1, 0.01, 3])
    unit = middle.selectbox(texts("students.unit"), schools, index=None) if schools else None
    period = left.selectbox(texts("students.period"), known[::-1]) if known else None
    status = right.segmented_control(
        texts("students.status"),
        list(RiskStatus),
        format_func=lambda status: status_name(status, texts),
    )
    return Wanted(RiskStatus(status) if status else None, period, unit)


def _schools(context: Context) -> list[str]:
    """The schools that the reader may choose from; a key for some sees those of its own anyway."""
    if not context.whole:
        return []
    known = context.registry.run(StudentRepository().units())
    # The first of a record's units is the one that it is listed under.
    return [next(iter(units.values())) for _, units in sorted(known.items()) if units]


def _table(group: Group, shown: str, context: Context) -> None:
    texts = context.texts
    st.caption(shown)
    wide = {texts("students.reasons"): st.column_config.TextColumn(width="large")}
    show_table(group.rows, texts, columns=assessment_columns(texts) | wide)


def _glossary(context: Context) -> None:
    try:
        lines = glossary(context.api.schema(), context.texts.language)
    except ApiFailure:
        return  # The warning above has said so.
    with st.expander(context.texts("students.glossary")):
        st.markdown("\n".join(lines))
