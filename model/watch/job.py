"""The jobs of the retraining worker: when each is due, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

HOST = "@"
"""Between a job's name and the host, of a job that each host has for itself."""


@dataclass(frozen=True, slots=True)
class JobState:
    """A job of one task. Times are aware UTC.

    Attributes:
        name: of the duty (`retraining.worker.duties`); a job that each host has for itself is named
            `<duty>@<host>`.
        holder: the worker that began it last; empty before.
        next_at: when it is due next, by its schedule or to be tried again.
        started_at: when it was begun last.
        finished_at: when that ended; None while it is under way, or where the worker died over it.
        result: what was done when it last succeeded, in a sentence; empty before.
        ok: how it ended last; None before it ever has.
        failures: in a row; 0 once it succeeds.
        detail: why it failed, or what it waits for; empty otherwise. No personal data.
        since: fire times of its schedule after this moment are to be served.
        tries: failed tries since its time came.
        retry_at: when it is tried again; None where its schedule decides alone.
        revision: of the document; 0 where nothing is stored yet.
    """

    name: str
    holder: str = ""
    next_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    result: str = ""
    ok: bool | None = None
    failures: int = 0
    detail: str = ""
    since: datetime | None = None
    tries: int = 0
    retry_at: datetime | None = None
    revision: int = 0

    @property
    def running(self) -> bool:
        """Whether it was begun and has not ended, as far as anybody has said."""
        return self.started_at is not None and self.finished_at is None

    @property
    def duty(self) -> str:
        """The duty's name, without the host."""
        return self.name.split(HOST)[0]
