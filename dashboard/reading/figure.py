"""How a chart is shown: what it shows as its title, the language's signs on its axes."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from dashboard.texts import Texts
from dashboard.wording import DAYS_PT, MONTHS_PT, Language

PORTUGUESE = {
    "dictionary": {},
    "format": {
        "decimal": ",",
        "thousands": ".",
        "grouping": [3],
        "days": [*DAYS_PT],
        "shortDays": [*DAYS_PT],
        "months": [*MONTHS_PT],
        "shortMonths": [*MONTHS_PT],
        "date": "%d/%m/%Y",
        # Plotly's own order is the month before the day.
        "dayMonth": "%-d %b",
        "dayMonthYear": "%-d %b %Y",
    },
}
"""What Plotly needs to write Portuguese: https://plotly.com/javascript/configuration-options."""


def show_figure(
    figure: go.Figure, finding: str, texts: Texts, *, key: str, titled: bool = True
) -> None:
    """Shows a chart under a sentence that says what it shows, which screen readers read too.

    Args:
        figure: of `dashboard.charts`, say.
        finding: what it shows, with figures.
        texts: the reader's language.
        key: of the page's chart, each its own.
        titled: False where the page has just said the sentence.
    """
    if titled:
        st.markdown(f"**{finding}**")
    st.plotly_chart(localised(figure, texts), alt=finding, key=key, config=options(texts))


def localised(figure: go.Figure, texts: Texts) -> go.Figure:
    """The figure with the language's decimal and thousands signs."""
    return figure.update_layout(separators=",." if texts.language is Language.PT else ".,")


def options(texts: Texts) -> dict[str, Any]:
    """Plotly's options: no toolbar, the language's months and days."""
    shown: dict[str, Any] = {"displayModeBar": False}
    if texts.language is Language.PT:
        shown |= {"locale": "pt-BR", "locales": {"pt-BR": PORTUGUESE}}
    return shown
