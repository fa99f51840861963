"""How a feature was distributed when the champion learned, and how it is now."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from dashboard.charts import styled
from dashboard.context import Context
from dashboard.reading.figure import show_figure
from dashboard.reading.palette import BLUE, GREY
from dashboard.texts import Texts
from database.watch.pages import DriftPictureRepository
from drift.page.language import PageLanguage, language
from drift.page.sections import labels_of, sentences_of
from model.drift import DriftReport
from model.watch.picture import DriftPicture, FeaturePicture


def show_distributions(report: DriftReport, context: Context) -> None:
    """One feature at a time, the most changed first; nothing of a report without a picture."""
    texts = context.texts
    picture = context.registry.run(DriftPictureRepository().find(report.report_id))
    if picture is None or not picture.features:
        return
    st.subheader(texts("drifting.title"))
    columns = ordered(picture, report)
    chosen = st.selectbox(
        texts("test.feature"),
        columns,
        format_func=lambda column: feature_title(column, report, texts),
        key=f"distribution-{report.report_id}",
    )
    say = language(texts.language.value)
    for sentence in sentences_of(chosen, say):
        st.markdown(f"- {sentence}")
    show_figure(
        then_and_now(chosen, say, texts),
        f"{texts('drifting.title')}: {feature_title(chosen, report, texts)}",
        texts,
        key=f"then-now-{report.report_id}",
        titled=False,
    )


def ordered(picture: DriftPicture, report: DriftReport) -> list[FeaturePicture]:
    """The columns of a picture, those that moved most first."""
    places = {name: place for place, name in enumerate(_strongest(report))}
    return sorted(picture.features, key=lambda one: places.get(one.feature, len(places)))


def feature_title(column: FeaturePicture, report: DriftReport, texts: Texts) -> str:
    """The column's name, marked where it drifted."""
    name = texts.column(column.feature)
    return f"● {name}" if column.feature in report.drifted_features else name


def then_and_now(column: FeaturePicture, say: PageLanguage, texts: Texts) -> go.Figure:
    """Shares of the known values in each bar, then beside now."""
    labels = [label for label, _ in labels_of(column, say)] if column.then or column.now else []
    figure = go.Figure()
    for shares, colour, pattern, name in (
        (column.then, GREY, "/", "drifting.then"),
        (column.now, BLUE, "", "drifting.now"),
    ):
        figure.add_bar(
            x=labels,
            y=[*shares] or [0.0] * len(labels),
            name=texts(name),
            marker={"color": colour, "pattern": {"shape": pattern}},
            hovertemplate="%{x}: %{y:.1%}<extra></extra>",
        )
    figure.update_xaxes(type="category")
    figure.update_yaxes(title=texts("drifting.share"), tickformat=".0%", rangemode="tozero")
    return styled(figure, height=320)


def _strongest(report: DriftReport) -> Sequence[str]:
    return list(dict.fromkeys(row.feature for row in report.by_strength))
