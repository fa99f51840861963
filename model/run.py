"""One retraining run, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from model.decisions.looks import Look


class RunStatus(StrEnum):
    """How far a run came."""

    QUEUED = "queued"
    RUNNING = "running"
    PROMOTED = "promoted"
    KEPT = "kept"
    STAGED = "staged"
    """The challenger waits for a person to approve it."""

    SHADOW = "shadow"
    """The challenger is tried beside the champion first."""

    DECIDED = "decided"
    """A dry run that came to its end; the champion is as it was."""

    NOT_ENOUGH_DATA = "not_enough_data"
    FAILED = "failed"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class RunStep:
    """One finished step of a run."""

    name: str
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A retraining run.

    Attributes:
        run_id: its id, also the id of its promotion.
        requested_by: `schedule`, `cli`, a trigger's name, or the API client's name.
        token: the fencing token of the lease it holds; None while queued.
        error: what went wrong, without personal data.
        look: what its look at the labels cost of the period's error budget, and how much is spent;
            None without a champion, and before it was decided.
    """

    run_id: str
    status: RunStatus
    requested_by: str
    requested_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    token: int | None = None
    steps: tuple[RunStep, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    challenger: str | None = None
    champion: str | None = None
    reasons: tuple[str, ...] = ()
    error: str | None = None
    look: Look | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write a result until `expires_at`; `token` only ever grows.

    Attributes:
        detail: why its holder does not use it, though nobody else holds it; empty while it is held.
    """

    name: str
    holder: str
    token: int
    expires_at: datetime
    detail: str = ""
