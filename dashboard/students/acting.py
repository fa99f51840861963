"""What a counsellor does for a student, from the list and from the student's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.context import Context, explain_failure
from dashboard.students.calls import StudentCalls, Subject
from dashboard.students.drafts import forget, remembered, say, show_said, typed
from dashboard.texts import Language, Texts
from model.helping.action import ActionKind

OPEN = "acting_for"
LONGEST_NOTE = 2_000
LONGEST_NAME = 100


def done_name(kind: str, texts: Texts) -> str:
    """What was done, as a counsellor says it."""
    return texts(f"did.{ActionKind(kind).value}")


def quick_buttons(context: Context, who: Subject, period: str | None, place: str) -> None:
    """One press for *seen*, and one that opens the form for the rest.

    Args:
        context: of the page.
        who: the student.
        period: of the list.
        place: where on the page, as a student may stand there twice.
    """
    texts = context.texts
    st.button(
        texts("did.seen"), key=f"seen:{place}:{who.key}", icon=":material/visibility:",
        on_click=_seen, args=(context, who, period),
    )  # fmt: skip
    st.button(
        texts("act.more"), key=f"more:{place}:{who.key}", icon=":material/edit_note:",
        on_click=_toggle, args=(f"{place}:{who.key}",),
    )  # fmt: skip


def _seen(context: Context, who: Subject, period: str | None) -> None:
    _keep(context, who, period, {"kind": ActionKind.SEEN.value})


def is_open(who: Subject, place: str) -> bool:
    """Whether the form of that student is open there."""
    return bool(st.session_state.get(OPEN) == f"{place}:{who.key}")


def _toggle(form: str) -> None:
    st.session_state[OPEN] = None if st.session_state.get(OPEN) == form else form


def action_form(context: Context, who: Subject, period: str | None) -> None:
    """What was done, a note, and when somebody looks again."""
    texts = context.texts
    kind, note, next_on = (
        f"act:{context.person}:{who.key}:{name}" for name in ("kind", "note", "next")
    )
    st.segmented_control(
        texts("act.kind"), [one.value for one in ActionKind], key=remembered(kind, "acted"),
        format_func=lambda one: done_name(one, texts),
    )  # fmt: skip
    st.text_area(
        texts("act.note"), key=remembered(note, ""), max_chars=LONGEST_NOTE, height=80,
        help=texts("act.note_help"),
    )  # fmt: skip
    st.date_input(
        texts("act.next"), key=remembered(next_on, None), format="DD/MM/YYYY",
        min_value=context.now.date(),
    )  # fmt: skip
    st.button(
        texts("act.save"), key=f"save:{who.key}", type="primary",
        on_click=_save_action, args=(context, who, period, (kind, note, next_on)),
    )  # fmt: skip


def _save_action(
    context: Context, who: Subject, period: str | None, keys: tuple[str, str, str]
) -> None:
    kind, note, next_on = (typed(key) for key in keys)
    if kind is None:
        say(who.key, context.texts("act.needs_kind"), wrong=True)
        return
    said = {"kind": kind, "note": (note or "").strip(), "next_on": _day(next_on)}
    if _keep(context, who, period, said):
        forget(keys)
        st.session_state[OPEN] = None


def _keep(context: Context, who: Subject, period: str | None, said: Mapping[str, Any]) -> bool:
    given = {name: value for name, value in {**said, "period": period}.items() if value}
    return _done(context, who, lambda: StudentCalls(context.api).act(who, **given))


def assignment_form(context: Context, who: Subject, person: str) -> None:
    """Who looks after the student."""
    texts, key = context.texts, f"assigned:{context.person}:{who.key}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            texts("act.person"), key=remembered(key, person), max_chars=LONGEST_NAME, width=220
        )
        st.button(
            texts("act.assign"), key=f"assign:{who.key}",
            on_click=_save_assigned, args=(context, who, key, None),
        )  # fmt: skip
        if context.person and context.person != person:
            st.button(
                texts("act.take"), key=f"take:{who.key}",
                on_click=_save_assigned, args=(context, who, key, context.person),
            )  # fmt: skip


def _save_assigned(context: Context, who: Subject, key: str, person: str | None) -> None:
    wished = ((typed(key) or "") if person is None else person).strip()
    if _done(context, who, lambda: StudentCalls(context.api).assign(who, wished)):
        forget([key])


def intervention_form(context: Context, who: Subject, kinds: Sequence[Mapping[str, Any]]) -> None:
    """Help that begins: its kind, how much, from when to when.

    Args:
        context: of the page.
        who: the student.
        kinds: those that the task names; without any, the kind is written freely.
    """
    texts = context.texts
    fields = ("kind", "dose", "start", "end", "note")
    keys = {name: f"help:{context.person}:{who.key}:{name}" for name in fields}
    if kinds:
        names = {one["name"]: kind_name(one, texts) for one in kinds}
        first = next(iter(names))
        st.selectbox(
            texts("act.help_kind"), list(names), key=remembered(keys["kind"], first),
            format_func=lambda one: names[one],
        )  # fmt: skip
    else:
        st.text_input(
            texts("act.help_kind"), key=remembered(keys["kind"], ""), max_chars=LONGEST_NAME
        )
    unit = dose_unit(typed(keys["kind"]) or "", kinds, texts)
    label = texts("act.dose_in", unit=unit) if unit else texts("act.dose")
    st.number_input(label, min_value=0.0, step=0.5, key=remembered(keys["dose"], None))
    with st.container(horizontal=True):
        st.date_input(
            texts("act.start"), key=remembered(keys["start"], context.now.date()),
            format="DD/MM/YYYY", width=160,
        )  # fmt: skip
        st.date_input(
            texts("act.end"), key=remembered(keys["end"], None), format="DD/MM/YYYY", width=160
        )
    st.text_area(
        texts("act.note"), key=remembered(keys["note"], ""), max_chars=LONGEST_NOTE, height=80
    )
    st.button(
        texts("act.help_save"), key=f"help_save:{who.key}", type="primary",
        on_click=_save_help, args=(context, who, keys),
    )  # fmt: skip


def _save_help(context: Context, who: Subject, keys: Mapping[str, str]) -> None:
    held = {name: typed(key) for name, key in keys.items()}
    kind, start = (held["kind"] or "").strip(), held["start"]
    if not kind or start is None:
        say(who.key, context.texts("act.needs_help"), wrong=True)
        return
    said = {
        "kind": kind,
        "start": _day(start),
        "end": _day(held["end"]),
        "dose": held["dose"],
        "note": (held["note"] or "").strip(),
    }
    given = {name: value for name, value in said.items() if value not in (None, "")}
    if _done(context, who, lambda: StudentCalls(context.api).help(who, **given)):
        forget(keys.values())


def end_button(context: Context, who: Subject, given: Mapping[str, Any], label: str) -> None:
    """Ends help that goes on, today."""
    st.button(
        context.texts("act.end_now", help=label), key=f"end:{given['intervention_id']}",
        on_click=_end, args=(context, who, given),
    )  # fmt: skip


def _end(context: Context, who: Subject, given: Mapping[str, Any]) -> None:
    said = {"intervention_id": given["intervention_id"], "end": context.now.date().isoformat()}
    _done(context, who, lambda: StudentCalls(context.api).help(who, **said))


def kind_name(kind: Mapping[str, Any], texts: Texts) -> str:
    """A kind of help in the reader's language."""
    own = kind.get("label_pt" if texts.language is Language.PT else "label")
    return str(own or kind.get("label") or kind["name"].replace("_", " "))


def help_name(name: str, kinds: Sequence[Mapping[str, Any]], texts: Texts) -> str:
    """A kind of help by its name; one that the task does not name stays as it was written."""
    return next((kind_name(one, texts) for one in kinds if one["name"] == name), name)


def dose_unit(name: str, kinds: Sequence[Mapping[str, Any]], texts: Texts) -> str:
    """What a dose of that kind of help counts; "" where the task does not name the kind."""
    key = "dose_unit_pt" if texts.language is Language.PT else "dose_unit"
    found = next((one for one in kinds if one["name"] == name), {})
    return str(found.get(key) or found.get("dose_unit") or "")


def show_outcome(who: Subject) -> None:
    """What came of the last thing done for that student."""
    show_said(who.key)


def _done(context: Context, who: Subject, act: Callable[[], None]) -> bool:
    """Acts and says what came of it; what was typed stays where it failed."""
    try:
        act()
    except ApiFailure as failure:
        say(who.key, explain_failure(failure, context), wrong=True)
        return False
    say(who.key, context.texts("act.kept"))
    return True


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
