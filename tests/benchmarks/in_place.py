"""What each part of a request costs where it is: what the whole costs less without it.

A stage that is called by itself, again and again, finds its code and its data in the processor's
caches; between the others it does not. So each part is replaced in turn by what it gave first, and
the whole is measured with and without it, in alternation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from statistics import median
from typing import Any
from unittest.mock import patch

from api import scoring
from api.durability.carrier import Carrier
from api.durability.outbox import Outbox
from api.payload import RecordReader
from api.predicting.direct import DirectPredict
from preprocessing.predictor import Predictor
from tests.benchmarks.callers import calling

TOGETHER = 2
"""In flight: what each of four workers has of eight connections."""

WARM = 50
CALLS = 1_000
ROUNDS = 9

WHOLE, SHIP, ALL = "whole", "ship", "all of these"

Without = Callable[[], AbstractContextManager[object]]


async def in_place(app: Any, raw: Sequence[bytes]) -> dict[str, float]:
    """Part to the µs of processor time that a request costs less without it."""
    measured: dict[str, Without] = {WHOLE: nullcontext, SHIP: _nothing_shipped}
    measured |= {name: _beside(_nothing_shipped, without) for name, without in PARTS.items()}
    measured[ALL] = _beside(_nothing_shipped, *PARTS.values())
    costs: dict[str, list[float]] = {name: [] for name in measured}
    with calling(app, raw, TOGETHER) as callers:
        await callers.micros(CALLS)
        for _ in range(ROUNDS):
            for name, without in measured.items():
                with without():
                    await callers.micros(WARM)
                    costs[name].append(await callers.micros(CALLS))
    found = {name: median(cost) for name, cost in costs.items()}
    less = {name: found[SHIP] - found[name] for name in PARTS}
    return {**less, SHIP: found[WHOLE] - found[SHIP], ALL: found[WHOLE] - found[ALL]}


def _first(owner: type | Any, name: str) -> Without:
    """A function that gives again what it gave first."""

    def without() -> AbstractContextManager[object]:
        really = getattr(owner, name)
        kept: list[Any] = []

        def again(*given: Any, **named: Any) -> Any:
            if not kept:
                kept.append(really(*given, **named))
            return kept[0]

        return patch.object(owner, name, again)

    return without


def _beside(*withouts: Without) -> Without:
    def without() -> AbstractContextManager[object]:
        stack = ExitStack()
        for one in withouts:
            stack.enter_context(one())
        return stack

    return without


def _nothing_kept() -> AbstractContextManager[object]:
    return patch.object(Outbox, "put", lambda _self, _records: None)


def _nothing_shipped() -> AbstractContextManager[object]:
    async def refused(*_: Any, **__: Any) -> bool:
        return False

    return patch.object(Carrier, "carry", refused)


PARTS: Mapping[str, Without] = {
    "validate": _first(RecordReader, "one"),
    "encode, score, assess": _first(Predictor, "assess_one"),
    "record": _first(scoring, "_prediction"),
    "log: write and commit": _nothing_kept,
    "serialise, count": _first(DirectPredict, "_document"),
}
"""How a part is left out. An outbox that keeps nothing has nothing to ship, so shipping rests
whenever any of them is."""
