"""Gathers what a worker tells the trail, and seals it in batches beside the requests."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from api.registry import Registry
from database.trail.trail import TrailRepository
from model.audit.anchors import EVERY, Anchor, AnchorFile
from model.audit.block import Block
from model.audit.entry import Entry
from model.audit.spool import Spool, read_batch
from model.errors import ConfigurationError, Overloaded, RegistryError
from model.people.looked import AGAIN
from model.trust.tombstone import TombstoneKey

GATHER_SECONDS = 0.25
"""Entries that come within it are sealed together."""

AGAIN_SECONDS = 2.0
"""Between two looks for what dead processes left, and after a failure."""

MOST_WAITING = 10_000
"""Entries kept in memory while the disk takes none; then nothing more is answered."""

MOST_LOOKS = 10_000
"""Looks that this worker remembers; forgetting them writes a line more."""

_log = logging.getLogger(__name__)


class TrailWriter:
    """The trail as a worker writes it; one for all its tasks.

    Args:
        root: the root registry.
        home: `FAROL_HOME`.
        key: the installation's data key.
        now: the clock, aware UTC.
    """

    def __init__(
        self, root: Registry, home: Path, key: TombstoneKey, now: Callable[[], datetime]
    ) -> None:
        self.key = key
        self.now = now
        self._root = root
        self._spool = Spool(home)
        self._unspooled: list[Entry] = []
        self._told = asyncio.Event()
        self._anchors = AnchorFile(home)
        self._ends: dict[str, Block] = {}
        self._anchored_at = now()
        self._looked: dict[tuple[str, ...], datetime] = {}
        self._said = ""

    def add(self, entry: Entry) -> None:
        """Takes an entry, without waiting for the registry.

        Raises:
            Overloaded: the disk takes no entry, and too many wait in memory.
        """
        try:
            self._spool.append(entry)
        except (OSError, ConfigurationError) as error:
            if len(self._unspooled) >= MOST_WAITING:
                raise Overloaded("the audit trail cannot be written at the moment") from error
            if not self._unspooled:
                _log.error(
                    "the audit trail waits in memory, this host's disk takes none: %s", error
                )
            self._unspooled.append(entry)
        self._told.set()

    def remembers(self, look: tuple[str, ...]) -> bool:
        """Whether that was looked at within the hour."""
        before = self._looked.get(look)
        return before is not None and self.now() - before < AGAIN

    def remember(self, look: tuple[str, ...]) -> None:
        """Keeps in this worker's memory that something was looked at now."""
        if len(self._looked) >= MOST_LOOKS:
            self._looked.clear()
        self._looked[look] = self.now()

    async def follow(self) -> None:
        """Seals what was told, until cancelled."""
        while True:
            try:
                await self.flush()
                if self.now() - self._anchored_at >= EVERY:
                    await self.anchor()
                self._said = ""
            except (RegistryError, ConfigurationError, OSError) as error:
                if str(error) != self._said:  # It comes every few seconds: said once.
                    _log.warning("the audit trail is not sealed, or not anchored: %s", error)
                self._said = str(error)
                await asyncio.sleep(AGAIN_SECONDS)
            try:
                await asyncio.wait_for(self._told.wait(), AGAIN_SECONDS)
                await asyncio.sleep(GATHER_SECONDS)
            except TimeoutError:
                continue

    async def flush(self) -> None:
        """Seals all that waits on this host.

        Raises:
            RegistryError: the registry refuses, or does not answer; what waits goes on waiting.
            OSError: the disk cannot be read.
        """
        self._told.clear()
        # First, for a disk that takes nothing may not let go of what is on it either.
        while self._unspooled:
            waiting = tuple(self._unspooled)
            await self._seal(waiting, "")
            del self._unspooled[: len(waiting)]
        # While a batch waits in vain, what is told meanwhile gathers in one file behind it.
        await self._seal_batches()
        self._spool.cut()
        await self._seal_batches()

    async def anchor(self) -> None:
        """Writes down on this host where the chains ended that this worker appended to.

        Raises:
            OSError: the disk takes it not.
            ConfigurationError: what is there cannot be read.
        """
        now, ends = self.now(), dict(self._ends)
        anchors = [Anchor(now, task, one.number, one.seal) for task, one in ends.items()]
        await asyncio.to_thread(self._anchors.add, anchors)
        self._anchored_at = now
        self._ends = {task: one for task, one in self._ends.items() if ends.get(task) is not one}

    async def close(self) -> None:
        """Seals and writes down what is left, as far as registry and disk let it."""
        try:
            await self.flush()
            await self.anchor()
        except (RegistryError, ConfigurationError, OSError) as error:
            _log.warning("the audit trail waits on this host: %s", error)

    async def _seal_batches(self) -> None:
        for path in await asyncio.to_thread(self._spool.batches):
            entries = await asyncio.to_thread(read_batch, path)
            await self._seal(entries, path.stem)
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def _seal(self, entries: Sequence[Entry], batch: str) -> None:
        op = TrailRepository().tell(entries, self.key, now=self.now(), batch=batch)
        self._ends |= {one.task: one for one in await self._root.run(op)}
