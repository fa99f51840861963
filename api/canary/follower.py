"""Follows the registry's canary onto this host's disk, and guards it.

The worker that leads (`api.refresher`) does so for all processes of the host. What the guard of one
host stops is stopped in the registry, which stops it on every other; while the registry is away the
host's own refusal holds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

from api.background import Turns
from api.canary.guard import GuardLimits, look_number, objection
from api.canary.tallies import CanaryTallies
from api.refresher import publish_signed
from api.registry import Registry
from database.aliases import CHAMPION, AliasRepository
from database.driver.commands import Op
from database.watch.canaries import CanaryRepository
from model.errors import BundleError, CorruptArtifact, NotFound
from model.live.folder import LiveModel
from model.live.pointer import LivePointer, Quarantine
from model.watch.canary import Canary, CanaryState

POLL_SECONDS = 0.5
GUARD = "guard"
"""Who stops a canary, where no person does."""

_log = logging.getLogger(__name__)


class CanaryMove(StrEnum):
    """What this host does next."""

    NOTHING = "nothing"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"
    STOP = "stop"
    END = "end"


@dataclass(frozen=True, slots=True)
class AskedCanary:
    """What the registry says: the canary that is on, and who serves."""

    canary: Canary | None
    champion: str | None


def next_move(
    asked: AskedCanary, live: LivePointer | None, refused: Quarantine | None
) -> CanaryMove:
    """What this host does next.

    Args:
        asked: what the registry says.
        live: what the challenger's pointer says; None where it names nobody.
        refused: the challenger that was refused here last.
    """
    canary = asked.canary
    if canary is None:
        return CanaryMove.NOTHING if live is None else CanaryMove.WITHDRAW
    if canary.champion != asked.champion:
        return CanaryMove.END
    this = (canary.version, canary.revision)
    if refused is not None and (refused.version, refused.revision) == this:
        return CanaryMove.STOP
    if live is not None and (live.version, live.revision) == this:
        return CanaryMove.NOTHING
    return CanaryMove.PUBLISH


class CanaryFollower:
    """One of these runs in each worker; that of the leading worker works.

    Args:
        live: the challenger's pointer.
        registry: the task's.
        check: trusts an unpacked bundle or raises BundleError.
        signing_key: the installation's.
        tallies: what the host's workers have counted.
        limits: what the guard allows.
        leads: whether this worker leads.
        now: the clock, aware UTC.

    Attributes:
        turns: what became of its polls.
    """

    def __init__(
        self,
        live: LiveModel,
        registry: Registry,
        check: Callable[[Path], object],
        signing_key: bytes,
        tallies: CanaryTallies,
        limits: GuardLimits,
        *,
        leads: Callable[[], bool],
        now: Callable[[], datetime],
    ) -> None:
        self._live = live
        self._registry = registry
        self._check = check
        self._key = signing_key
        self._tallies = tallies
        self._limits = limits
        self._leads = leads
        self._now = now
        self.turns = Turns("the canary is followed no further")

    async def follow(self) -> None:
        """Guards and polls while leading, until cancelled."""
        while True:
            if self._leads():
                with self.turns.turn():
                    await asyncio.to_thread(self.guard)
                    await self.poll()
            await asyncio.sleep(POLL_SECONDS)

    def guard(self) -> None:
        """Stops the canary on this host where what it answered objects.

        Raises:
            OSError: this host's files cannot be written.
        """
        pointer = self._live.readable()
        if pointer is None:
            return
        counts = self._tallies.of_host(pointer)
        number = look_number(counts.challenger.records)
        if number <= self._tallies.looks(pointer):
            return
        if told := objection(counts, self._limits, number):
            self._live.stop(pointer.version, told, pointer.revision)
            _log.error("%s: its canary is stopped: %s", pointer.version, told)
        else:
            self._tallies.note_look(pointer, number)

    async def poll(self) -> None:
        """Brings this host to what the registry says, and tells it what was stopped here.

        Raises:
            RegistryError: to be tried again at the next poll.
            OSError: this host's files cannot be written.
        """
        asked = await self._registry.run(asked_canary())
        refused = self._live.quarantined()
        move = next_move(asked, self._live.readable(), refused)
        if move is CanaryMove.WITHDRAW:
            await asyncio.to_thread(self._live.withdraw)
        if asked.canary is None:
            return
        if move is CanaryMove.PUBLISH:
            await self._publish(asked.canary)
        elif move is CanaryMove.STOP and refused is not None:
            await self._finish(asked.canary, CanaryState.STOPPED, refused.reason)
        elif move is CanaryMove.END:
            reason = f"{asked.champion or 'nobody'} serves now"
            await self._finish(asked.canary, CanaryState.ENDED, reason)

    async def _finish(self, canary: Canary, state: CanaryState, reason: str) -> None:
        done = replace(canary, state=state, at=self._now(), actor=GUARD, reason=reason)
        await self._registry.run(CanaryRepository().finish(done))

    async def _publish(self, canary: Canary) -> None:
        publish = partial(
            self._live.publish,
            revision=canary.revision,
            share=canary.share,
            against=canary.champion,
            check=self._check,
        )
        try:
            await publish_signed(self._registry, canary.version, self._key, publish)
        except (BundleError, CorruptArtifact, NotFound) as error:
            _log.error("%s is quarantined as a challenger: %s", canary.version, error)
            await asyncio.to_thread(
                self._live.quarantine, canary.version, str(error), canary.revision
            )


def asked_canary() -> Op[AskedCanary]:
    """What the registry says of the canary.

    Raises:
        RegistryError: it refuses, or does not answer.
    """
    canary = yield from CanaryRepository().current()
    if canary is None:
        return AskedCanary(None, None)
    champion = yield from AliasRepository().find(CHAMPION)
    return AskedCanary(canary, champion.version if champion else None)
