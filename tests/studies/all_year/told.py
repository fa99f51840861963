"""The tables of the study: warnings of a year, and losses against the batch champion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.figures import wilson
from tests.studies.all_year.school import CHANGE, FIRST_YEAR, LAST_YEAR
from tests.studies.all_year.serving import BATCH, SERVED, STAYS
from tests.studies.all_year.warning import FirstWarning

Line = Mapping[str, Any]
Floats = NDArray[np.float64]

Z = 1.959964
REFERENCE = f"{BATCH}, {STAYS}"
PARTS: Mapping[str, tuple[str, str]] = {
    "until the change": (f"{FIRST_YEAR}-99", f"{CHANGE:%Y-%m}"),
    "month of the change": (f"{CHANGE:%Y-%m}", f"{LAST_YEAR}-08"),
    "the four months after": (f"{LAST_YEAR}-08", f"{LAST_YEAR}-99"),
}
"""Parts of the second year, by their first period and the one that ends them."""


def tables(lines: Sequence[Line]) -> Iterator[str]:
    """Both tables in Markdown, line by line."""
    yield "| who serves | change | years | warned | days | outcomes | *since* is off by |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    for name in SERVED:
        yield from _warned(name, lines)
    yield ""
    yield f"| who serves | change | {' | '.join(PARTS)} | CPU seconds of a fit |"
    yield f"|---|---|{'--:|' * len(PARTS)}--:|"
    for share in _shares(lines):
        for name in SERVED:
            yield from _losses(name, share, lines)


def _shares(lines: Sequence[Line]) -> list[str]:
    return sorted({share for line in lines for share in line["loss"][REFERENCE]}, key=float)


def _warned(name: str, lines: Sequence[Line]) -> Iterator[str]:
    """How many years of each kind were warned of, and how soon."""
    for share in _shares(lines):
        found = [
            line["warned"][name][share]
            for line in lines
            if share in line["warned"].get(name, {}) and not (float(share) and _early(name, line))
        ]
        if not found:
            continue
        first = [FirstWarning(**one) for one in found if one is not None]
        cells = [f"{len(found)}", _share(len(first), len(found))]
        if first and float(share):
            for values in ("late", "outcomes", "off"):
                cells.append(_quartiles([getattr(one, values) for one in first]))
        else:
            cells += ["", "", ""]
        yield f"| {name} | {_change(share)} | {' | '.join(cells)} |"


def _early(name: str, line: Line) -> bool:
    """Whether it was warned of before the change; the quiet twin is the same until then."""
    found = line["warned"][name]["0.0"]
    return found is not None and FirstWarning(**found).late < 0


def _losses(name: str, share: str, lines: Sequence[Line]) -> Iterator[str]:
    """Brier scores of the batch champion, and what another one has above it, paired by school."""
    cells = []
    for first, end in PARTS.values():
        pairs = [
            tuple(_mean(line["loss"][one][share], first, end) for one in (REFERENCE, name))
            for line in lines
            if share in line["loss"].get(name, {})
        ]
        if not pairs:
            return
        batch, own = np.array(pairs).T
        cells.append(_interval(own, sign=False) if name == REFERENCE else _interval(own - batch))
    yield f"| {name} | {_change(share)} | {' | '.join(cells)} | {_seconds(name, lines)} |"


def _seconds(name: str, lines: Sequence[Line]) -> str:
    """The mean of those that were measured, of who learns in the year."""
    found = [line["seconds"][name] for line in lines if line.get("seconds", {}).get(name)]
    return f"{np.mean(found):.2f}" if found else ""


def _mean(by_period: Mapping[str, float], first: str, end: str) -> float:
    return float(np.mean([loss for period, loss in by_period.items() if first <= period < end]))


def _change(share: str) -> str:
    return {0.0: "none", 1.0: "whole"}.get(float(share), f"{float(share):g}")


def _share(part: int, whole: int) -> str:
    """A share with its 95 % interval.

    >>> _share(2, 200)
    '1.0 % (0.3–3.6)'
    """
    low, high = (100 * bound for bound in wilson(part, whole))
    return f"{100 * part / whole:.1f} % ({low:.1f}–{high:.1f})"


def _quartiles(values: Sequence[int]) -> str:
    """The median, and the middle half.

    >>> _quartiles([1, 2, 3, 4, 5])
    '3 (2–4)'
    """
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return f"{middle:.0f} ({low:.0f}–{high:.0f})"


def _interval(values: Floats, *, sign: bool = True) -> str:
    """The mean with its 95 % interval.

    >>> _interval(np.array([0.01, 0.02, 0.03]))
    '+0.0200 ± 0.0113'
    """
    mean, half = values.mean(), Z * values.std(ddof=1) / np.sqrt(len(values))
    return f"{mean:{'+' if sign else ''}.4f} ± {half:.4f}"
