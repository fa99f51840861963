"""What is answered about what the help did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from typing_extensions import TypedDict

from api.answers.filled import Count
from model.helping.effect import CutEffect, LotteryEffect, PowerTable


class EffectsAnswer(TypedDict):
    """Whether the help helps; differences are above zero where it does, shares in [-1, 1].

    Attributes:
        at: when it was measured; null before anything was.
        lists: published lists that were looked at.
        periods: of them, oldest first.
        lottery: what a place brought where places were drawn by lot: all together first, then by
            lane. `silent` says why nothing is said.
        cut: what standing just within the cut brought where nobody drew lots.
        power: how many children are needed until an effect can be seen.
    """

    at: datetime | None
    lists: Count
    periods: Sequence[str]
    lottery: Sequence[LotteryEffect]
    cut: CutEffect | None
    power: PowerTable | None
