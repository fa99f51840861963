"""Whether this host can still keep what it acknowledges."""

from __future__ import annotations

import shutil
from pathlib import Path

from api.durability.outbox import Outbox
from api.durability.prediction_log import PredictionLog

MEGABYTE = 2**20
LITTLE = 256 * MEGABYTE
"""Free space of `FAROL_HOME` from which on somebody should look: hours of a busy outbox."""

NOTHING = MEGABYTE
"""With less, a commit may or may not fit; not to promise anything is right."""


class Storage:
    """The disk below one worker's outbox, and what became of the last record.

    Args:
        home: the folder whose disk counts.
        embedded: the registry's files are on that disk too.
    """

    def __init__(self, home: Path, outbox: Outbox, log: PredictionLog, *, embedded: bool) -> None:
        self._home = home
        self._outbox = outbox
        self._log = log
        self._embedded = embedded
        self.free = shutil.disk_usage(home).free

    @property
    def fault(self) -> str | None:
        """Why the outbox takes no record now; None where it does."""
        if self._outbox.fault is not None:
            return self._outbox.fault
        return "the disk is full" if self.free < NOTHING else None

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
        """Measures, and tries the outbox again where it did not take the last record."""
        self.free = shutil.disk_usage(self._home).free
        if self._outbox.fault is not None and self.free >= NOTHING:
            self._outbox.probe()

    def told(self) -> str:
        """The state in words; empty where nothing is wrong."""
        free = f"{self.free // MEGABYTE} MB are free in FAROL_HOME"
        if self.fault is not None:
            return f"records cannot be kept: {self.fault}; {free}"
        return f"only {free}" if self.low else ""
