"""The state of each champion's drift alarms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from database.driver.commands import Op
from database.repository import Repository
from model.errors import NotFound
from model.watch.alarm import WatchState, acknowledge


class AlarmRepository(Repository[WatchState]):
    """One state per champion that was ever checked, in the place of the one before."""

    collection = "drift_alarms"
    record = WatchState
    key = "model_version"
    missing = "drift alarms of {}"
    indexes = ([("at", -1)],)  # current

    def current(self) -> Op[WatchState | None]:
        """The state of the newest check, or None before the first.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        found = yield from self.newest(1)
        return found[0] if found else None

    def advance(
        self, version: str, change: Callable[[WatchState | None], WatchState]
    ) -> Op[WatchState]:
        """Puts a champion's changed state in the place of the one it was made from.

        Args:
            version: the champion.
            change: pure; called again where somebody else was faster.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        while True:
            before = yield from self.find(version)
            read = before.revision if before else 0
            after = replace(change(before), revision=read + 1)
            if (yield from self._swap(self._document(after), read=read)):
                return after

    def acknowledge(self, feature: str, *, by: str, reason: str, now: datetime) -> Op[WatchState]:
        """Records that somebody knows of an alarm of the newest check.

        Args:
            feature: whose alarm it is.
            by: name of the key.
            reason: what is known about it.
            now: aware UTC.

        Raises:
            NotFound: nothing was checked yet, or no feature of that name was ever compared.
            Conflict: the feature is not in alarm, or its alarm is acknowledged already.
            RegistryError: the registry refuses, or does not answer.
        """
        current = yield from self.current()
        if current is None:
            raise NotFound("no drift check was made yet, so there is no alarm")

        def known(state: WatchState | None) -> WatchState:
            return acknowledge(state or current, feature, by=by, reason=reason, now=now)

        return (yield from self.advance(current.model_version, known))
