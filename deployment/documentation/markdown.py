"""Small pieces of Markdown that generated pages are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_CODE = re.compile(r"(`+[^`]*`+)")


def plain(text: str) -> str:
    """A text as the site shows it to the letter: no tag, no emphasis, no table's bar.

    >>> plain("a <b> is `<c>` | d_e")
    'a &lt;b> is `<c>` \\\\| d_e'
    """
    parts = _CODE.split(" ".join(text.split()))
    shown = (part if part.startswith("`") else _escaped(part) for part in parts)
    return "".join(shown).replace("|", r"\|")


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace("*", r"\*").replace("[", r"\[").replace("{", r"\{")


def code(text: object) -> str:
    """A text in the type of code; a bar would end the cell that it stands in.

    >>> code("a|b")
    '`a\\\\|b`'
    """
    shown = str(text).replace("|", r"\|")
    fence = "``" if "`" in shown else "`"
    return f"{fence}{shown}{fence}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells are Markdown already. Nothing where there are no rows.

    >>> print(table(["name", "is"], [["`a`", "first"]]), end="")
    | name | is |
    |---|---|
    | `a` | first |
    """
    body = [f"| {' | '.join(row)} |\n" for row in rows]
    if not body:
        return ""
    return f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}\n{''.join(body)}"


def block(text: str, language: str = "text") -> str:
    """A block of code.

    >>> print(block("a", "promql"), end="")
    ```promql
    a
    ```
    """
    return f"```{language}\n{text.rstrip()}\n```\n"


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub and the site make it.

    >>> slug("What an answer says: `risk_score`")
    'what-an-answer-says-risk_score'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
