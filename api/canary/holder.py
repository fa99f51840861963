"""The canary of this worker: none, unless this host's second pointer names a version."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from api.background import Turns
from api.canary.arm import CanaryArm
from api.canary.tallies import CanaryTallies
from api.champion import WATCH_SECONDS, Champion
from model.errors import BundleError
from model.live.folder import LiveModel
from model.live.pointer import LivePointer

_log = logging.getLogger(__name__)


class CanaryHolder:
    """Follows the challenger's pointer as the champion's is followed, and harms that one never.

    Args:
        live: the challenger's pointer.
        load: reads, verifies and self-tests a version.
        tallies: where this worker's counts are left.

    Attributes:
        arm: who answers a share of the requests; None, as it is nearly always, without a canary.
        turns: what became of its looks at the pointer.
    """

    def __init__(
        self,
        live: LiveModel,
        load: Callable[[LivePointer], Champion],
        tallies: CanaryTallies,
    ) -> None:
        self.arm: CanaryArm | None = None
        self.turns = Turns("the canary's files cannot be kept")
        self._live = live
        self._load = load
        self._tallies = tallies
        self._stamp: tuple[int, int] | None = None
        self._told = 0

    async def watch(self) -> None:
        """Follows the pointer until cancelled."""
        while True:
            with self.turns.turn():
                await self.refresh()
            await asyncio.sleep(WATCH_SECONDS)

    async def refresh(self) -> None:
        """Takes up, goes on with, or drops the challenger, as pointer and arm say.

        Raises:
            OSError: this host's files cannot be written.
        """
        stamp = self._live.stamp()
        if stamp != self._stamp:
            await self._follow(stamp)
        if self.arm is not None:
            await asyncio.to_thread(self._tell, self.arm)

    async def _follow(self, stamp: tuple[int, int] | None) -> None:
        self._stamp = stamp
        self.arm = None
        try:
            pointer = self._live.current()
            if pointer is not None:
                self.arm = await asyncio.to_thread(self._loaded, pointer)
                _log.info("%s answers %.0f %%", pointer.version, pointer.share * 100)
        except BundleError as error:
            _log.error("the challenger does not answer: %s", error)
            await asyncio.to_thread(self._refuse, stamp, str(error))
        except OSError:
            self._stamp = None  # No word about the challenger: the next turn tries again.
            raise

    def _loaded(self, pointer: LivePointer) -> CanaryArm:
        counts = self._tallies.own(pointer)
        arm = CanaryArm(self._load(pointer), counts)
        self._told = _records(arm)
        return arm

    def _tell(self, arm: CanaryArm) -> None:
        """Leaves what was counted, and stops the canary of a challenger that failed.

        While counts cannot be left no guard sees what the challenger answers, so it answers nobody.
        """
        pointer = arm.challenger.pointer
        if arm.failed:
            self._live.stop(pointer.version, arm.failed, pointer.revision)
        elif (records := _records(arm)) != self._told:
            try:
                self._tallies.tell(pointer, arm.counts)
            except OSError:
                arm.paused = True
                raise
            arm.paused = False
            self._told = records

    def _refuse(self, stamp: tuple[int, int] | None, reason: str) -> None:
        try:
            pointer = self._live.current()
        except BundleError:
            self._live.withdraw()  # Unreadable: it is published anew, if it still is to be.
            return
        if pointer is not None and self._live.stamp() == stamp:
            self._live.stop(pointer.version, reason, pointer.revision)


def _records(arm: CanaryArm) -> int:
    return arm.counts.champion.records + arm.counts.challenger.records
