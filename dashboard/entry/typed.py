"""Keeps what somebody typed while the page is closed: signed out in the middle of an action.

Streamlit forgets what stands in a field as soon as a run does not show the field. So it is put
aside when a page closes, and back before the page is shown again. A field is kept if it has a key.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import date, time
from typing import Any

KEPT = "entry_typed"
OWN = ("entry_", "api_key")
"""How the keys of the sign-in form, and of what is remembered of it, begin."""

PLAIN = (str, int, float, date, time)

State = MutableMapping[str, Any]


def put_aside(state: State) -> None:
    """Keeps every field's content.

    Buttons, files and tables are left out: Streamlit lets nobody set them.

    Args:
        state: the browser session's, `st.session_state`.

    >>> state = {"note": "called the parents", "done": True, "entry_password": "x", "empty": ""}
    >>> put_aside(state)
    >>> state["entry_typed"]
    {'note': 'called the parents'}
    """
    typed = {name: state[name] for name in _of_pages(state) if _is_typed(state[name])}
    if typed:
        state[KEPT] = typed


def put_back(state: State) -> bool:
    """Puts back what is not there any more; whether something had been put aside.

    >>> state = {"entry_typed": {"note": "called the parents"}}
    >>> put_back(state), state
    (True, {'note': 'called the parents'})
    """
    if KEPT not in state:
        return False
    kept: dict[str, Any] = state[KEPT]
    del state[KEPT]
    for name in kept.keys() - set(state):
        state[name] = kept[name]
    return True


def clear(state: State) -> None:
    """Forgets all that belongs to pages: somebody else is in now.

    >>> state = {"note": "called the parents", "entry_sent": "a token", "entry_typed": {}}
    >>> clear(state)
    >>> state
    {'entry_sent': 'a token'}
    """
    for name in [*_of_pages(state), *({KEPT} & set(state))]:
        del state[name]


def _of_pages(state: State) -> list[str]:
    return [name for name in state if not str(name).startswith(OWN)]


def _is_typed(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(one, PLAIN) for one in value)
    return isinstance(value, PLAIN) and not isinstance(value, bool) and value != ""
