"""What people were told, when, and whether it reached them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.context import Context
from dashboard.reading.table import show_table
from dashboard.texts import Texts
from database.watch.notices import NoticeRepository
from model.watch.notice import Notice

KEPT = 50


def show_notices(context: Context) -> None:
    """A table with one row a notice; nothing before the first."""
    texts = context.texts
    known = context.registry.run(NoticeRepository().newest(KEPT))
    if not known:
        return
    st.subheader(texts("notice.title"))
    st.caption(texts("notice.about"))
    show_table(notice_rows(known, texts), texts)


def notice_rows(known: Sequence[Notice], texts: Texts) -> list[dict[str, Any]]:
    """One table row a notice, in the given order."""
    return [
        {
            texts("notice.at"): texts.moment(one.at),
            texts("notice.severity"): texts(f"severity.{one.severity.value}"),
            texts("notice.what"): one.title[texts.language],
            texts("notice.text"): one.text[texts.language],
            texts("notice.state"): texts(f"telling.{one.state.value}"),
            texts("notice.sent_at"): texts.moment(one.sent_at) if one.sent_at else "",
            texts("notice.over_at"): texts.moment(one.over_at) if one.over_at else "",
            texts("notice.detail"): one.detail,
        }
        for one in known
    ]
