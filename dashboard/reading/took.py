"""How long something took that has a begin and an end."""

from __future__ import annotations

from datetime import datetime

from dashboard.texts import Texts


def took(begun: datetime | None, ended: datetime | None, texts: Texts) -> str:
    """The time between; empty while one of them is not known, nothing where two clocks disagree.

    >>> from dashboard.texts import Language
    >>> took(datetime(2026, 1, 1, 6), datetime(2026, 1, 1, 6, 2), Texts(Language.PT, {}))
    '2 min'
    >>> took(datetime(2026, 1, 1, 6), None, Texts(Language.PT, {}))
    ''
    >>> took(datetime(2026, 1, 1, 6, 2), datetime(2026, 1, 1, 6), Texts(Language.PT, {}))
    '0 s'
    """
    if begun is None or ended is None:
        return ""
    return texts.duration(max(0.0, (ended - begun).total_seconds()))
