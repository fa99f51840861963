"""A model card as one HTML page: no script, no other host, readable by a screen reader."""

from __future__ import annotations

from html import escape

from training.card.document import Block, Card, Figure, Points, Section, Table, Text

STYLE = """
body{margin:0;font:16px/1.5 system-ui,sans-serif;color:#222;background:#fff}
main,header{max-width:60rem;margin:0 auto;padding:0 1rem}
h1{font-size:1.6rem;margin:1.5rem 0 .25rem}h2{font-size:1.25rem;margin:2rem 0 .5rem}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding:0;list-style:none}
a{color:#0050a0}
div.wide{overflow-x:auto}
table{border-collapse:collapse;margin:.75rem 0;font-size:.9rem}
caption{text-align:left;font-weight:600;padding:.25rem 0}
th,td{text-align:left;vertical-align:top;padding:.25rem .6rem;border-bottom:1px solid #dde1e6;
overflow-wrap:break-word}
figure{display:inline-block;margin:.75rem 1rem .75rem 0;max-width:460px;vertical-align:top}
figure svg{max-width:100%;height:auto}
figcaption{font-size:.85rem;color:#444}
section[lang]{background:#f3f6f9;padding:.25rem 1rem .75rem;border-radius:.4rem}
""".strip()


def to_html(card: Card) -> str:
    """The card as one page that needs no other file."""
    sections = [(f"s{number}", section) for number, section in enumerate(card.sections, 1)]
    links = [("pt", card.summary_pt.title), *((anchor, s.title) for anchor, s in sections)]
    menu = "".join(f'<li><a href="#{anchor}">{escape(title)}</a></li>' for anchor, title in links)
    body = "".join(_section(section, anchor) for anchor, section in sections)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(card.title)}</title><style>{STYLE}</style></head><body>"
        f"<header><h1>{escape(card.title)}</h1><p>{escape(card.lead)}</p>"
        f'<nav aria-label="Sections"><ul>{menu}</ul></nav></header>'
        f"<main>{_section(card.summary_pt, 'pt', 'pt-BR')}{body}</main></body></html>\n"
    )


def _section(section: Section, anchor: str, language: str = "") -> str:
    spoken = f' lang="{language}"' if language else ""
    blocks = "".join(map(_block, section.blocks))
    return f'<section id="{anchor}"{spoken}><h2>{escape(section.title)}</h2>{blocks}</section>\n'


def _block(block: Block) -> str:
    match block:
        case Text(text):
            return f"<p>{escape(text)}</p>"
        case Points(items):
            return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"
        case Table():
            return _table(block)
        case Figure():
            return f"<figure>{block.svg}<figcaption>{escape(block.caption)}</figcaption></figure>"


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.header)
    header = f"<thead><tr>{head}</tr></thead>" if any(table.header) else ""
    rows = "".join(f"<tr>{_cells(row)}</tr>" for row in table.rows)
    return (
        f'<div class="wide"><table><caption>{escape(table.caption)}</caption>{header}'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cells(row: tuple[str, ...]) -> str:
    first, *others = row
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in others)
    return f'<th scope="row">{escape(first)}</th>{cells}'
