"""The audit trail, for whoever answers for the protection of the data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any

import streamlit as st

from dashboard.context import Context
from dashboard.entry.officer import Officer
from dashboard.reading.actions import action_told
from dashboard.reading.table import show_table
from dashboard.texts import Texts
from database.trail.checking import check_trail
from database.trail.trail import TrailRepository
from model.audit.anchors import AnchorFile
from model.audit.check import ChainCheck, Tampering, TouchedBlocks
from model.audit.entry import Entry, pseudonym
from model.people.looked import Looked

MOST = 200
"""Entries on the page."""

AT_ONCE = 10
"""Blocks that are read at a time, until there are enough entries."""


def show(context: Context) -> None:
    """Shows the page: whether the trail is whole, and its newest entries."""
    texts, officer = context.texts, context.officer
    st.header(texts("page.audit"))
    if officer is None:
        st.info(texts("audit.closed"), icon=":material/lock:")
        return
    st.caption(texts("audit.intro"))
    if st.button(texts("audit.check"), icon=":material/verified_user:"):
        with st.spinner(texts("audit.checking")):
            _show_checks(officer, context)
    chain = st.selectbox(
        texts("audit.chain"), officer.chains, format_func=lambda one: _chain(one, texts)
    )
    student = st.text_input(
        texts("audit.student"), help=texts("audit.student_help"), key="audit_student"
    ).strip()
    until = st.date_input(texts("audit.until"), value=None)
    # Told before it is shown, as for every page of a student.
    known_as = context.known_as(student) if student else ""
    context.saw(Looked.TRAIL, known_as)
    found = _of_student(officer, known_as) if student else _newest(officer, chain, until)
    rows = entry_rows(list(islice(found, MOST)), texts)
    if not rows:
        st.info(texts("audit.none"), icon=":material/info:")
        return
    show_table(rows, texts)
    if len(rows) == MOST:
        st.caption(texts("audit.more", most=MOST))


def entry_rows(entries: Sequence[Entry], texts: Texts) -> list[dict[str, Any]]:
    """One table row an entry, in the given order."""
    return [
        {
            texts("audit.at"): texts.moment(entry.at),
            texts("audit.who"): f"{entry.actor} ({texts(f'audit.kind.{entry.kind.value}')})",
            texts("audit.did"): action_told(entry.action, texts),
            texts("audit.about"): _about(entry.subject, texts),
            texts("audit.detail"): entry.detail,
            texts("audit.source"): entry.source,
        }
        for entry in entries
    ]


def check_words(check: ChainCheck, texts: Texts) -> str:
    """One chain in words: what was found, or up to when it is held."""
    name, count = _chain(check.task, texts), texts.count(check.entries)
    if check.findings:
        return "  \n".join(
            [
                texts("audit.touched", chain=name, places=len(check.findings)),
                *(f"- {_finding(one, texts)}" for one in check.findings),
            ]
        )
    if check.anchored is None:
        return texts("audit.whole_unanchored", chain=name, entries=count)
    at = texts.moment(check.anchored.at)
    return texts("audit.whole", chain=name, entries=count, at=at)


def _show_checks(officer: Officer, context: Context) -> None:
    op = check_trail(
        AnchorFile(officer.home).read(), officer.data_key, now=context.now, task=officer.task
    )
    for check in officer.root().run(op):
        if check.task in officer.chains:
            tell = st.error if check.findings else st.success
            tell(check_words(check, context.texts))


def _finding(finding: TouchedBlocks, texts: Texts) -> str:
    first, last = finding.numbers
    sentence = texts(f"audit.what.{finding.what.name.lower()}")
    blocks = (
        "" if finding.what is Tampering.FORMER else texts("audit.blocks", first=first, last=last)
    )
    unknown = texts("audit.unknown_moment")
    after = texts.moment(finding.after) if finding.after else unknown
    before = texts.moment(finding.before) if finding.before else unknown
    return f"{blocks}{sentence}; " + texts("audit.between", after=after, before=before)


def _newest(officer: Officer, chain: str, until: date | None) -> Iterator[Entry]:
    """The entries of a chain, newest first, read as far as they are asked for."""
    root, offset = officer.root(), 0
    end = None if until is None else datetime.combine(until, time(), UTC) + timedelta(days=1)
    while blocks := root.run(TrailRepository().blocks(AT_ONCE, offset, chain, before=end)):
        for block in blocks:
            yield from reversed(block.entries)
        offset += AT_ONCE


def _of_student(officer: Officer, student: str) -> Iterator[Entry]:
    mark = pseudonym(student, officer.data_key)
    for entry in officer.root().run(TrailRepository().of_student(mark)):
        if officer.whole or entry.task == officer.task:
            yield entry


def _chain(task: str, texts: Texts) -> str:
    return task or texts("audit.installation")


def _about(subject: str, texts: Texts) -> str:
    """What an entry is about; of a student the beginning of the pseudonym."""
    is_student = len(subject) == 64 and not set(subject) - set("0123456789abcdef")
    if is_student:
        return texts("audit.a_student", mark=subject[:8])
    return texts.or_name(f"audit.subject.{subject.replace(' ', '_')}", subject)
