"""How long each kind of records is kept, and what goes next."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.context import Context
from dashboard.reading.table import show_table
from dashboard.texts import Texts
from database.ageing.records import AgeingRepository
from model.ageing.record import AgeingRecord, KindAge


def show_ages(context: Context) -> None:
    """Shows the last look at what is old; that everything is kept, where nothing has an age."""
    texts = context.texts
    st.subheader(texts("retention.title"))
    looked = context.registry.run(AgeingRepository().current())
    if looked is None or not looked.kinds:
        st.caption(texts("retention.all_kept"))
        return
    st.caption(texts("retention.about", at=texts.moment(looked.at)))
    show_table(age_rows(looked, texts), texts)


def age_rows(looked: AgeingRecord, texts: Texts) -> list[dict[str, Any]]:
    """One table row a kind."""
    return [
        {
            texts("retention.kind"): texts(f"retention.{one.kind}"),
            texts("retention.days"): one.days,
            texts("retention.found"): one.found,
            texts("retention.oldest"): "" if one.oldest is None else texts.moment(one.oldest),
            texts("retention.next"): _next(one, looked, texts),
            texts("retention.removed"): one.removed,
        }
        for one in looked.kinds
    ]


def _next(one: KindAge, looked: AgeingRecord, texts: Texts) -> str:
    if not one.found:
        return ""
    if one.removed_at == looked.at:
        return texts("retention.gone")
    return texts.moment(one.removes_from)
