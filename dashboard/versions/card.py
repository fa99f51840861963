"""The model card of a version: read on the page, and downloaded."""

from __future__ import annotations

import base64
from functools import partial

import streamlit as st

from dashboard.context import Context
from database.artifacts import ArtifactRepository
from model.version import ModelVersion

HEIGHT = 640
"""Pixels of the frame that the card is read in."""

NOTHING_ELSE = (
    b'<meta http-equiv="Content-Security-Policy" '
    b"content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)
"""The card needs nothing but its own text; a card that somebody has put scripts into runs none."""


def address_of(page: bytes) -> str:
    """A page as an address that a frame can show, with an origin that is nobody's.

    >>> address_of(b"<p>")[:28]
    'data:text/html;charset=utf-8'
    """
    data = base64.b64encode(NOTHING_ELSE + page).decode("ascii")
    return f"data:text/html;charset=utf-8;base64,{data}"


def show_card(version: ModelVersion, context: Context) -> None:
    """The card in a frame of its own, and both its files."""
    texts, card = context.texts, version.card
    if card is None:
        st.caption(texts("versions.card_none"))
        return
    read = context.registry.run
    if st.toggle(texts("versions.card_show"), key=f"card-{version.version}"):
        page = read(ArtifactRepository().get(card.html))
        st.iframe(address_of(page), height=HEIGHT, alt=texts("versions.card"))
    left, right = st.columns(2)
    for column, digest, form, kind, label in (
        (left, card.html, "html", "text/html", texts("versions.card_html")),
        (right, card.markdown, "md", "text/markdown", texts("versions.card_md")),
    ):
        column.download_button(
            label,
            # Read when it is asked for, and not at every refresh of the view.
            partial(_read, digest, context),
            file_name=f"{version.version}.{form}",
            mime=kind,
            icon=":material/description:",
            on_click="ignore",
            key=f"card-{version.version}-{form}",
        )


def _read(digest: str, context: Context) -> bytes:
    return context.registry.run(ArtifactRepository().get(digest))
