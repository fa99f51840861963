"""A challenger that answers a share of the requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CanaryState(StrEnum):
    """Whether a canary answers.

    `STOPPED`: by the guard of a host, for a reason of the challenger's. `ENDED`: by a person, or
    because its time was over.
    """

    ON = "on"
    STOPPED = "stopped"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Canary:
    """The canary of a version, as it was begun last.

    Attributes:
        version: the challenger that answers.
        champion: who answers all others; while another one serves, the challenger answers nobody.
        share: of the students, by a hash of their ids.
        state: whether it answers.
        since: when it was begun (aware UTC).
        at: when it was changed last.
        actor: who began it, or who stopped or ended it.
        reason: why.
        revision: of the document; 0 where nothing is stored yet.
    """

    version: str
    champion: str
    share: float
    state: CanaryState
    since: datetime
    at: datetime
    actor: str
    reason: str
    revision: int = 0
