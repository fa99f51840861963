"""How many students can be helped: what the school says on the page, lane by lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.context import Context, explain_failure
from dashboard.students.calls import Json, StudentCalls
from dashboard.students.drafts import forget, remembered, say, show_said, typed
from dashboard.texts import Texts

SAID = "budget"
MOST = 100_000
USUAL, TOP, SHARE = "usual", "top", "share"
FIRST_SHARE = 0.1

Budget = Mapping[str, Any]


def show_budget(context: Context, lanes: Sequence[str], units: Mapping[str, str]) -> None:
    """The editor of the places, of all schools or of one.

    Args:
        context: of the page.
        lanes: those that there are.
        units: (folded) unit to its name; "" is every unit without places of its own.
    """
    texts = context.texts
    show_said(SAID)
    with st.expander(texts("students.budget")):
        st.caption(texts("students.budget_help"))
        try:
            answer = StudentCalls(context.api).budgets()
        except ApiFailure as failure:
            st.warning(explain_failure(failure, context))
            return
        unit = _unit(units, texts)
        for lane in lanes:
            _lane(context, lane, unit, answer)
        st.button(
            texts("students.budget_save"), key="budget_save", type="primary",
            on_click=_save, args=(context, tuple(lanes), unit, tuple(units)),
        )  # fmt: skip
        if answer.get("finds"):
            st.markdown(finds_told(answer["finds"], texts))


def budget_of(known: Sequence[Budget], lane: str, unit: str) -> Budget | None:
    """What is said of a lane in that unit; None where it is not said of it itself.

    >>> known = [{"lane": "new", "unit": "", "top": 20}]
    >>> budget_of(known, "new", "")["top"], budget_of(known, "new", "escola a")
    (20, None)
    """
    return next((one for one in known if (one["lane"], one["unit"]) == (lane, unit)), None)


def merged(
    known: Sequence[Budget],
    said: Sequence[Budget],
    lanes: Sequence[str],
    unit: str,
    own: Sequence[str],
) -> list[dict[str, Any]]:
    """All budgets after those of one unit were said anew; the API takes all at once.

    Args:
        known: all there were.
        said: of the unit, without the lanes that shall have the usual places.
        lanes: those that were said.
        unit: whose.
        own: the units that the reader may speak for.

    >>> known = [{"lane": "new", "unit": "", "top": 20}, {"lane": "known", "unit": "", "top": 5}]
    >>> merged(known, [{"lane": "new", "unit": "", "share": 0.1}], ["new"], "", [""])
    [{'lane': 'known', 'unit': '', 'top': 5}, {'lane': 'new', 'unit': '', 'share': 0.1}]
    """  # fmt: skip
    kept = [
        {name: one[name] for name in ("lane", "unit", TOP, SHARE) if one.get(name) is not None}
        for one in known
        if one["unit"] in own and not (one["unit"] == unit and one["lane"] in lanes)
    ]
    return [*kept, *map(dict, said)]


def finds_told(finds: Json, texts: Texts) -> str:
    """What the champion finds within the places, in a sentence."""
    told = {name: f"{100 * finds[name]:.0f}" for name in ("recall", "precision")}
    sentence = texts("students.finds", **told)
    if finds.get("new_recall") is None:
        return sentence
    new = texts("students.finds_new", new_recall=f"{100 * finds['new_recall']:.0f}")
    return f"{sentence} {new}"


def budget_told(budget: Budget | None, usual: str, texts: Texts) -> str:
    """A budget in words; without one, who says how many places there are."""
    if budget is None:
        return texts("budget.by_policy" if usual == "policy" else "budget.by_model")
    if budget.get(TOP) is not None:
        return texts("budget.now_top", n=budget[TOP])
    return texts("budget.now_share", share=texts.share(budget[SHARE]))


def _unit(units: Mapping[str, str], texts: Texts) -> str:
    listed = list(units)
    if len(listed) < 2:
        return listed[0] if listed else ""
    return st.selectbox(
        texts("students.school"), listed, key="budget_unit", width=320,
        format_func=lambda unit: units[unit] or texts("students.budget_all"),
    )  # fmt: skip


def _lane(context: Context, lane: str, unit: str, answer: Json) -> None:
    texts, budget = context.texts, budget_of(answer["budgets"], lane, unit)
    how, top, share = _keys(context, lane, unit)
    said = budget or {}
    first = next((name for name in (TOP, SHARE) if said.get(name) is not None), USUAL)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            texts(f"lane.{lane}"), [USUAL, TOP, SHARE], key=remembered(how, first), required=True,
            format_func=lambda one: texts(f"budget.{one}"),
        )  # fmt: skip
        if typed(how) == SHARE:
            percent = round(100 * (said.get(SHARE) or FIRST_SHARE))
            st.number_input(
                texts("budget.percent"), 1, 100, key=remembered(share, percent), width=160
            )
        elif typed(how) == TOP:
            st.number_input(
                texts("budget.number"), 0, MOST, key=remembered(top, said.get(TOP) or 0), width=160
            )
        st.caption(budget_told(budget, answer["usual"], texts), width="content")


def _save(context: Context, lanes: tuple[str, ...], unit: str, own: tuple[str, ...]) -> None:
    calls, said = StudentCalls(context.api), []
    for lane in lanes:
        how, top, share = _keys(context, lane, unit)
        amounts = {TOP: {TOP: typed(top)}, SHARE: {SHARE: (typed(share) or 0) / 100}}
        if typed(how) in amounts:
            said.append({"lane": lane, "unit": unit, **amounts[typed(how)]})
    try:
        calls.set_budgets(merged(calls.budgets()["budgets"], said, lanes, unit, own))
    except ApiFailure as failure:
        say(SAID, explain_failure(failure, context), wrong=True)
        return
    forget(key for lane in lanes for key in _keys(context, lane, unit))
    say(SAID, context.texts("students.budget_kept"))


def _keys(context: Context, lane: str, unit: str) -> tuple[str, str, str]:
    start = f"budget:{context.person}:{lane}:{unit}"
    return f"{start}:how", f"{start}:{TOP}", f"{start}:{SHARE}"
