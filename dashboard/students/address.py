"""Addresses of the pages about students; each keeps language and task."""

from __future__ import annotations

import streamlit as st

from dashboard.students.calls import Subject
from dashboard.texts import Texts

STUDENT = "student"
UNIT = "unit"


def link(page: str, texts: Texts, label: str, *, icon: str | None = None, **asked: str) -> None:
    """A link to a page in the same tab: a new one would ask for the key again.

    Args:
        page: its name, as in the table of pages.
        texts: the reader's language.
        label: what is shown.
        icon: before the label.
        asked: what the address says besides.
    """
    st.page_link(
        st.Page(_elsewhere, title=label, url_path=page),
        label=label,
        icon=icon,
        query_params=kept(texts) | asked,
    )


def kept(texts: Texts) -> dict[str, str]:
    """What every address carries on."""
    task = st.query_params.get("task")
    return {"lang": texts.language.value} | ({"task": task} if task else {})


def link_to_student(who: Subject, texts: Texts) -> None:
    """A link to the page of one student."""
    asked = {STUDENT: who.student_id} | ({UNIT: who.unit} if who.unit else {})
    link("student", texts, plain(who.student_id), icon=":material/person:", **asked)


def named_in_address() -> Subject | None:
    """The student that the address names."""
    asked = st.query_params
    return Subject(asked[STUDENT], asked.get(UNIT, "")) if asked.get(STUDENT) else None


def plain(text: str) -> str:
    r"""A text that Markdown shows as it stands.

    >>> plain("RA_7 *new*")
    'RA\\_7 \\*new\\*'
    """
    return "".join(f"\\{c}" if c in MEANT else c for c in text)


MEANT = frozenset("\\`*_{}[]()#+!|<>~$:")


def _elsewhere() -> None:
    """The page itself is in the table of pages; a link needs its name only."""
