"""Whether the champion serves: what `/health` tells, and not what the registry wishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.context import Context
from dashboard.reading.retold import retold
from dashboard.texts import Texts


def show_serving(context: Context, champion: str) -> bool:
    """The page's heading; gives whether the registry's champion is known to serve."""
    report = context.api.health()
    serving = None if report is None else report.get("model_version")
    title = "overview.serving" if serving == champion else "overview.champion"
    st.header(context.texts(title, version=champion))
    why = objection(report, champion, context.texts)
    if why is not None:
        (st.warning if report is None else st.error)(why)
    return serving == champion


def objection(report: Mapping[str, Any] | None, champion: str, texts: Texts) -> str | None:
    """What speaks against saying that the champion serves; None where nothing does.

    Args:
        report: the answer of `/health`, None where nobody answered.
        champion: the version the registry points to.
        texts: the reader's language.
    """
    if report is None:
        return texts("serving.unknown", champion=champion)
    part = report["parts"]["champion"]
    why = part.get("reason") or part.get("detail") or report["parts"]["outbox"].get("detail") or ""
    why = retold(str(why), texts)
    serving = report.get("model_version")
    if serving is None:
        return texts("serving.nobody", champion=champion, why=why)
    if serving != champion:
        return texts("serving.other", champion=champion, serving=serving, why=why)
    return None if report["ready"] else texts("serving.closed", champion=champion, why=why)
