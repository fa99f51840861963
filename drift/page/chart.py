"""The bars of one column as a drawing: two rows of bars that share one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 640.0, 150.0, 4.0
GAP = 0.18
"""Part of a band that is left free at its right."""


@dataclass(frozen=True, slots=True)
class BandShape:
    """One band of the chart, in its own units.

    Attributes:
        middle: where its label is centred.
        then: left, top, width and height of the bar before.
        now: the same of the bar now.
    """

    middle: float
    then: tuple[float, float, float, float]
    now: tuple[float, float, float, float]


def shapes(then: Sequence[float], now: Sequence[float]) -> list[BandShape]:
    """The bars of bands side by side, as high as the largest of them lets them be.

    >>> [band.now for band in shapes([1.0, 0.0], [0.5, 0.5])]
    [(135.2, 77.0, 131.2, 73.0), (455.2, 77.0, 131.2, 73.0)]
    """
    count = max(len(then), len(now))
    before = [*then] or [0.0] * count
    after = [*now] or [0.0] * count
    highest = max([*before, *after], default=0.0) or 1.0
    band = WIDTH / max(count, 1)
    bar = band * (1 - GAP) / 2

    def drawn(share: float, left: float) -> tuple[float, float, float, float]:
        height = round((HEIGHT - MARGIN) * share / highest, 1)
        return round(left, 1), round(HEIGHT - height, 1), round(bar, 1), height

    return [
        BandShape(
            round(band * place + bar, 1),
            drawn(before[place], band * place + MARGIN),
            drawn(after[place], band * place + MARGIN + bar),
        )
        for place in range(count)
    ]
