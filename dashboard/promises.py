"""What promotions promised, what came, and how promises turned out over the whole history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.context import Context
from dashboard.reading.table import show_table
from dashboard.texts import Texts
from database.decisions.realised import promotions_and_what_came
from model.decisions.realised import RealisedGain, TrackRecord, is_kept, promising, track_record
from model.promotion import Promise, Promotion


def show_promises(context: Context) -> None:
    """The track record in a sentence, and a table with one row a promise; nothing without one."""
    texts = context.texts
    ledger, came = context.registry.run(promotions_and_what_came())
    if not promising(ledger):
        return
    st.subheader(texts("promise.title"))
    st.markdown(record_line(track_record(ledger, came), texts))
    show_table(promise_rows(ledger, came, texts), texts)
    st.caption(texts("promise.about"))


def record_line(record: TrackRecord, texts: Texts) -> str:
    """How promises turned out, in one sentence."""
    if record.mean_promised is None or record.mean_came is None:
        return texts("promise.none_settled", open=record.open)
    return texts(
        "promise.record",
        kept=record.kept,
        settled=record.kept + record.broken,
        open=record.open,
        promised=points(record.mean_promised, texts),
        came=points(record.mean_came, texts),
    )


def promise_rows(
    ledger: Sequence[Promotion], came: Mapping[str, RealisedGain], texts: Texts
) -> list[dict[str, Any]]:
    """One table row a promise, in the given order."""
    rows = []
    for promotion in ledger:
        promise, found = promotion.promise, came.get(promotion.promotion_id)
        if promise is None:
            continue
        rows.append(
            {
                texts("history.at"): texts.moment(promotion.at),
                texts("history.challenger"): promotion.challenger,
                texts("history.champion"): promotion.champion or "",
                texts("promise.promised"): _range(promise.gain, promise.low, promise.high, texts),
                texts("promise.came"): ""
                if found is None
                else _range(found.gain, found.low, found.high, texts),
                texts("promise.new"): ""
                if found is None or found.new_gain is None
                else points(found.new_gain, texts),
                texts("promise.period"): "" if found is None else found.period,
                texts("promise.kept"): ""
                if found is None
                else ("✓" if is_kept(promise, found) else "✗"),
            }
        )
    return rows


def promise_line(promise: Promise, texts: Texts) -> str:
    """What a promotion promised, in one sentence."""
    figures = _range(promise.gain, promise.low, promise.high, texts)
    return texts("promise.line", figures=figures, period=promise.period)


def points(gain: float, texts: Texts) -> str:
    """A gain in hundredths with its sign.

    >>> from dashboard.texts import Language
    >>> points(0.036, Texts(Language.PT, {}))
    '+3,6'
    """
    return f"{'+' if gain >= 0 else ''}{texts.number(gain * 100, 1)}"


def _range(gain: float, low: float, high: float, texts: Texts) -> str:
    between = texts("promise.between", low=points(low, texts), high=points(high, texts))
    return f"{points(gain, texts)} ({between})"
