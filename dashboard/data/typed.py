"""What was typed stays though a page that cannot be shown for a moment does not draw its fields.

Streamlit forgets a field that a run does not draw: where the registry or the API is away for one
refresh, what somebody typed would be gone.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

TYPED = "data_typed"


def restore(**defaults: Any) -> None:
    """Gives fields that are not drawn yet what was typed in them, else these values.

    Args:
        defaults: key of a field to what it holds at first.
    """
    typed = st.session_state.get(TYPED, {})
    for key, default in defaults.items():
        if key not in st.session_state:
            st.session_state[key] = typed.get(key, default)


def remember(*keys: str) -> None:
    """Remembers what these fields hold now."""
    typed = st.session_state.setdefault(TYPED, {})
    typed.update({key: st.session_state[key] for key in keys if key in st.session_state})


def remembered(key: str) -> Any:
    """What was remembered under a key; None where nothing was."""
    return st.session_state.get(TYPED, {}).get(key)


def note(key: str, value: Any) -> None:
    """Remembers a value that is no field's."""
    st.session_state.setdefault(TYPED, {})[key] = value
