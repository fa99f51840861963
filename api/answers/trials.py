"""What is answered about versions that are tried beside the champion."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from typing_extensions import TypedDict

from api.answers.filled import Count, Share
from model.watch.canary import CanaryState
from model.watch.shadow_figures import ShadowFigures


class CanaryFields(TypedDict):
    """The canary of a version, as it was begun last.

    Attributes:
        champion: who answers all others.
        share: of the students.
        actor: who began it, or who stopped or ended it; `guard` for the guard of a host.
    """

    version: str
    champion: str
    share: Share
    state: CanaryState
    since: datetime
    at: datetime
    actor: str
    reason: str


class CanaryAnswer(CanaryFields):
    """A canary was begun or ended.

    Attributes:
        model_version: the champion.
    """

    model_version: str


class ShadowEntry(TypedDict):
    """What a challenger would have answered beside a champion.

    Attributes:
        fault: why it cannot be tried at all; empty where it can.
        waits: whether a promotion waits for it.
        needed_days: how long that waits at least.
        needed_predictions: for how many predictions that waits at least.
        answered: predictions that it answered itself, as a canary.
    """

    version: str
    champion: str
    since: datetime
    at: datetime
    fault: str
    waits: bool
    needed_days: Count
    needed_predictions: Count
    answered: Count
    figures: ShadowFigures


class TrialsAnswer(TypedDict):
    """Versions that are or were tried, newest first.

    Attributes:
        model_version: the champion; null where nobody serves.
        canary: the one that was begun last; its state tells whether it answers.
    """

    model_version: str | None
    canary: CanaryFields | None
    shadows: Sequence[ShadowEntry]
