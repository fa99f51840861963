"""How a version treats protected groups, as its document keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import charts
from dashboard.measured import measured_on
from dashboard.reading import shares
from dashboard.reading.figure import show_figure
from dashboard.reading.findings import groups_finding
from dashboard.reading.table import show_table
from dashboard.texts import Texts
from model.figures import Share
from model.units.disclosure import FEWEST_SHOWN
from model.version import ModelVersion

SHARES = ("recall", "new_recall", "precision", "flagged")


def show_fairness(version: ModelVersion, texts: Texts) -> None:
    """Gap, figures and bars of each protected attribute."""
    if not version.fairness:
        st.caption(texts("versions.no_groups"))
        return
    numeric = "mae" in version.metrics
    said = "versions.errors_help" if numeric else "versions.fairness_help"
    st.caption(texts(said, on=measured_on(version.metrics_on, texts)))
    for attribute, groups in version.fairness.items():
        gap, name = version.fairness_gaps.get(attribute), texts.column(attribute)
        if numeric:
            st.markdown(f"**{name}**")
        elif gap is None:
            st.markdown(texts("versions.no_gap", attribute=name))
        else:
            points = texts.number(gap * 100, 1)
            st.markdown(texts("versions.gap", attribute=name, points=points))
        show_table(group_rows(groups, texts, attribute), texts)
        drawn = [
            {**figures, "label": group_label(group, figures, texts, attribute)}
            for group, figures in groups.items()
            if is_shown(figures) and figures.get("recall") is not None
        ]
        if drawn:
            figure = charts.group_recalls(drawn, texts)
            finding = f"{name}: {groups_finding(drawn, texts)}"
            show_figure(figure, finding, texts, key=f"groups-{attribute}")


def group_rows(
    groups: Mapping[str, Mapping[str, Any]], texts: Texts, attribute: str = ""
) -> list[dict[str, Any]]:
    """One table row a group; figures of a handful of students are left out."""
    return [
        {
            texts("versions.group"): group_label(group, figures, texts, attribute),
            texts("versions.records"): _count(figures["rows"]),
        }
        | (_errors(figures, texts) if "mae" in figures else _shares(figures, texts))
        for group, figures in groups.items()
    ]


def _shares(figures: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    shown = is_shown(figures)
    row: dict[str, Any] = {texts("versions.positives"): str(figures["positives"]) if shown else ""}
    return row | {
        texts(f"metric.{name}"): share_told(figures, name, texts) if shown else ""
        for name in SHARES
        if name in figures or name != "new_recall"
    }


def _errors(figures: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    low, mae, high = (texts.number(figures[key]) for key in ("mae_low", "mae", "mae_high"))
    shown = is_shown(figures)
    return {
        texts("metric.mae"): f"{mae} ({low} - {high})" if shown else "",
        texts("versions.bias"): texts.number(figures["bias"]) if shown else "",
    }


def is_shown(figures: Mapping[str, Any]) -> bool:
    """Whether a group has records enough for its figures to be told."""
    return bool(figures["rows"] >= FEWEST_SHOWN)


def group_label(group: str, figures: Mapping[str, Any], texts: Texts, attribute: str = "") -> str:
    """A group's name as the school writes it, marked where it is small."""
    name = texts.category(attribute, group)
    return texts("versions.small", group=name) if figures["small"] else name


def _count(rows: int) -> str:
    return str(rows) if rows >= FEWEST_SHOWN else f"< {FEWEST_SHOWN}"


def share_told(figures: Mapping[str, Any], name: str, texts: Texts) -> str:
    """One figure of a group with its interval; empty where there is none."""
    return shares.share_told(
        Share(*(figures.get(name + end) for end in ("", "_low", "_high"))), texts
    )
