"""Which of the registry's keys a worker believes, and what its host remembers of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import datetime
from functools import partial

from api.registry import Registry
from database.api_keys import ApiKeyRepository, is_ours
from database.mapping.documents import milliseconds
from database.trail.trail import TrailRepository
from model.access import ApiKey
from model.audit.entry import LONGEST_DETAIL, ActorKind, Entry
from model.trust.key_file import KeyFile, KeyNotes
from model.trust.tombstone import TombstoneKey

REMEDY = (
    "the API keys of this registry are signed by another installation. Run this on a host of that "
    "installation, or set FAROL_SIGNING_KEY to the content of its signing.key. If that key is "
    "lost, sign the keys that are yours anew: python -m api.keys adopt KEY_ID..."
)

_log = logging.getLogger(__name__)


class KeyTrust:
    """Reads keys and believes those that the installation signed.

    Args:
        file: this host's notes.
        installation: the installation's key.
        data_key: seals the audit trail.
        served_before: whether there was a champion on this host's disk when the worker started.
            If the host has no notes yet, it served before keys were signed.
        now: the clock, aware UTC.
    """

    def __init__(
        self,
        file: KeyFile,
        installation: bytes,
        data_key: TombstoneKey,
        *,
        served_before: bool,
        now: Callable[[], datetime],
    ) -> None:
        self._file = file
        self._installation = installation
        self._data_key = data_key
        self._served_before = served_before
        self._now = now
        self._told: tuple[str, ...] = ()

    async def keys(self, registry: Registry) -> Sequence[ApiKey]:
        """The keys that count, and those that did until `expires_at`.

        Raises:
            RegistryError: they cannot be read.
            ConfigurationError: this host's notes cannot be read.
        """
        notes = await self.establish(registry)
        found = await registry.run(
            ApiKeyRepository().those_in_force(notes, self._installation, self._now())
        )
        if found.revoked - notes.revoked or found.ends != notes.ends:
            await self._note(revoked=found.revoked, ends=found.ends)
        self._tell(found.foreign)
        return (*found.keys, *found.expired)

    async def establish(self, registry: Registry) -> KeyNotes:
        """Sees to it that keys of before are adopted once or never, and gives the host's notes.

        Raises:
            RegistryError: it does not answer.
            ConfigurationError: this host's notes cannot be read.
        """
        notes = await asyncio.to_thread(self._file.read)
        if notes.adopted:
            return notes
        if not self._served_before:
            # Noted before the registry is asked: a new host never vouches for a key.
            notes = await self._note(adopted=True)
        now = milliseconds(self._now())
        done = await registry.run(
            ApiKeyRepository().establish(now, self._installation, trusted=self._served_before)
        )
        if not is_ours(done, self._installation):
            _log.error("%s", REMEDY)
        elif done is not None and done.at == now and done.key_ids:
            ids = ", ".join(done.key_ids)
            entry = Entry(
                now, "", "installation", ActorKind.WORKER, "adopt", "api_keys", ids[:LONGEST_DETAIL]
            )
            await registry.run(TrailRepository().tell([entry], self._data_key, now=now))
            _log.warning("API keys of an earlier release are signed now: %s", ids)
        return await self._note(adopted=True)

    async def _note(
        self,
        *,
        adopted: bool = False,
        revoked: Set[str] = frozenset(),
        ends: Mapping[str, datetime] | None = None,
    ) -> KeyNotes:
        add = partial(self._file.add, adopted=adopted, revoked=revoked, ends=ends)
        try:
            return await asyncio.to_thread(add)
        except OSError as error:
            _log.error("cannot keep what is known of API keys in FAROL_HOME: %s", error.strerror)
            return KeyNotes(adopted, frozenset(revoked), ends or {})

    def _tell(self, foreign: tuple[str, ...]) -> None:
        if foreign and foreign != self._told:
            _log.warning(
                "API keys that this installation has not signed are ignored: %s. Those that are "
                "yours can be signed: python -m api.keys adopt KEY_ID...",
                ", ".join(foreign),
            )
        self._told = foreign
