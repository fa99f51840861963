"""On whom a version's figures were measured, in the reader's language."""

from __future__ import annotations

import re

from dashboard.texts import Texts

STORED = re.compile(
    r"(?P<rows>\d+) labelled records of (?P<periods>[^,]+(?:, [^,]+)*), (?P<how>.+)"
)
HOW = {
    "out of fold": "measured.out_of_fold",
    "later than its training": "measured.later",
    "students held out": "measured.held_out",
    "calibrated out of fold": "measured.recalibrated",
}
HELD_OUT = {"later than its training", "students held out"}
"""Of such records a version was judged on and has not learned from."""


def held_out_periods(stored: str) -> frozenset[str]:
    """The periods of the records that a version was judged on and that it did not learn from.

    >>> sorted(held_out_periods("710 labelled records of 2022, 2023, later than its training"))
    ['2022', '2023']
    >>> held_out_periods("765 labelled records of 2023, out of fold")
    frozenset()
    """
    found = STORED.fullmatch(stored)
    if found is None or found["how"] not in HELD_OUT:
        return frozenset()
    return frozenset(found["periods"].split(", "))


def measured_on(stored: str, texts: Texts) -> str:
    """The registry's English words in the reader's language; unknown words stay as they are.

    >>> from dashboard.texts import Language, load_texts
    >>> measured_on("765 labelled records of 2022, 2023, out of fold", load_texts(Language.PT))
    '765 registros com desfecho de 2022, 2023, por validação cruzada'
    >>> measured_on("made up", load_texts(Language.PT))
    'made up'
    """
    found = STORED.fullmatch(stored)
    if found is None or found["how"] not in HOW:
        return stored
    how = texts(HOW[found["how"]])
    return texts("measured.on", rows=found["rows"], periods=found["periods"], how=how)
