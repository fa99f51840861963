"""What a browser session remembers of who is in it; nothing of it is stored or in the address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

import streamlit as st

from dashboard.entry.admission import DoorState, Visitor
from dashboard.entry.doorkeeper import Doorkeeper
from dashboard.entry.typed import State, clear, put_aside, put_back
from model.people.looked import AGAIN, Looked

SENT = "entry_sent"
VISITOR = "entry_visitor"
SAID = "entry_said"
LOOKED = "entry_looked"
OWNER = "entry_owner"
"""Whose the rest of the browser session is, also while nobody is in."""


def sent() -> str:
    """The session's token or API key of this browser session; "" is none."""
    return str(st.session_state.get(SENT, ""))


def visitor() -> Visitor | None:
    """Who was in at the last run."""
    found: Visitor | None = st.session_state.get(VISITOR)
    return found


def come_in(token_or_key: str) -> None:
    """Uses a token or key from the next run on."""
    st.session_state[SENT] = token_or_key.strip()
    st.session_state.pop(SAID, None)


def stays_in(found: Visitor) -> bool:
    """Notes who is in; whether what was typed before was put back.

    The frame, which shows who is in, is drawn anew when that has changed.
    """
    if visitor() != found:
        if st.session_state.get(OWNER, found.name) != found.name:
            clear(_fields())
        st.session_state[OWNER] = found.name
        st.session_state[VISITOR] = found
        if found.language:
            st.query_params["lang"] = found.language
        st.rerun(scope="app")
    return put_back(_fields())


def is_out(why: DoorState) -> None:
    """Whoever was in is out, in the middle of something perhaps: what was typed is kept."""
    if visitor() is None:
        return
    put_aside(_fields())
    for name in (SENT, VISITOR, LOOKED):
        st.session_state.pop(name, None)
    st.session_state[SAID] = why.value
    st.rerun(scope="app")


def leave() -> None:
    """Forgets everything: somebody else may sit down here."""
    for name in tuple(st.session_state):
        del st.session_state[name]


def last_word() -> str | None:
    """Why whoever was in is out; None where nobody was."""
    said: str | None = st.session_state.get(SAID)
    return said


def _fields() -> State:
    # A mapping of texts in all but its declaration: its keys are texts or numbers.
    return cast(State, st.session_state)


def looked_with(
    keeper: Doorkeeper, who: Visitor, task: str, now: datetime
) -> Callable[[Looked, str], None]:
    """What a page calls when it shows something of a student, at every run.

    A file is made outside of any run, where there is no browser session to ask.
    """
    before: dict[tuple[str, Looked, str], datetime] = st.session_state.setdefault(LOOKED, {})

    def saw(what: Looked, student_id: str = "") -> None:
        at = before.get((task, what, student_id))
        if at is None or now - at >= AGAIN:
            keeper.saw(who, task, what, student_id)
            before[task, what, student_id] = now

    return saw
