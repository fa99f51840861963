"""Who served at a moment of the past."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from dashboard.context import Context
from dashboard.texts import Texts
from database.promotions import PromotionRepository
from model.promotion import Term


def show_as_of(context: Context) -> None:
    """Asks for a day and a time on the school's clock, and says who served then."""
    texts = context.texts
    left, right = st.columns(2)
    now = texts.local(context.now)
    day = left.date_input(
        texts("champion.day"), now.date(), max_value=now.date(), format="DD/MM/YYYY"
    )
    # The end of the minute: who took over in it serves in the answer.
    time = right.time_input(texts("champion.time"), now.time().replace(second=0, microsecond=0))
    asked = datetime.combine(day, time, texts.zone).replace(second=59, microsecond=999000)
    moment = min(asked, context.now)
    st.markdown(term_line(context.registry.run(PromotionRepository().term_at(moment)), texts))


def term_line(term: Term | None, texts: Texts) -> str:
    """Who served, since when, until when, and by whose decision."""
    if term is None:
        return texts("champion.nobody")
    promotion = term.promotion
    told = texts(
        "champion.still" if term.until is None else "champion.until",
        version=f"**{promotion.challenger}**",
        since=texts.moment(promotion.at),
        until="" if term.until is None else texts.moment(term.until),
        actor=promotion.actor,
    )
    return " ".join([told, texts("champion.provisional")]) if promotion.provisional else told
