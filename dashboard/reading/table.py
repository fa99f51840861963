"""A table that a narrow screen, a printer and a screen reader show as a list of cards.

A data grid draws on a canvas: at 500 px it cuts off columns, and paper shows what was scrolled to.
So the rows are sent twice, and `style.css` shows the grid where there is room for it and the list
where there is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from dashboard.texts import Texts

HEADER, ROW, MOST_ROWS = 38, 35, 16
BESIDE = 3
"""So many columns are wide enough side by side on 500 px."""


def show_table(
    rows: Sequence[Mapping[str, Any]],
    texts: Texts,
    *,
    columns: Mapping[str, Any] | None = None,
    **more: Any,
) -> Any:
    """Shows rows in both forms.

    Args:
        rows: name of each column to its value; all of one page.
        texts: the reader's language.
        columns: how Streamlit shows the columns (`st.column_config`), by name.
        **more: for `st.dataframe`: a key, `on_select` and so on.

    Returns:
        What `st.dataframe` returns.
    """
    config = dict(columns or {})
    grid = {"hide_index": True, "height": min(len(rows), MOST_ROWS) * ROW + HEADER} | more
    shown = st.dataframe([*rows], column_config=config, **grid)
    st.html(cards(rows, texts, config))
    return shown


def cards(
    rows: Sequence[Mapping[str, Any]], texts: Texts, columns: Mapping[str, Any] | None = None
) -> str:
    """The rows as a table of few columns, else as a list of named values without the empty ones.

    >>> from dashboard.texts import Language
    >>> cards([{"aluno": "RA-1", "risco": 0.5, "a": 1, "b": None}], Texts(Language.PT, {}))
    '<ul class="farol-cards"><li><dl><div><dt>aluno</dt><dd>RA-1</dd></div>\
<div><dt>risco</dt><dd>0,5</dd></div><div><dt>a</dt><dd>1</dd></div></dl></li></ul>'
    >>> cards([{"aluno": "RA-1", "risco": 0.5}], Texts(Language.EN, {}))
    '<table class="farol-cards"><thead><tr><th scope="col">aluno</th>\
<th scope="col">risco</th></tr></thead><tbody><tr><td>RA-1</td><td>0.5</td></tr></tbody></table>'
    """
    config = columns or {}
    names = list(dict.fromkeys(name for row in rows for name in row))
    if rows and len(names) <= BESIDE:
        return _table(rows, names, texts, config)
    shown = "".join(_card(row, texts, config) for row in rows)
    return f'<ul class="farol-cards">{shown}</ul>'


def _table(
    rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    texts: Texts,
    columns: Mapping[str, Any],
) -> str:
    head = "".join(f'<th scope="col">{_title(name, columns)}</th>' for name in names)
    body = "".join(
        "<tr>"
        + "".join(
            f"<td>{_told(row.get(name), texts, _type_of(columns.get(name)))}</td>" for name in names
        )
        + "</tr>"
        for row in rows
    )
    return f'<table class="farol-cards"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _title(name: str, columns: Mapping[str, Any]) -> str:
    return escape(str((columns.get(name) or {}).get("label") or name).strip())


def _card(row: Mapping[str, Any], texts: Texts, columns: Mapping[str, Any]) -> str:
    parts = []
    for name, value in row.items():
        config = columns.get(name)
        told = _told(value, texts, _type_of(config))
        if told:
            title = _title(name, columns)
            term = f"<dt>{title}</dt>" if title else ""
            parts.append(f"<div>{term}<dd>{told}</dd></div>")
    return f"<li><dl>{''.join(parts)}</dl></li>"


def _type_of(config: Any) -> Mapping[str, Any]:
    """What kind of column it is, as `st.column_config` says it."""
    return (config or {}).get("type_config") or {} if isinstance(config, Mapping) else {}


def _told(value: Any, texts: Texts, kind: Mapping[str, Any]) -> str:
    if value is None or value == "" or value == [] or value != value:
        return ""
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if kind.get("type") == "link":
        return f'<a href="{escape(str(value), quote=True)}">{escape(_link_text(value, kind))}</a>'
    if kind.get("type") == "progress" and str(kind.get("format", "")).startswith("%d %%"):
        return f"{value:.0f} %"
    if isinstance(value, int):
        return texts.count(value)
    if isinstance(value, float):
        digits = 0 if value.is_integer() else 1 if abs(value * 10 % 1) < 1e-9 else 2
        return escape(texts.number(value, digits))
    if isinstance(value, (list, tuple)):
        return escape(", ".join(str(one) for one in value))
    return escape(str(value))


def _link_text(value: Any, kind: Mapping[str, Any]) -> str:
    """The text that the column gives its links; one that picks it out of the address is left."""
    text = kind.get("display_text")
    return str(text) if text and "(" not in str(text) else str(value)
