"""The whole list as a file: for a spreadsheet, or to print."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from dashboard.context import Context
from dashboard.students.calls import StudentCalls
from model.people.looked import Looked

FORMS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "html": "text/html",
}
"""Form of the file to its media type."""


def show_downloads(context: Context, asked: dict[str, Any]) -> None:
    """A button per form; the file is made when it is pressed, with the filters of the page."""
    texts = context.texts
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(texts("students.whole_list"), width="content")
        for form, media in FORMS.items():
            st.download_button(
                texts(f"download.{form}"),
                partial(_file, context, form, asked),
                file_name=f"farol-{context.now:%Y-%m-%d}.{form}",
                mime=media,
                key=f"download:{form}",
                on_click="ignore",
                icon=":material/print:" if form == "html" else ":material/download:",
            )


def _file(context: Context, form: str, asked: dict[str, Any]) -> bytes:
    """Says that the list is handed out, then asks for it."""
    context.saw(Looked.LIST, "")
    return StudentCalls(context.api).file(form, lang=context.texts.language.value, **asked)
