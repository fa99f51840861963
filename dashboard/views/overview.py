"""Who serves, how good it is in plain words, and why it was chosen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import streamlit as st

from dashboard import charts
from dashboard.context import Context, empty
from dashboard.decision import show_decision
from dashboard.measured import measured_on
from dashboard.reading.figure import show_figure
from dashboard.reading.findings import versions_finding
from dashboard.serving import show_serving
from dashboard.texts import Texts
from dashboard.waiting import show_waiting
from database.aliases import CHAMPION, AliasRepository
from database.drift_reports import DriftReportRepository
from database.labels import LabelRepository
from database.lists.published import newest_rooms
from database.predictions import PredictionRepository
from database.promotions import PromotionRepository
from database.versions import ModelVersionRepository
from database.watch.alarms import AlarmRepository
from model.lists.finds import finds_within
from model.lists.published import LaneRoom
from model.promotion import of_run
from model.version import Alias, Metrics, ModelVersion

CARDS = ("recall", "new_recall", "precision", "flagged", "auc")
NUMERIC_CARDS = ("mae", "r2")
IN_WORDS = {"recall", "precision", "flagged"}
SHARES = IN_WORDS | {"new_recall"}


def show(context: Context) -> None:
    """Shows the page: who serves, how well, and why that version."""
    texts, read = context.texts, context.registry.run
    alias = read(AliasRepository().find(CHAMPION))
    show_waiting(context)
    if alias is None:
        empty(
            texts,
            "empty.champion",
            "python -m preprocessing.ingest FILE...\npython -m retraining.pipeline",
        )
        return
    champion = read(ModelVersionRepository().get(alias.version))
    _heading(context, alias, champion)
    _cards(context, champion)
    _activity(context)
    every = read(ModelVersionRepository().newest())
    st.subheader(texts("overview.history"))
    shown = [m for m in (*CARDS, "mae") if m in champion.metrics]
    show_figure(
        charts.metric_history(every, champion.version, shown, texts),
        versions_finding(every, champion.version, texts),
        texts,
        key="metric-history",
    )
    latest = read(PromotionRepository().newest(1))
    if latest:
        st.subheader(texts("overview.decision"))
        show_decision(latest[0], texts)
        if latest[0].by_hand:
            # Whoever moved it by hand gave a reason and no evidence; its run did.
            made = of_run(read(PromotionRepository().of_version(latest[0].challenger)))
            if made is not None:
                st.subheader(texts("versions.decision"))
                show_decision(made, texts)


def _heading(context: Context, alias: Alias, champion: ModelVersion) -> None:
    texts = context.texts
    serves = show_serving(context, champion.version)
    if alias.provisional:
        st.warning(texts("overview.provisional", version=champion.version))
    st.markdown(
        texts(
            "overview.since" if serves else "overview.champion_since",
            family=texts.family(champion.family),
            at=texts.moment(alias.since),
            rows=champion.window.rows,
            periods=", ".join(champion.window.periods),
        )
    )
    metrics = champion.metrics
    if metrics.keys() >= IN_WORDS:
        hundreds = {name: f"**{metrics[name] * 100:.0f}**" for name in IN_WORDS}
        said = texts("overview.in_words", **hundreds)
        st.markdown(f"{said} {new_cases_told(metrics, texts)}")
        within = within_told(champion, context.registry.run(newest_rooms()), texts)
        if within:
            st.markdown(within)
    elif metrics.keys() >= {*NUMERIC_CARDS}:
        mae, r2 = texts.number(metrics["mae"], 1), texts.share(max(metrics["r2"], 0.0))
        st.markdown(texts("overview.in_words_value", mae=f"**{mae}**", r2=f"**{r2}**"))


def within_told(champion: ModelVersion, rooms: Iterable[LaneRoom], texts: Texts) -> str:
    """What is found within the places of the list that was published last; empty: not known."""
    found = finds_within(champion.by_lane, rooms)
    if found is None:
        return ""
    shares = {"places": found.places, "recall": found.recall, "precision": found.precision}
    hundreds = {name: f"**{value * 100:.0f}**" for name, value in shares.items()}
    return texts("overview.within", **hundreds)


def new_cases_told(metrics: Metrics, texts: Texts) -> str:
    """What is found of those not at risk now, or that they are not told apart."""
    if "new_recall" in metrics:
        found = f"**{metrics['new_recall'] * 100:.0f}**"
        return texts("overview.new_cases", new_recall=found)
    return texts("overview.no_new_cases" if "new_positives" in metrics else "overview.new_unknown")


def _cards(context: Context, champion: ModelVersion) -> None:
    texts = context.texts
    shown = [m for m in (*CARDS, *NUMERIC_CARDS) if m in champion.metrics]
    if not shown:
        return
    for column, name in zip(st.columns(len(shown)), shown, strict=True):
        value = champion.metrics[name]
        column.metric(
            texts(f"metric.{name}"),
            texts.share(value) if name in SHARES else texts.number(value, 3),
            help=texts(f"metric.{name}_help"),
            border=True,
        )
    st.caption(texts("overview.measured", on=measured_on(champion.metrics_on, texts)))


def _activity(context: Context) -> None:
    """What the platform is busy with."""
    texts, read = context.texts, context.registry.run
    report = next(iter(read(DriftReportRepository().newest(1))), None)
    alarms = read(AlarmRepository().current())
    if report is None:
        drift = texts("overview.drift_unknown")
    elif not report.compared:
        drift = texts("overview.drift_waiting")
    elif alarms is not None and alarms.alarmed:
        drift = texts("overview.drift_alarm", n=len(alarms.alarmed))
    elif report.drifted:
        drift = texts("overview.drift_yes", n=len(report.drifted_features))
    else:
        drift = texts("overview.drift_no")
    week = read(PredictionRepository().count(context.now - timedelta(days=7)))
    left, middle, right = st.columns(3)
    left.metric(texts("overview.predictions_week"), texts.count(week), border=True)
    middle.metric(
        texts("overview.labels"), texts.count(read(LabelRepository().count())), border=True
    )
    right.metric(texts("overview.drift_now"), drift, border=True)
