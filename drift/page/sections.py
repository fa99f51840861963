"""What the page says of each column and of the whole, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from drift.contract import LEAST_VALUES
from drift.naming.at_risk_now import AT_RISK_NOW, NO, YES
from drift.page.chart import BandShape, shapes
from drift.page.language import PageLanguage
from model.drift import DriftReport
from model.profile import SCORE
from model.watch.picture import DriftPicture, FeaturePicture

ASIDE = re.compile(r"\s*\([^()]*\)$")
"""What a description says in parentheses at its end."""

MOST_NAMED = 10

MOST_MOVES = 3
"""Categories told of one by one: those whose share has moved most."""

LEAST_MOVE = 0.01
LONGEST_LABEL = 60


@dataclass(frozen=True, slots=True)
class Band:
    """One band of a chart in words and as a drawing."""

    label: str
    short: str
    shape: BandShape
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class FeatureSection:
    """One column of the page.

    Attributes:
        anchor: its place in the page.
        name: what it is, with its canonical name.
        about: the rest of its description.
        sentences: what can be told of it.
        bands: of its chart, empty without one.
    """

    anchor: str
    name: str
    about: str
    sentences: tuple[str, ...]
    bands: tuple[Band, ...]


def sections(
    report: DriftReport, picture: DriftPicture | None, say: PageLanguage
) -> tuple[list[FeatureSection], list[FeatureSection], list[FeatureSection]]:
    """The columns that drifted, strongest first, those that did not, and those not compared."""
    drawn = {one.feature: one for one in picture.features} if picture else {}
    order = list(dict.fromkeys([*(row.feature for row in report.by_strength), *drawn]))
    tested = {row.feature for row in report.features}
    told = _named_sentences(report, names_of(picture, say), say)
    made = {
        name: _section(f"f{place}", name, drawn.get(name), told.get(name, ()), say)
        for place, name in enumerate(order)
    }
    drifted = list(dict.fromkeys(row.feature for row in report.by_strength if row.drifted))
    return (
        [made[name] for name in drifted],
        [made[name] for name in order if name in tested and name not in drifted],
        [made[name] for name in order if name not in tested],
    )


def named(feature: str, about: str) -> str:
    """What a column is called: the first sentence of its description and its own name.

    >>> named("ipv", "Turning-point indicator. More is better."), named("fase", "")
    ('Turning-point indicator (ipv)', 'fase')
    """
    first = _first(about)
    return f"{first} ({feature})" if first else feature


def names_of(picture: DriftPicture | None, say: PageLanguage) -> Mapping[str, str]:
    """Column to what it is called."""
    columns = picture.features if picture else ()
    return {one.feature: _named(one, say) for one in columns}


def _named_sentences(
    report: DriftReport, names: Mapping[str, str], say: PageLanguage
) -> Mapping[str, Sequence[str]]:
    """Column to what the report names of it: values that came or went, and where it is missing."""
    told: dict[str, list[str]] = {}
    if report.named is None:
        return told
    for one in report.named.values:
        for key, values in (("of.appeared", one.new), ("of.vanished", one.vanished)):
            if values:
                shown = _listed(tuple(value.value for value in values[:MOST_NAMED]), say)
                told.setdefault(one.feature, []).append(say(key, names=shown))
    for where in report.named.missing:
        by = names.get(where.by, where.by)
        shown = _listed(where.values[:MOST_NAMED], say)
        sentence = say("of.missing_where", by=by, names=shown, share=say.of_hundred(where.share))
        told.setdefault(where.feature, []).append(sentence)
    return told


def _section(
    anchor: str,
    feature: str,
    column: FeaturePicture | None,
    told: Sequence[str],
    say: PageLanguage,
) -> FeatureSection:
    if column is None:
        return FeatureSection(anchor, feature, "", tuple(told), ())
    about = _about(column, say)
    rest = about.removeprefix(_first(about)).strip(" ;:.")
    return FeatureSection(
        anchor=anchor,
        name=_named(column, say),
        about=f"{rest[0].upper()}{rest[1:]}." if rest else "",
        sentences=(*sentences_of(column, say), *told),
        bands=tuple(_bands(column, say)),
    )


def _about(column: FeaturePicture, say: PageLanguage) -> str:
    return column.description_pt if say.code == "pt" else column.description


def _first(about: str) -> str:
    sentence = about.split(". ")[0].split("; ")[0].rstrip(". ")
    return ASIDE.sub("", sentence) or sentence


def _named(column: FeaturePicture, say: PageLanguage) -> str:
    about = _about(column, say)
    if column.feature in {SCORE, AT_RISK_NOW}:
        return _first(about)
    return named(column.feature, about)


def sentences_of(column: FeaturePicture, say: PageLanguage) -> Iterator[str]:
    """How a column was before and is now, in words."""
    if min(column.known_then, column.known_now) < LEAST_VALUES:
        yield say("of.few", then=say.count(column.known_then), now=say.count(column.known_now))
    elif column.quartiles_then and column.quartiles_now:
        then, now = column.quartiles_then, column.quartiles_now
        yield say(
            "of.numbers",
            then=say.rounded(then[1]),
            now=say.rounded(now[1]),
            low_then=say.rounded(then[0]),
            high_then=say.rounded(then[2]),
            low_now=say.rounded(now[0]),
            high_now=say.rounded(now[2]),
        )
    yield from _moves(column, say)
    if max(column.missing_then, column.missing_now) > 0:
        yield say(
            "of.missing",
            then=say.of_hundred(column.missing_then),
            now=say.of_hundred(column.missing_now),
        )


def _moves(column: FeaturePicture, say: PageLanguage) -> Iterator[str]:
    """The categories whose shares have moved most, and by a point or more.

    Of a number the values are told, where its middle does not tell that anything has moved.
    """
    named = _told_values(column, say)
    shares = zip(named, column.then, column.now, strict=False)
    moved = sorted(shares, key=lambda one: (-abs(one[2] - one[1]), one[0]))
    for name, then, now in moved[:MOST_MOVES]:
        if abs(now - then) >= LEAST_MOVE:
            yield say(
                "of.category",
                name=_short(name),
                then=say.of_hundred(then),
                now=say.of_hundred(now),
            )


def _told_values(column: FeaturePicture, say: PageLanguage) -> Sequence[str]:
    if column.values and column.quartiles_then[1:2] != column.quartiles_now[1:2]:
        return ()
    return () if column.edges else _names(column, say)


def _listed(names: tuple[str, ...], say: PageLanguage) -> str:
    return say.listed(tuple(map(_short, names)))


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def _bands(column: FeaturePicture, say: PageLanguage) -> Iterator[Band]:
    if not column.then and not column.now:
        return
    drawn = shapes(column.then, column.now)
    for place, (label, short) in enumerate(labels_of(column, say)):
        yield Band(
            label=label,
            short=short,
            shape=drawn[place],
            then=say.of_hundred(column.then[place]) if column.then else "–",
            now=say.of_hundred(column.now[place]) if column.now else "–",
        )


def labels_of(column: FeaturePicture, say: PageLanguage) -> Iterator[tuple[str, str]]:
    """What each band is called in full, and as briefly as a chart needs it."""
    if column.edges:
        first, *_ = edges = [say.number(edge) for edge in column.edges]
        yield say("upto", edge=first), f"≤ {first}"
        for low, high in pairwise(edges):
            yield say("between", low=low, high=high), f"{low}–{high}"
        yield say("above", edge=edges[-1]), f"> {edges[-1]}"
        return
    for name in _names(column, say):
        yield name, name if len(name) <= _room(column) else f"{name[: _room(column) - 1]}…"


def _names(column: FeaturePicture, say: PageLanguage) -> Sequence[str]:
    if column.values:
        return [say.number(value) for value in column.values]
    if column.feature == AT_RISK_NOW:
        both = {YES: say("yes"), NO: say("no")}
        return [both.get(label, label) for label in column.labels]
    return [*map(_short, column.labels), *([say("others")] if column.others else [])]


def _room(column: FeaturePicture) -> int:
    """Characters that fit below a band."""
    bands = max(len(column.then), len(column.now), 1)
    return max(3, 90 // bands)
