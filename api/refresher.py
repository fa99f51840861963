"""Follows the registry's champion alias onto this host's disk.

Every worker tries for the file lock; whoever holds it polls the registry for all processes of the
host and publishes what the alias names. When that worker dies the kernel frees the lock and
another one takes over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from filelock import FileLock, Timeout

from api.background import Turns
from api.champion import ChampionHolder
from api.registry import Registry
from database.aliases import CHAMPION, AliasRepository
from database.artifacts import ArtifactRepository
from database.driver.commands import Op
from database.versions import ModelVersionRepository
from model.errors import BundleError, CorruptArtifact, NotFound
from model.live.folder import LiveModel
from model.live.pointer import LivePointer, Quarantine
from model.trust.statement import Statement
from model.version import Alias, ModelVersion

POLL_SECONDS = 0.5

_log = logging.getLogger(__name__)


class Refresher:
    """One of these runs in each worker; one of them leads.

    Args:
        prepared: what the registry needs before versions of it are trusted; run once.

    Attributes:
        leads: whether this worker holds the lock.
        turns: what became of its polls.
    """

    def __init__(
        self,
        live: LiveModel,
        registry: Registry,
        holder: ChampionHolder,
        signing_key: bytes,
        prepared: Callable[[], Op[None]],
    ) -> None:
        self.leads = False
        self.turns = Turns("the champion is followed no further")
        self._live = live
        self._registry = registry
        self._holder = holder
        self._key = signing_key
        self._prepared = prepared
        self._is_prepared = False
        self._healed: set[tuple[str, int]] = set()

    def is_leading(self) -> bool:
        """The same for who asks again and again."""
        return self.leads

    def verify(self, version: ModelVersion) -> None:
        """Accepts a version that this installation signed, or raises.

        Raises:
            BundleError: its document is not as it was signed.
        """
        version.verify(self._key)

    async def follow(self) -> None:
        """Polls while leading, until cancelled."""
        self._live.prepare()
        lock = self._live.refresher_lock()
        try:
            while True:
                self.leads = lock.is_locked or _try(lock)
                if self.leads:
                    with self.turns.turn():
                        await self._prepared_poll()
                await asyncio.sleep(POLL_SECONDS)
        finally:
            lock.release(force=True)

    async def _prepared_poll(self) -> None:
        if not self._is_prepared:
            await self._registry.run(self._prepared())
            self._is_prepared = True
            self._try_again()
        await self.poll()

    async def poll(self) -> None:
        """Publishes what the alias names, unless it is live or quarantined already.

        Raises:
            RegistryUnavailable: to be tried again at the next poll.
        """
        alias = await self._registry.run(AliasRepository().find(CHAMPION))
        if alias is None or not self._wanted(alias):
            return
        try:
            await self._publish(alias)
        except (BundleError, CorruptArtifact, NotFound) as error:
            self._live.quarantine(alias.version, str(error), alias.revision)
            _log.error("%s is quarantined: %s", alias.version, error)

    def _try_again(self) -> None:
        """A start gives a version that was never published here another chance.

        It may have been refused for its signature before the key was restored.
        """
        refused, live = self._live.quarantined(), self._live.readable()
        if refused and (live is None or live.version != refused.version):
            self._live.forgive()

    def _wanted(self, alias: Alias) -> bool:
        """Whether the alias names something that is to be fetched or pointed to."""
        refused = self._live.quarantined()
        if refused and (refused.version, refused.revision) == (alias.version, alias.revision):
            return self._may_heal(refused)
        live = self._live.readable()
        if live is None or not live.task:
            return True  # A pointer without a task is one of before, signed in the former form.
        return (live.version, live.revision) != (alias.version, alias.revision)

    def _may_heal(self, refused: Quarantine) -> bool:
        """Once a revision, a folder that went bad after it was published is fetched anew."""
        key = (refused.version, refused.revision)
        live = self._live.readable()
        if live is None or live.version != refused.version or key in self._healed:
            return False
        self._healed.add(key)
        return True

    async def _publish(self, alias: Alias) -> None:
        publish = partial(
            self._live.publish,
            revision=alias.revision,
            provisional=alias.provisional,
            check=self._holder.check,
        )
        await publish_signed(self._registry, alias.version, self._key, publish)


async def publish_signed(
    registry: Registry,
    name: str,
    key: bytes,
    publish: Callable[[Statement, str, bytes], LivePointer],
) -> None:
    """Brings a version that the installation signed from the registry to this host.

    Args:
        registry: the task's.
        name: the version's.
        key: the installation's.
        publish: takes its statement, signature and archive; runs in a thread.

    Raises:
        RegistryError: the registry does not answer, or has no such version or archive.
        BundleError: it is not as this installation signed it, or what `publish` raises.
    """
    version = await registry.run(ModelVersionRepository().get(name))
    version.verify(key)
    archive = await registry.run(ArtifactRepository().get(version.artifact))
    pointer = await asyncio.to_thread(publish, version.statement, version.signature, archive)
    _log.info("%s: published %s, revision %d", pointer.task, pointer.version, pointer.revision)


def _try(lock: FileLock) -> bool:
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True
