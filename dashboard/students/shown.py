"""How the pages about students show rows and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from dashboard.charts import NO_TOOLBAR
from dashboard.texts import Texts
from model.prediction import RiskStatus

Colour = Literal["red", "orange", "blue", "gray"]

BADGES: Mapping[RiskStatus, Colour] = {
    RiskStatus.CRITICAL: "red",
    RiskStatus.ALERT: "orange",
    RiskStatus.EXPECTED: "blue",
    RiskStatus.INSUFFICIENT: "gray",
}


def show_rows(rows: Sequence[Mapping[str, Any]], texts: Texts) -> None:
    """A table of a few rows."""
    st.dataframe([*rows], hide_index=True)


def show_plot(figure: go.Figure, finding: str, texts: Texts, *, key: str) -> None:
    """A figure under a sentence that says what it shows."""
    st.markdown(f"**{finding}**")
    st.plotly_chart(figure, config=NO_TOOLBAR, alt=finding, key=key)
