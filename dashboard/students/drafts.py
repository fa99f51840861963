"""What was typed and not sent yet: it outlives a page that is left or closed meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st

DRAFTS = "drafts"
SAID = "said"


def remembered(key: str, default: Any) -> str:
    """The key of a widget, which then shows again what was typed before it was away.

    Streamlit forgets a widget that one run does not show, because the API is away say. A key holds
    the name of who types, so that nobody else who signs in finds it.
    """
    drafts = st.session_state.setdefault(DRAFTS, {})
    if key in st.session_state:
        drafts[key] = st.session_state[key]
    else:
        st.session_state[key] = drafts.get(key, default)
    return key


def typed(key: str) -> Any:
    """What the widget of that key holds."""
    return st.session_state.get(key)


def forget(keys: Iterable[str]) -> None:
    """Empties the widgets of these keys; to be called before they are shown."""
    for key in keys:
        st.session_state.get(DRAFTS, {}).pop(key, None)
        st.session_state.pop(key, None)


def say(key: str, words: str, *, wrong: bool = False) -> None:
    """Leaves what came of an action for the next look at that part of the page."""
    st.session_state.setdefault(SAID, {})[key] = (words, wrong)


def show_said(key: str) -> None:
    """Shows what was left there, once."""
    found = st.session_state.get(SAID, {}).pop(key, None)
    if found is None:
        return
    words, wrong = found
    (st.error if wrong else st.success)(words)
