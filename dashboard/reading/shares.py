"""A share with its interval, in words and as the reach of a chart's error bar."""

from __future__ import annotations

from dashboard.texts import Texts
from model.figures import Share


def share_told(share: Share, texts: Texts) -> str:
    """A share with its interval, without one where it is not known; empty where there is no share.

    >>> from dashboard.texts import Language
    >>> english = Texts(Language.EN, {})
    >>> share_told(Share(0.8, 0.7, 0.9), english), share_told(Share(0.8), english)
    ('80% (70% - 90%)', '80%')
    >>> share_told(Share(), english)
    ''
    """
    if share.value is None:
        return ""
    told = texts.share(share.value)
    if share.low is None or share.high is None:
        return told
    return f"{told} ({texts.share(share.low)} - {texts.share(share.high)})"


def reach(low: float | None, high: float | None) -> float:
    """From one to the other; nothing where one of them is not known."""
    return 0.0 if low is None or high is None else high - low
