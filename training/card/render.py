"""From facts to a model card: what the templates are given, and both forms of it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from model.decisions.gain_sentences import gain_told
from model.decisions.realised import told_record
from model.helping.evidence import helped_told
from model.promotion import told_promise
from model.units.disclosure import FEWEST_SHOWN
from training.card.facts import CardFacts
from training.card.pictures import Picture, pictures
from training.fairness import MIN_POSITIVES, MIN_ROWS

MARKUP = re.compile(r"([\\`*_\[\]|])")


class MissingFact(StrictUndefined):
    """A fact that a version lacks: to write it, formatted too, raises and names it."""

    def __format__(self, spec: str) -> str:
        return str(self)


def to_html(facts: CardFacts, drawn: Mapping[str, Picture] | None = None) -> str:
    """The card as one page that needs no other file; the same facts give the same bytes.

    Args:
        facts: what it tells.
        drawn: the pictures of these facts, where they are drawn already.
    """
    template = environment(flat, autoescape=True).get_template("card.html.jinja")
    return template.render(_given(facts, drawn))


def to_markdown(facts: CardFacts, drawn: Mapping[str, Picture] | None = None) -> str:
    """The card as one Markdown text that needs no other file; the arguments of `to_html`."""
    template = environment(escaped, autoescape=False).get_template("card.md.jinja")
    return re.sub(r"\n{3,}", "\n\n", template.render(_given(facts, drawn))).strip() + "\n"


def flat(text: str) -> str:
    """Text on one line; what jinja2 has escaped stays marked as such."""
    return type(text)(" ").join(text.split())


def escaped(text: object) -> str:
    r"""Text on one line in which Markdown takes nothing for markup.

    >>> print(escaped("a_b | <i>"))
    a\_b \| &lt;i>
    """
    return MARKUP.sub(r"\\\1", flat(str(text)).replace("&", "&amp;").replace("<", "&lt;"))


def share(value: float | None) -> str:
    """A share in percent.

    >>> share(0.7564), share(None)
    ('75.6%', 'not defined')
    """
    return "not defined" if value is None else f"{value:.1%}"


def figure(value: float | None) -> str:
    """A figure with three decimals."""
    return "not defined" if value is None else f"{value:.3f}"


def between(interval: tuple[float | None, float | None] | None, unit: str = "figure") -> str:
    """An interval, or nothing where there is none.

    >>> between((0.1234, 0.5)), between((0.1234, 0.5), "share"), between((None, None))
    ('0.123 to 0.500', '12.3% to 50.0%', '')
    """
    if interval is None or None in interval:
        return ""
    return " to ".join(map(share if unit == "share" else figure, interval))


def _given(facts: CardFacts, drawn: Mapping[str, Picture] | None) -> dict[str, Any]:
    task = facts.task
    return {
        **{field.name: getattr(facts, field.name) for field in fields(facts)},
        "numeric": facts.numeric,
        "records": len(facts.outcome),
        "prevalence": float(facts.outcome.mean()),
        "statuses": facts.version.statuses,
        "pictures": pictures(facts) if drawn is None else drawn,
        "descriptions": {column.name: column.description for column in task.features}
        | {derived.name: derived.description for derived in task.derived},
        "formulas": {derived.name: derived.formula for derived in task.derived},
        "fewest_shown": FEWEST_SHOWN,
        "min_positives": MIN_POSITIVES,
        "min_rows": MIN_ROWS,
    }


def environment(written: Callable[[Any], str], *, autoescape: bool) -> Environment:
    """Where templates are found and what they may call; a fact that is missing is an error."""
    environment = Environment(
        loader=PackageLoader("training.card"),
        autoescape=autoescape,  # noqa: S701  off for Markdown, whose texts are escaped by `written`
        undefined=MissingFact,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "written": written,
        "flat": flat,
        "lines": lambda text: "\n".join(filter(None, map(str.strip, text.splitlines()))),
        "base64": lambda text: base64.b64encode(text.encode()).decode(),
        "name": lambda name: str(name).replace("_", " "),
        "shown": format,
        "share": share,
        "figure": figure,
        "between": between,
        "interval_of": interval_of,
        "promised": told_promise,
        "record": told_record,
        "gain_told": gain_told,
        "helped_told": helped_told,
    }
    return environment


def interval_of(group: Mapping[str, Any], key: str) -> tuple[float | None, float | None]:
    """The interval of one figure of a protected group, as the version keeps it."""
    return group.get(f"{key}_low"), group.get(f"{key}_high")
