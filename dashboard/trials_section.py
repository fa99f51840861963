"""What a version that is tried beside the champion would have answered."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.context import Context
from dashboard.reading.table import show_table
from dashboard.texts import Texts
from database.watch.canaries import CanaryRepository
from database.watch.shadows import ShadowRepository
from model.watch.canary import Canary, CanaryState
from model.watch.shadow import LEAST_RECORDS, ShadowRecord
from model.watch.shadow_figures import ShadowFigures, shadow_figures


def show_trial(version: str, context: Context) -> None:
    """Shows how the version does in the champion's shadow, and its canary; nothing of neither."""
    texts, read = context.texts, context.registry.run
    shadow, canary = read(ShadowRepository().find(version)), read(CanaryRepository().find(version))
    if shadow is None and canary is None:
        return
    st.subheader(texts("trial.title"))
    if canary is not None:
        st.markdown(canary_line(canary, shadow, texts))
    if shadow is None:
        return
    st.caption(texts("trial.help"))
    for line in trial_lines(shadow, texts):
        st.markdown(line)
    if shadow.tally.flags.records >= LEAST_RECORDS:
        rows = figure_rows(shadow_figures(shadow), shadow, texts)
        show_table(rows, texts)


def trial_lines(shadow: ShadowRecord, texts: Texts) -> list[str]:
    """Since when it is tried, on how much, and what waits for it."""
    records = shadow.tally.flags.records
    lines = [
        texts(
            "trial.since",
            version=shadow.version,
            champion=shadow.champion,
            since=texts.moment(shadow.since),
            at=texts.moment(shadow.at),
            records=records,
        )
    ]
    if shadow.fault:
        lines.append(texts("trial.fault", why=shadow.fault))
    if shadow.waits and shadow.needed_days:
        lines.append(texts("trial.waits_days", days=shadow.needed_days))
    if shadow.waits and shadow.needed_predictions:
        needed = shadow.needed_predictions
        lines.append(texts("trial.waits_predictions", records=records, needed=needed))
    if records < LEAST_RECORDS:
        lines.append(texts("trial.few"))
    return lines


def figure_rows(figures: ShadowFigures, shadow: ShadowRecord, texts: Texts) -> list[dict[str, Any]]:
    """One table row per figure: the champion's and the version's, or one that is both's."""
    share, number = texts.share, texts.number
    listed = share(figures.listed or 0.0)
    told: list[tuple[str, float | None, float | None, Any]] = [
        (texts("trial.same_status"), None, figures.same_status, share),
        (texts("trial.same_label"), None, figures.same_label, share),
        (texts("trial.flagged"), figures.champion_flagged, figures.challenger_flagged, share),
        (texts("trial.listed", share=listed), None, figures.overlap_listed, share),
        (texts("trial.rank"), None, figures.rank_correlation, number),
        (texts("trial.recall"), figures.champion_recall, figures.challenger_recall, share),
        (
            texts("trial.new_recall"),
            figures.champion_new_recall,
            figures.challenger_new_recall,
            share,
        ),
        (texts("trial.micros"), figures.champion_micros, figures.challenger_micros, number),
        (texts("trial.errors"), None, figures.errors, lambda value: f"{value:.0f}"),
    ]
    return [
        {
            texts("trial.figure"): name,
            shadow.champion: "" if theirs is None else form(theirs),
            shadow.version: form(ours),
        }
        for name, theirs, ours, form in told
        if ours is not None
    ]


def canary_line(canary: Canary, shadow: ShadowRecord | None, texts: Texts) -> str:
    """Whom the version answers, or why it answers nobody any more."""
    share = texts.share(canary.share)
    if canary.state is CanaryState.ON:
        return texts(
            "canary.on",
            share=share,
            since=texts.moment(canary.since),
            champion=canary.champion,
            answered=0 if shadow is None else shadow.tally.answered,
        )
    at = texts.moment(canary.at)
    if canary.state is CanaryState.STOPPED:
        return texts("canary.stopped", share=share, at=at, reason=canary.reason)
    return texts("canary.ended", share=share, at=at, actor=canary.actor, reason=canary.reason)
