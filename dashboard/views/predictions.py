"""What was served lately."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import charts
from dashboard.context import TRY, Context, assessment_columns, empty, known_share, status_name
from dashboard.reading.figure import show_figure
from dashboard.reading.findings import days_finding, scores_finding
from dashboard.reading.table import show_table
from dashboard.scales import display
from dashboard.texts import Texts
from database.predictions import PredictionRepository
from model.prediction import Prediction

CHARTED = 2_000
LISTED = 100


def show(context: Context) -> None:
    """Shows the page: the newest predictions, with their outcomes where known."""
    texts = context.texts
    st.header(texts("predictions.title"))
    served = context.registry.run(PredictionRepository().newest(CHARTED))
    if not served:
        empty(texts, "empty.predictions", TRY.format(url=context.api.url))
        return
    total = context.registry.run(PredictionRepository().count())
    st.caption(texts("predictions.shown", n=len(served), total=total))
    left, right = st.columns(2)
    with left:
        heading = texts(display(served[0].scale).spread)
        st.subheader(heading)
        figure = charts.score_histogram(served, texts)
        show_figure(figure, scores_finding(served, texts), texts, key="scores")
    with right:
        st.subheader(texts("predictions.by_day"))
        figure = charts.predictions_by_day(served, texts)
        show_figure(figure, days_finding(served, texts), texts, key="days")
    rows = prediction_rows(served[:LISTED], texts)
    show_table(rows, texts, columns=assessment_columns(texts))


def prediction_rows(served: Sequence[Prediction], texts: Texts) -> list[dict[str, Any]]:
    """One table row a prediction, in the given order."""
    return [
        {
            texts("students.at"): texts.moment(p.created_at),
            texts("students.id"): p.student_id or "",
            texts("students.period"): p.period,
            **display(p.scale).cells(p.risk_score, p.interval, texts),
            texts("students.status"): [status_name(p.status, texts)],
            texts("students.version"): p.model_version,
            texts("students.known"): known_share(p.known_weight, texts),
            texts("predictions.imputed"): ", ".join(texts.column(name) for name in p.imputed),
            texts("predictions.unseen"): ", ".join(texts.column(name) for name in p.unseen),
        }
        for p in served
    ]
