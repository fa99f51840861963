"""A model card as Markdown; pictures travel inside it, below the text."""

from __future__ import annotations

import base64
import re

from training.card.document import Block, Card, Figure, Points, Section, Table, Text

SPECIAL = re.compile(r"([\\`*_\[\]|])")


def to_markdown(card: Card) -> str:
    """The card as one Markdown text that needs no other file."""
    parts = [f"# {escaped(card.title)}", escaped(card.lead)]
    parts += [part for section in card.sections for part in _section(section)]
    figures = [b for s in card.sections for b in s.blocks if isinstance(b, Figure)]
    parts.append("\n".join(_picture(figure) for figure in figures))
    return "\n\n".join(parts).rstrip() + "\n"


def escaped(text: str) -> str:
    r"""Text in which nothing is taken for markup.

    >>> print(escaped("a_b | <i>"))
    a\_b \| &lt;i>
    """
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return SPECIAL.sub(r"\\\1", plain)


def _section(section: Section) -> list[str]:
    return [f"## {escaped(section.title)}", *(_block(block) for block in section.blocks)]


def _block(block: Block) -> str:
    match block:
        case Text(text):
            return escaped(text)
        case Points(items):
            return "\n".join(f"- {escaped(item)}" for item in items)
        case Table():
            return _table(block)
        case Figure():
            return f"![{escaped(block.alt)}][{block.name}]\n\n{escaped(block.caption)}"


def _table(table: Table) -> str:
    lines = [
        f"**{escaped(table.caption)}**",
        "",
        _row(table.header),
        "|---" * len(table.header) + "|",
    ]
    return "\n".join([*lines, *map(_row, table.rows)])


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(map(escaped, cells))} |"


def _picture(figure: Figure) -> str:
    data = base64.b64encode(figure.svg.encode()).decode()
    return f"[{figure.name}]: data:image/svg+xml;base64,{data}"
