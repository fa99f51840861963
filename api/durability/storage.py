"""Whether this host can still keep what it acknowledges."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from api.durability.outbox import Outbox
from api.durability.prediction_log import PredictionLog
from database.embedded.outgrown import EmbeddedSize, size_of

MEGABYTE = 2**20
LITTLE = 256 * MEGABYTE
"""Free space of `FAROL_HOME` from which on somebody should look: hours of a busy outbox."""

NOTHING = MEGABYTE
"""With less, a commit may or may not fit; not to promise anything is right."""

TRY_SECONDS = 5.0
"""How often a byte is written: a disk that went read-only has as much free space as before."""


class Storage:
    """The disk below one worker's outbox, and what became of the last record.

    Args:
        home: the folder whose disk counts.
        embedded: the registry's files are on that disk too.
        tried: a file of this worker's own below it, which a byte is written to.
        monotonic: seconds that only grow.

    Attributes:
        registry: how large the embedded registry is; None where the registry is elsewhere.
    """

    def __init__(
        self,
        home: Path,
        outbox: Outbox,
        log: PredictionLog,
        *,
        embedded: bool,
        tried: Path,
        monotonic: Callable[[], float],
    ) -> None:
        self._home = home
        self._outbox = outbox
        self._log = log
        self._embedded = embedded
        self.free = shutil.disk_usage(home).free
        self._tried = tried
        self._monotonic = monotonic
        self._tried_at = monotonic()
        self._broken: str | None = None
        self.registry: EmbeddedSize | None = size_of(home) if embedded else None

    @property
    def fault(self) -> str | None:
        """Why the outbox takes no record now; None where it does."""
        if self._outbox.fault is not None:
            return self._outbox.fault
        return "the disk is full" if self.free < NOTHING else self._broken

    @property
    def low(self) -> bool:
        """Whether little space is left."""
        return self.free < LITTLE

    @property
    def closed(self) -> bool:
        """Whether no record can be kept anywhere, so that no prediction can be answered.

        A registry elsewhere takes records while this host's disk is full.
        """
        return self.fault is not None and (self._embedded or self._log.refusing)

    def look(self) -> None:
        """Measures, and tries what did not take the last record, and now and then what did."""
        self.free = shutil.disk_usage(self._home).free
        if self._outbox.fault is not None and self.free >= NOTHING:
            self._outbox.probe()
        if self._broken is not None or self._monotonic() - self._tried_at >= TRY_SECONDS:
            self._try()

    def _try(self) -> None:
        self._tried_at = self._monotonic()
        if self._embedded:
            self.registry = size_of(self._home)
        try:
            self._tried.write_bytes(b"\0")
        except OSError as error:
            self._broken = error.strerror or type(error).__name__
        else:
            self._broken = None

    def told(self) -> str:
        """The state in words; empty where nothing is wrong."""
        free = f"{self.free // MEGABYTE} MB are free in FAROL_HOME"
        if self.fault is not None:
            return f"records cannot be kept: {self.fault}; {free}"
        return f"only {free}" if self.low else ""
