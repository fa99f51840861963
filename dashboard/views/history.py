"""Every decision, what people were told of them, and what came of the promises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.as_of import show_as_of
from dashboard.context import Context, empty
from dashboard.guards import reasons
from dashboard.notices import show_notices
from dashboard.promises import show_promises
from dashboard.reading.table import show_table
from dashboard.texts import Texts
from dashboard.units_section import show_history_by_unit
from dashboard.waiting import show_waiting
from database.promotions import PromotionRepository
from database.unit_history import SUBJECT, UnitHistoryRepository
from model.promotion import Promotion

KEPT = 100


def show(context: Context) -> None:
    """Shows the page: decisions, promises, who served when, and units."""
    texts, read = context.texts, context.registry.run
    st.header(texts("page.history"))
    ledger = read(PromotionRepository().newest(KEPT))
    if not ledger:
        empty(texts, "empty.history", "python -m retraining.pipeline")
    show_waiting(context)
    show_notices(context)
    if ledger:
        st.subheader(texts("history.ledger"))
        show_table(ledger_rows(ledger, texts), texts)
        show_promises(context)
        st.subheader(texts("champion.title"))
        show_as_of(context)
    cohorts = cohort_rows(ledger, texts)
    if cohorts:
        st.subheader(texts("history.cohorts"))
        st.caption(texts("history.cohorts_help"))
        show_table(cohorts, texts)
    counted = read(UnitHistoryRepository().find(SUBJECT))
    if counted is not None:
        show_history_by_unit(counted, texts)


def ledger_rows(ledger: Sequence[Promotion], texts: Texts) -> list[dict[str, Any]]:
    """One table row a decision, in the given order."""
    return [
        {
            texts("history.at"): texts.moment(p.at),
            texts("history.status"): texts(f"run.{p.status.value}"),
            texts("history.challenger"): p.challenger,
            texts("history.champion"): p.champion or "",
            texts("metric.recall"): _before_and_after(p, "recall_at_budget", texts),
            texts("metric.new_recall"): _before_and_after(p, "new_recall_at_budget", texts),
            texts("history.action"): texts.or_name(f"action.{p.action}", p.action),
            texts("history.actor"): p.actor,
            texts("history.reasons"): "; ".join(reasons(p, texts)),
        }
        for p in ledger
    ]


def cohort_rows(ledger: Sequence[Promotion], texts: Texts) -> list[dict[str, Any]]:
    """Periods by versions: recall of each where it was judged honestly, and of the new cases.

    Args:
        ledger: newest first; of two decisions on the same period the newer one tells.
        texts: the reader's language.
    """
    found: dict[str, dict[str, str]] = {}
    names: dict[str, int] = {}
    for promotion in ledger:
        for one in promotion.evidence.get("cohorts") or ():
            version = (promotion.evidence.get(one["model"]) or {}).get("version")
            if version is not None:
                names[version] = int(version[1:]) if version[1:].isdigit() else 0
                told = texts.share(one["recall"])
                if one.get("new_recall") is not None:
                    told += f" ({texts.share(one['new_recall'])})"
                found.setdefault(one["period"], {}).setdefault(version, told)
    ordered = sorted(names, key=lambda name: names[name])
    return [
        {texts("history.period"): period} | {name: found[period].get(name, "") for name in ordered}
        for period in sorted(found)
    ]


def _before_and_after(promotion: Promotion, figure: str, texts: Texts) -> str:
    """What champion and challenger find with as many flagged; empty where it was not measured."""
    models = (promotion.evidence.get(model) or {} for model in ("champion", "challenger"))
    found = (model.get(figure) for model in models)
    return " → ".join(texts.share(share) for share in found if share is not None)
