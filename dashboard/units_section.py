"""Versions and drift by unit (school): tables, and the units that no table tells of."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.reading.table import show_table
from dashboard.texts import Texts
from model.units.disclosure import FEWEST_SHOWN
from model.units.drifted import DriftByUnit
from model.units.history import UnitHistory
from model.units.named import UnitNames
from model.units.tested import UnitFigures, VersionByUnit

SHARES = ("recall", "precision", "flagged")


def show_version_by_unit(found: VersionByUnit, texts: Texts) -> None:
    """How a version did in each unit, and for which it was never tested."""
    st.subheader(texts("units.version"))
    st.caption(texts("units.version_help", fewest=FEWEST_SHOWN))
    _show(version_rows(found, texts), version_lines(found, texts), texts)


def show_drift_by_unit(found: DriftByUnit, texts: Texts) -> None:
    """What drifted in each unit."""
    st.subheader(texts("units.drift"))
    st.caption(texts("units.drift_help", needed=found.needed, fewest=FEWEST_SHOWN))
    _show(drift_rows(found, texts), drift_lines(found, texts), texts)


def show_history_by_unit(found: UnitHistory, texts: Texts) -> None:
    """What there is of each unit, period by period."""
    st.subheader(texts("units.history"))
    at = texts.moment(found.at)
    st.caption(texts("units.history_help", at=at, newest=found.newest, fewest=FEWEST_SHOWN))
    _show(history_rows(found, texts), history_lines(found, texts), texts)


def version_rows(found: VersionByUnit, texts: Texts) -> list[dict[str, Any]]:
    """One table row a unit, in the order of the version."""
    return [
        {texts("units.unit"): one.unit, texts("versions.records"): str(one.records)}
        | (_errors(one, texts) if "mae" in one.figures else _risks(one, texts))
        for one in found.units
    ]


def version_lines(found: VersionByUnit, texts: Texts) -> list[str]:
    """What the table leaves out, each a sentence; nothing where there is nothing."""
    unknown = _unknown(found.unknown, texts)
    return [
        *_more(found.more, texts),
        *_named("units.withheld", found.withheld, texts, fewest=FEWEST_SHOWN),
        *_named("units.untested", found.untested, texts),
        *_named("units.unlabelled", found.unlabelled, texts),
        *([] if found.never_tested else [texts("units.all_tested")]),
        *unknown,
    ]


def drift_rows(found: DriftByUnit, texts: Texts) -> list[dict[str, Any]]:
    """One table row a unit, those with most drift first."""
    return [
        {
            texts("units.unit"): one.unit,
            texts("versions.records"): _count(one.records, texts),
            texts("units.drifted"): texts("units.not_compared")
            if one.features is None
            else ", ".join(texts.column(name) for name in one.features),
            texts("units.outcomes"): "" if one.outcomes is None else str(one.outcomes.records),
            texts("metric.recall"): ""
            if one.outcomes is None
            else _share(one.outcomes, "recall", texts),
        }
        for one in found.units
    ]


def drift_lines(found: DriftByUnit, texts: Texts) -> list[str]:
    """What the table leaves out, each a sentence."""
    return [
        *_more(found.more, texts),
        *_named("units.too_small", found.too_small, texts, needed=found.needed),
        *_named("units.unlabelled_yet", found.unlabelled, texts),
        *_unknown(found.unknown, texts),
    ]


def history_rows(found: UnitHistory, texts: Texts) -> list[dict[str, Any]]:
    """One table row per unit and period, in the order of the record."""
    return [
        {
            texts("students.period"): row.period,
            texts("units.unit"): row.unit or texts("units.not_known"),
            texts("predictions.count"): _count(row.predictions, texts),
            texts("units.outcomes"): _count(row.labels, texts),
        }
        for row in found.rows
    ]


def history_lines(found: UnitHistory, texts: Texts) -> list[str]:
    """What the table leaves out, each a sentence."""
    return [
        *([texts("units.more_rows", n=found.more)] if found.more else []),
        *_named("units.unlabelled_yet", found.unlabelled, texts),
    ]


def names_of(units: UnitNames, texts: Texts) -> str:
    """The names in one line, with how many more there are."""
    names = ", ".join(units.names)
    return texts("units.and_more", names=names, n=units.more) if units.more else names


def _show(rows: list[dict[str, Any]], lines: list[str], texts: Texts) -> None:
    if rows:
        show_table(rows, texts)
    for line in lines:
        st.caption(line)


def _more(more: int, texts: Texts) -> list[str]:
    return [texts("units.more", n=more)] if more else []


def _named(key: str, units: UnitNames, texts: Texts, **values: int) -> list[str]:
    return [texts(key, names=names_of(units, texts), **values)] if units else []


def _unknown(records: int | None, texts: Texts) -> list[str]:
    if records == 0:
        return []
    return [texts("units.unknown", n=_count(records, texts))]


def _count(records: int | None, texts: Texts) -> str:
    return texts("units.hidden") if records is None else str(records)


def _risks(one: UnitFigures, texts: Texts) -> dict[str, str]:
    row = {texts("versions.positives"): _count(one.positives, texts)}
    return row | {
        texts(f"metric.{name}"): _share(one, name, texts) or texts("units.hidden")
        for name in SHARES
    }


def _errors(one: UnitFigures, texts: Texts) -> dict[str, str]:
    low, mae, high = (texts.number(one.figures[key]) for key in ("mae_low", "mae", "mae_high"))
    return {
        texts("metric.mae"): f"{mae} ({low} - {high})",
        texts("versions.bias"): texts.number(one.figures["bias"]),
    }


def _share(one: UnitFigures, name: str, texts: Texts) -> str:
    if name not in one.figures:
        return ""
    value, low, high = (texts.share(one.figures[name + end]) for end in ("", "_low", "_high"))
    return f"{value} ({low} - {high})"
