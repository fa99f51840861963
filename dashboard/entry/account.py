"""Who is in, in the sidebar: with a way out, and another password."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import streamlit as st

from dashboard.entry import state
from dashboard.entry.doorkeeper import Doorkeeper
from dashboard.entry.form import address, refused
from dashboard.texts import Texts
from model.errors import ConfigurationError, InvalidRecord, RegistryError
from model.people.password import LONGEST, SHORTEST


def show_account(keeper: Callable[[], Doorkeeper], texts: Texts) -> None:
    """Shows it, and does what is asked there.

    Args:
        keeper: recognises people; made when something is asked.
        texts: the reader's language.
    """
    who = state.visitor()
    if who is None:
        return
    with st.sidebar:
        st.caption(texts("entry.in_as" if who.person else "entry.in_with_key", name=who.shown))
        left, right = st.columns(2)
        if left.button(texts("entry.sign_out"), icon=":material/logout:"):
            _sign_out(keeper, texts)
        if who.person:
            with right.popover(texts("entry.password")):
                _show_change(keeper, texts)


def _sign_out(keeper: Callable[[], Doorkeeper], texts: Texts) -> None:
    try:
        keeper().sign_out(state.sent())
    except (RegistryError, ConfigurationError) as error:
        # The token is forgotten here all the same, and nobody else has it.
        st.warning(texts("error.failed", why=error))
    state.leave()
    if st.user.get("is_logged_in"):
        st.logout()
    st.rerun()


def _show_change(keeper: Callable[[], Doorkeeper], texts: Texts) -> None:
    st.caption(texts("entry.password_rule", shortest=SHORTEST))
    with st.form("entry_change", border=False):
        former, first, second = (
            st.text_input(
                texts(f"entry.{field}"),
                type="password",
                max_chars=LONGEST,
                key=f"entry_change_{field}",
            )
            for field in ("former", "new", "again")
        )
        asked = st.form_submit_button(texts("entry.change"))
    if not asked:
        return
    if first != second:
        st.warning(texts("entry.differ"))
        return
    try:
        done = keeper().change_password(state.sent(), former, first, address())
    except InvalidRecord:
        st.warning(texts("entry.password_rule", shortest=SHORTEST))
    except (RegistryError, ConfigurationError) as error:
        st.error(texts("error.failed", why=error))
    else:
        if isinstance(done, timedelta):
            st.error(refused(done, texts))
        else:
            state.come_in(done)
            st.success(texts("entry.changed"))
