"""The list from the latest predictions, for while the API is away: without reasons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.context import Context, assessment_columns, known_share, status_name
from dashboard.reading.table import show_table
from dashboard.scales import display
from dashboard.students.filters import ListFilters
from dashboard.texts import Texts
from database.predictions import PredictionRepository
from model.prediction import Prediction, RiskStatus

SHOWN = 200
UNKNOWN = RiskStatus.INSUFFICIENT


def show_log(context: Context, wanted: ListFilters) -> bool:
    """Shows the latest predictions; False where there is none."""
    texts = context.texts
    st.caption(texts("students.from_log"))
    served = context.registry.run(PredictionRepository().newest(SHOWN))
    typed = wanted.search.strip()
    known_as = context.known_as(typed) if typed else ""
    found = [p for p in served if _matches(p, wanted, known_as)]
    urgent = log_rows([p for p in found if p.status is not UNKNOWN], texts)
    unknown = log_rows([p for p in found if p.status is UNKNOWN], texts)
    if urgent:
        st.caption(texts("students.shown", n=len(urgent)))
        _table(urgent, texts)
    if unknown:
        st.subheader(texts("students.unknown"))
        st.caption(texts("students.unknown_help"))
        _table(unknown, texts)
    return bool(found)


def _matches(prediction: Prediction, wanted: ListFilters, known_as: str) -> bool:
    student = prediction.student_id or ""
    part = wanted.search.strip().casefold()
    return (
        wanted.status in (None, prediction.status)
        and wanted.unit in (None, *prediction.units.values())
        and (not part or student == known_as or part in student.casefold())
    )


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


def _table(rows: list[dict[str, Any]], texts: Texts) -> None:
    show_table(rows, texts, columns=assessment_columns(texts))
