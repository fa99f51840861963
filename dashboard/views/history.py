"""Every decision and every run, and the two buttons an engineer needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.as_of import show_as_of
from dashboard.context import Context, empty, explain_failure
from dashboard.guards import reasons
from dashboard.notices import show_notices
from dashboard.promises import show_promises
from dashboard.reading.table import show_table
from dashboard.reading.took import took
from dashboard.texts import Language, Texts
from dashboard.units_section import show_history_by_unit
from dashboard.waiting import show_waiting
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.unit_history import SUBJECT, UnitHistoryRepository
from database.versions import ModelVersionRepository
from model.decisions.cause import RunCause
from model.decisions.looks import Look
from model.promotion import Promotion
from model.run import Run

KEPT = 100


def show(context: Context) -> None:
    """Shows the page: decisions, runs and the buttons that start them."""
    texts, read = context.texts, context.registry.run
    st.header(texts("page.history"))
    ledger, recent = read(PromotionRepository().newest(KEPT)), read(RunRepository().newest(KEPT))
    if not (ledger or recent):
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
    if recent:
        st.subheader(texts("history.runs"))
        show_table(run_rows(recent, texts), texts)
    counted = read(UnitHistoryRepository().find(SUBJECT))
    if counted is not None:
        show_history_by_unit(counted, texts)
    st.subheader(texts("history.act"))
    _act(context)


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


def run_rows(recent: Sequence[Run], texts: Texts) -> list[dict[str, Any]]:
    """One table row a run, in the given order."""
    return [
        {
            texts("history.at"): texts.moment(run.requested_at),
            texts("history.status"): texts(f"run.{run.status.value}"),
            texts("history.challenger"): run.challenger or "",
            texts("history.actor"): run.requested_by,
            texts("history.cause"): cause_told(run.cause, texts),
            texts("history.step"): _step(run, texts),
            texts("history.took"): took(run.started_at, run.finished_at, texts),
            texts("history.error"): run.error or "",
            texts("history.look"): look_told(run.look, texts),
            texts("history.run"): run.run_id,
        }
        for run in recent
    ]


def cause_told(cause: RunCause | None, texts: Texts) -> str:
    """Which trigger started a run, with its sentence; empty of a run of before it was kept."""
    if cause is None:
        return ""
    sentence = cause.pt if texts.language is Language.PT else cause.en
    kind = texts(f"trigger.{cause.trigger.value}")
    return f"{kind}: {sentence}"


def look_told(look: Look | None, texts: Texts) -> str:
    """What a run's look cost of its period's error budget; empty where there was none."""
    if look is None:
        return ""
    return texts(
        "history.looked" if look.alpha else "history.not_looked",
        period=look.period,
        number=look.number,
        alpha=_percent(look.alpha, texts),
        spent=_percent(look.spent, texts),
        budget=_percent(look.budget, texts),
    )


def _percent(probability: float, texts: Texts) -> str:
    return f"{texts.number(100 * probability)} %"


def _act(context: Context) -> None:
    texts, api = context.texts, context.api
    if st.button(texts("history.train"), icon=":material/model_training:"):
        _try(context, lambda: texts("history.trained", run=api.train()))
    names = [v.version for v in context.registry.run(ModelVersionRepository().newest(KEPT))]
    with st.form("move", border=True):
        version = st.selectbox(texts("history.version"), names)
        reason = st.text_input(texts("history.reason"), max_chars=300)
        left, right = st.columns(2)
        promote = left.form_submit_button(texts("history.promote"))
        rollback = right.form_submit_button(texts("history.rollback"))
    if (promote or rollback) and not reason.strip():
        st.warning(texts("history.needs_reason"))
    elif promote and version:
        _try(context, lambda: texts("history.done", version=api.promote(version, reason)))
    elif rollback:
        _try(context, lambda: texts("history.done", version=api.rollback(reason)))


def _try(context: Context, act: Callable[[], str]) -> None:
    try:
        st.success(act())
    except ApiFailure as failure:
        st.error(explain_failure(failure, context))


def _step(run: Run, texts: Texts) -> str:
    return texts.step(run.steps[-1].name) if run.steps else ""
