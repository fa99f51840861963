"""What the run that made one of two versions found of both: on the same records, with intervals."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.context import Context
from dashboard.evidence.tables import name_of, told
from dashboard.reading.table import show_table
from dashboard.texts import Texts
from database.promotions import PromotionRepository
from model.promotion import Promotion, of_run


def show_decided(first: str, second: str, context: Context) -> None:
    """The gains of the decision between two versions; nothing where no run compared them."""
    texts, read = context.texts, context.registry.run
    for challenger, champion in ((second, first), (first, second)):
        decision = of_run(read(PromotionRepository().of_version(challenger)))
        rows = [] if decision is None else gain_rows(decision, champion, texts)
        if decision is not None and rows:
            how = told(decision.evidence.get("challenger_scored"), texts)
            st.markdown(texts("compare.decided", challenger=challenger, how=how))
            show_table(rows, texts)
            return


def gain_rows(decision: Promotion, champion: str, texts: Texts) -> list[dict[str, Any]]:
    """One table row a metric that a run compared with that champion; none with another one."""
    compared = (decision.evidence.get("champion") or {}).get("version")
    if compared != champion:
        return []
    return [
        {
            texts("versions.metric"): told(gain["metric"], texts),
            champion: told(gain["champion"], texts),
            decision.challenger: told(gain["challenger"], texts),
            name_of("gain", texts): texts(
                "compare.between",
                value=told(gain["gain"], texts),
                low=told(gain["low"], texts),
                high=told(gain["high"], texts),
            ),
        }
        for gain in decision.evidence.get("gains") or ()
    ]
