"""A promotion decision, for whoever has to answer for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.evidence.tables import evidence_tables
from dashboard.guards import guard_name, guard_reason, kind_of, reasons
from dashboard.promises import promise_line
from dashboard.reading.table import show_table
from dashboard.texts import Language, Texts
from model.decisions.gain_sentences import gain_told
from model.helping.evidence import helped_disagrees, helped_told
from model.promotion import DecisionStatus, Guard, Promotion


def headline(promotion: Promotion, texts: Texts) -> str:
    """What was decided, in one sentence."""
    provisional = promotion.provisional and promotion.status is DecisionStatus.PROMOTED
    said = "provisional" if provisional else promotion.status.value
    return texts(
        f"decision.{said}",
        challenger=promotion.challenger,
        champion=promotion.champion or "-",
    )


def beyond_environment(promotion: Promotion, texts: Texts) -> str | None:
    """What a score per student adds to going by school, class or phase; None where not measured."""
    rules = promotion.evidence.get("baselines") or ()
    if not isinstance(rules, Sequence):
        return None
    rule = next((rule for rule in rules if rule["name"] == "environment"), None)
    if rule is None:
        return None
    said = texts(
        "decision.environment",
        recall=texts.share(rule["recall"]),
        points=texts.number((rule["challenger"] - rule["recall"]) * 100, 1),
    )
    new, by_place = rule.get("new_challenger"), rule.get("new_recall")
    if new is None or by_place is None:
        return said
    points = texts.number((new - by_place) * 100, 1)
    return f"{said} {texts('decision.environment_new', points=points)}"


def guard_rows(
    guards: tuple[Guard, ...], texts: Texts, *, kind: str = "binary"
) -> list[dict[str, Any]]:
    """One table row per guard, those not met first."""
    return [
        {
            texts("guard.passed"): "✓" if guard.passed else "✗",
            texts("guard.name"): guard_name(guard, texts, kind=kind),
            texts("guard.value"): _figure(guard.value, texts),
            texts("guard.limit"): _figure(guard.limit, texts),
            texts("guard.reason"): guard_reason(guard, texts, kind=kind),
        }
        for guard in sorted(guards, key=lambda guard: guard.passed)
    ]


def show_decision(promotion: Promotion, texts: Texts) -> None:
    """The decision with its reasons; guards and evidence on demand."""
    promoted = promotion.status is DecisionStatus.PROMOTED and not promotion.provisional
    say = st.success if promoted else st.info
    listed = "\n".join(f"- {reason}" for reason in reasons(promotion, texts))
    say(f"**{headline(promotion, texts)}**\n\n{listed}")
    if promotion.promise is not None:
        st.markdown(promise_line(promotion.promise, texts))
    portuguese = texts.language is Language.PT
    told = gain_told(promotion.evidence, portuguese=portuguese)
    if told:
        st.markdown("\n".join(f"- {sentence}" for sentence in told))
    if helped := helped_told(promotion.evidence, portuguese=portuguese):
        listed = "\n".join(f"- {sentence}" for sentence in helped)
        if helped_disagrees(promotion.evidence):
            st.warning(listed)
        else:
            st.markdown(listed)
    st.caption(texts("decision.by", at=texts.moment(promotion.at), actor=promotion.actor))
    if (added := beyond_environment(promotion, texts)) is not None:
        st.caption(added)
    if promotion.guards:
        with st.expander(texts("decision.guards")):
            rows = guard_rows(promotion.guards, texts, kind=kind_of(promotion))
            show_table(rows, texts)
    if promotion.evidence:
        with st.expander(texts("decision.evidence")):
            for table in evidence_tables(promotion.evidence, texts):
                st.markdown(f"**{table.title}**")
                show_table(table.rows, texts)


def _figure(value: float | None, texts: Texts) -> str:
    return "" if value is None else texts.number(value, 3)
