"""Receipts of erasures: what was erased, which hosts have yet to do it, which models learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.context import Context, explain_failure
from dashboard.reading.table import show_table
from dashboard.texts import Texts

Receipt = Mapping[str, Any]


def show(context: Context) -> None:
    """Shows the page: one row an erasure, what is outstanding said above."""
    texts = context.texts
    st.header(texts("page.erasures"))
    st.caption(texts("erasures.about"))
    try:
        found: Sequence[Receipt] = context.api.get("/erasures")["erasures"]
    except ApiFailure as failure:
        st.error(explain_failure(failure, context))
        return
    if not found:
        st.info(texts("empty.erasures"), icon=":material/info:")
        return
    for told in outstanding(found, texts):
        st.warning(told, icon=":material/hourglass_empty:")
    show_table([receipt_row(one, texts) for one in found], texts)
    if any(task["model_versions"] for one in found for task in one["tasks"].values()):
        st.caption(texts("erasures.models_help"))
        st.code("python -m retraining.pipeline --without-erased", language="bash")


def outstanding(found: Sequence[Receipt], texts: Texts) -> list[str]:
    """What is still to be done, in a sentence for each erasure and host."""
    told = []
    for one in found:
        if one["finished_at"] is None:
            told.append(texts("erasures.interrupted", receipt=one["receipt_id"]))
            continue
        told += [
            texts(
                "erasures.host_waits",
                receipt=one["receipt_id"],
                host=host["name"],
                seen=_moment(host["seen_at"], texts),
            )
            for host in one["hosts"]
            if host["done_at"] is None
        ]
    return told


def receipt_row(one: Receipt, texts: Texts) -> dict[str, Any]:
    """One table row of a receipt."""
    tasks: Mapping[str, Receipt] = one["tasks"]
    hosts: Sequence[Receipt] = one["hosts"]
    versions = [
        f"{name}: {', '.join(task['model_versions'])}"
        for name, task in tasks.items()
        if task["model_versions"]
    ]
    until = one["backups"]["until"]
    return {
        texts("erasures.receipt"): one["receipt_id"],
        texts("erasures.at"): _moment(one["at"], texts),
        texts("erasures.actor"): one["actor"],
        texts("erasures.tasks"): ", ".join(tasks),
        texts("erasures.records"): sum(sum(task["deleted"].values()) for task in tasks.values()),
        texts("erasures.hosts"): texts(
            "erasures.hosts_done",
            done=sum(host["done_at"] is not None for host in hosts),
            all=len(hosts),
        ),
        texts("erasures.backups"): _moment(until, texts) if until else texts("erasures.not_told"),
        texts("erasures.versions"): "; ".join(versions),
        texts("erasures.not_reached"): ", ".join(one["not_reached"]),
    }


def _moment(said: str, texts: Texts) -> str:
    return texts.moment(datetime.fromisoformat(said))
