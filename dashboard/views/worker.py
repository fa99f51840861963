"""What the retraining worker does: when each job is due, and what came of it last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.context import Context, empty
from dashboard.keeping.section import show_ages
from dashboard.reading.retold import retold
from dashboard.reading.table import show_table
from dashboard.reading.took import took
from dashboard.texts import Texts
from database.watch.jobs import JobRepository
from model.watch.job import HOST, JobState


def show(context: Context) -> None:
    """Shows the page: one row a job, those that failed said above."""
    texts = context.texts
    st.header(texts("page.worker"))
    _show_registry(context)
    jobs = context.registry.run(JobRepository().all())
    if not jobs:
        empty(texts, "empty.worker", "python -m retraining.worker")
        return
    st.caption(texts("worker.about"))
    for job in jobs:
        if job.ok is False:
            told = texts("worker.failed", job=job_name(job, texts), times=job.failures)
            st.warning(f"{told} {retold(job.detail, texts)}", icon=":material/error:")
    show_table(job_rows(jobs, texts), texts)
    show_ages(context)


def _show_registry(context: Context) -> None:
    """Says where the embedded registry has been outgrown, and how to move."""
    report = context.api.health()
    told = outgrown(report, context.texts)
    if told:
        st.warning(told, icon=":material/database:")
        st.code("python -m deployment.migrate_to_mongo --from FAROL_HOME --to URI", language="bash")


def outgrown(report: Mapping[str, Any] | None, texts: Texts) -> str:
    """What is to be said of the registry's size; empty where nothing is.

    Args:
        report: the answer of `/health`, None where nobody answered.
        texts: the reader's language.
    """
    part = {} if report is None else report["parts"]["registry"]
    if not part.get("outgrown"):
        return ""
    size, limit = (texts.number(part[name] / 1e9, 1) for name in ("bytes", "limit_bytes"))
    return texts("worker.outgrown", size=size, limit=limit)


def job_rows(jobs: Sequence[JobState], texts: Texts) -> list[dict[str, Any]]:
    """One table row a job, what is due first before."""
    ordered = sorted(jobs, key=lambda job: (job.next_at is None, job.next_at, job.name))
    return [
        {
            texts("worker.job"): job_name(job, texts),
            texts("worker.state"): texts(f"worker.{job_state(job)}"),
            texts("worker.next"): "" if job.next_at is None else texts.moment(job.next_at),
            texts("worker.started"): "" if job.started_at is None else texts.moment(job.started_at),
            texts("history.took"): took(job.started_at, job.finished_at, texts),
            texts("worker.result"): retold(job.result, texts),
            texts("worker.detail"): retold(job.detail, texts),
            texts("worker.failures"): job.failures,
            texts("worker.holder"): job.holder,
        }
        for job in ordered
    ]


def job_name(job: JobState, texts: Texts) -> str:
    """The job as people call it, with its host where each has its own."""
    host = job.name.partition(HOST)[2]
    name = texts.or_name(f"job.{job.duty}", job.duty)
    return f"{name} ({host})" if host else name


def job_state(job: JobState) -> str:
    """Which of the texts `worker.<state>` says how it is."""
    if job.running:
        return "running"
    if job.retry_at is not None and job.ok is not False:
        return "waits"
    return "never" if job.ok is None else "done" if job.ok else "broken"
