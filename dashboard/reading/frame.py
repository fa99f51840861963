"""What every page has around it: style, language, and a heading for screen readers."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

import streamlit as st

from dashboard.texts import Texts
from dashboard.wording import Language

STYLE = Path(__file__).with_name("style.css")
TAGS = {Language.PT: "pt-BR", Language.EN: "en"}
UPLOADER = """
[data-testid="stFileUploaderDropzone"] button {{ font-size: 0; }}
[data-testid="stFileUploaderDropzone"] button::after {{ content: {choose}; font-size: 1rem; }}
[data-testid="stFileUploaderDropzoneInstructions"] {{ font-size: 0; }}
[data-testid="stFileUploaderDropzoneInstructions"] * {{ display: none; }}
[data-testid="stFileUploaderDropzoneInstructions"]::after {{
  content: {drop}; font-size: 0.875rem;
}}
[data-testid="InputInstructions"] {{ display: none; }}
"""
"""Streamlit's own words, which it has in English only."""


def show_frame(texts: Texts) -> None:
    """Puts the style into the page and says in which language it is written."""
    st.html(f"<style>{style(texts)}</style>")
    # Streamlit's page says English, and a screen reader would read Portuguese with that voice.
    tag = json.dumps(TAGS[texts.language])
    st.html(f"<script>document.documentElement.lang = {tag}</script>", unsafe_allow_javascript=True)


def style(texts: Texts) -> str:
    """The style sheet, with Streamlit's words of the language."""
    sheet = STYLE.read_text("utf-8")
    if texts.language is Language.EN:
        return sheet
    drop, choose = (json.dumps(texts(f"app.{word}")) for word in ("drop", "choose"))
    return sheet + UPLOADER.format(drop=drop, choose=choose)


def show_heading(title: str) -> None:
    """The page's first heading, which is not seen: the visible ones are of the second rank."""
    st.html(f'<h1 class="farol-heading">Farol · {escape(title)}</h1>')
