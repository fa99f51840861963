"""What stands in the place of a page for whoever is not let in."""

from __future__ import annotations

from datetime import timedelta
from importlib.util import find_spec
from math import ceil
from typing import Literal

import streamlit as st

from dashboard.entry import state
from dashboard.entry.admission import RECOGNISED, DoorState, vouched_address
from dashboard.entry.doorkeeper import NOBODY, Doorkeeper
from dashboard.texts import Texts
from model.errors import InvalidRecord, NotFound
from model.people.password import LONGEST, SHORTEST

INVITATION = "invitation"
"""The parameter of the address that an administrator hands over."""


def show_closed(
    found: DoorState, keeper: Doorkeeper, texts: Texts, trusted: Literal["verified", "any"]
) -> None:
    """Says why nothing is shown, and lets whoever is not known sign in.

    Args:
        found: why.
        keeper: recognises people.
        texts: the reader's language.
        trusted: `FAROL_OIDC_EMAIL`.
    """
    if found is DoorState.REMOTE or found in RECOGNISED:
        st.info(texts(f"gate.{found}"), icon=":material/lock:")
        return
    state.is_out(found)
    left, _ = st.columns([2, 3])
    if INVITATION in st.query_params:
        with left:
            _show_invitation(st.query_params[INVITATION], keeper, texts)
        return
    with left:
        _say_why(found, texts)
    with left:
        _show_form(keeper, texts)
        _show_organisation(keeper, texts, trusted)
        with st.expander(texts("app.key"), icon=":material/key:"):
            st.text_input(
                texts("app.key"),
                type="password",
                help=texts("app.key_help"),
                key="api_key",
                on_change=_take_key,
            )


def _say_why(found: DoorState, texts: Texts) -> None:
    ended = state.last_word()
    if ended is not None:
        st.warning(texts(f"gate.{ended}"), icon=":material/logout:")
        st.info(texts("entry.kept"), icon=":material/edit_note:")
    elif found is DoorState.NOBODY:
        st.info(texts("gate.nobody"), icon=":material/lock:")
    else:
        st.warning(texts(f"gate.{found}"), icon=":material/lock:")


def _show_form(keeper: Doorkeeper, texts: Texts) -> None:
    with st.form("entry_form"):
        name = st.text_input(
            texts("entry.name"), max_chars=LONGEST, key="entry_name", autocomplete="username"
        )
        password = st.text_input(
            texts("entry.password"),
            type="password",
            max_chars=LONGEST,
            key="entry_password",
            autocomplete="current-password",
        )
        asked = st.form_submit_button(texts("entry.sign_in"), type="primary")
    if not asked:
        return
    if not name.strip() or not password:
        st.warning(texts("entry.both"))
        return
    done = keeper.sign_in(name, password, address())
    if isinstance(done, timedelta):
        st.error(refused(done, texts))
        return
    state.come_in(done)
    st.rerun(scope="app")


def refused(wait: timedelta, texts: Texts) -> str:
    """What is said of a wrong password."""
    if wait == NOBODY:
        return texts("entry.wrong")
    return texts("entry.wait", seconds=ceil(wait.total_seconds()))


def _show_organisation(
    keeper: Doorkeeper, texts: Texts, trusted: Literal["verified", "any"]
) -> None:
    """The organisation's log-in, where Streamlit's secrets name one."""
    logged_in = st.user.get("is_logged_in")
    if logged_in is None:
        return
    if find_spec("authlib") is None:
        st.warning(texts("entry.no_authlib"))
        return
    email = vouched_address(st.user, trusted, keeper.now) if logged_in else None
    token = None if email is None else keeper.sign_in_address(email)
    if token is not None:
        state.come_in(token)
        st.rerun(scope="app")
    if email is not None:
        st.warning(texts("entry.not_invited", email=email))
    elif logged_in and not st.user.get("email_verified"):
        st.warning(texts("entry.not_vouched"))
    if st.button(texts("entry.organisation"), icon=":material/domain:", width="stretch"):
        st.login()


def _show_invitation(code: str, keeper: Doorkeeper, texts: Texts) -> None:
    try:
        person = keeper.invited(code)
    except NotFound:
        st.error(texts("entry.invitation_over"))
        if st.button(texts("entry.sign_in")):
            _without_invitation()
        return
    st.info(texts("entry.welcome", name=person.full_name), icon=":material/waving_hand:")
    st.caption(texts("entry.password_rule", shortest=SHORTEST))
    with st.form("entry_invitation"):
        st.text_input(texts("entry.name"), value=person.name, disabled=True)
        first, second = (
            st.text_input(
                texts(f"entry.{field}"),
                type="password",
                max_chars=LONGEST,
                key=f"entry_{field}",
                autocomplete="new-password",
            )
            for field in ("password", "again")
        )
        asked = st.form_submit_button(texts("entry.set"), type="primary")
    if not asked:
        return
    if first != second:
        st.warning(texts("entry.differ"))
        return
    try:
        keeper.accept(code, first)
    except InvalidRecord:
        st.warning(texts("entry.password_rule", shortest=SHORTEST))
        return
    except NotFound:
        st.error(texts("entry.invitation_over"))
        return
    done = keeper.sign_in(person.name, first, address())
    if isinstance(done, str):
        state.come_in(done)
    _without_invitation()


def _without_invitation() -> None:
    del st.query_params[INVITATION]
    st.rerun(scope="app")


def _take_key() -> None:
    state.come_in(st.session_state["api_key"])


def address() -> str:
    """Where the visitor is; Streamlit tells none of this machine."""
    return st.context.ip_address or "127.0.0.1"
