"""Keeps what somebody typed while the page is closed: signed out in the middle of an action.

Streamlit forgets what stands in a field as soon as a run does not show the field. So it is put
aside when a page closes, and back for the same person before the page is shown again. A field is
kept if it has a key.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

KEPT = "entry_typed"
OWN = ("entry_", "api_key")
"""How the keys of the sign-in form begin; they are not kept."""

PLAIN = (str, int, float, date, time)

State = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Typed:
    """What stood in the fields.

    Attributes:
        by: the name of who typed it; nobody else gets it.
        fields: the content by the key of each field.
    """

    by: str
    fields: dict[str, Any] = field(repr=False)


def put_aside(state: State, by: str) -> None:
    """Keeps every field's content.

    Buttons, files and tables are left out: Streamlit lets nobody set them.

    Args:
        state: the browser session's, `st.session_state`.
        by: who typed it.

    >>> state = {"note": "called the parents", "done": True, "entry_password": "x", "empty": ""}
    >>> put_aside(state, "maria")
    >>> state["entry_typed"].fields
    {'note': 'called the parents'}
    """
    names = [name for name in state if not str(name).startswith(OWN)]
    typed = {name: state[name] for name in names if _is_typed(state[name])}
    if typed:
        state[KEPT] = Typed(by, typed)


def put_back(state: State, by: str) -> bool:
    """Puts back what is not there any more; whether there was something to put back.

    Args:
        state: as `put_aside`.
        by: who is signed in now; what somebody else typed is dropped.

    >>> state = {"entry_typed": Typed("maria", {"note": "called the parents"})}
    >>> put_back(dict(state), "joana"), put_back(state, "maria"), state
    (False, True, {'note': 'called the parents'})
    """
    kept: Typed | None = state.get(KEPT)
    if kept is None:
        return False
    del state[KEPT]
    if kept.by != by:
        return False
    for name in kept.fields.keys() - set(state):
        state[name] = kept.fields[name]
    return True


def _is_typed(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(one, PLAIN) for one in value)
    return isinstance(value, PLAIN) and not isinstance(value, bool) and value != ""
