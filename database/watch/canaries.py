"""Challengers that answer a share of the requests."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from database.driver.commands import Op
from database.repository import Repository
from model.errors import Conflict
from model.watch.canary import Canary, CanaryState


class CanaryRepository(Repository[Canary]):
    """Canaries by version, each as it was begun last; the one that was begun last counts."""

    collection = "canaries"
    indexes = ([("since", -1)],)  # newest
    record = Canary
    key = "version"
    order = (("since", -1), ("_id", 1))
    missing = "canary of {}"

    def current(self) -> Op[Canary | None]:
        """The canary that answers; None where none does.

        Raises:
            RegistryError: it cannot be read.
        """
        newest = yield from self.newest(1)
        return newest[0] if newest and newest[0].state is CanaryState.ON else None

    def begin(self, canary: Canary) -> Op[Canary]:
        """Lets a version answer; one that answers already is ended by it.

        Args:
            canary: state `on`.

        Returns:
            The canary as it is stored.

        Raises:
            Conflict: somebody else has begun or stopped the same version's canary meanwhile.
            ValueError: it is not on.
        """
        if canary.state is not CanaryState.ON:
            raise ValueError("only a canary that is on is begun")
        former = yield from self.current()
        if former is not None and former.version != canary.version:
            reason = f"the canary of {canary.version} was begun in its place"
            yield from self.end(
                actor=canary.actor, reason=reason, now=canary.at, version=former.version
            )
        known = yield from self.find(canary.version)
        begun = replace(canary, revision=known.revision if known else 0)
        if not (yield from self._swap(self._document(begun), read=begun.revision)):
            raise Conflict(f"the canary of {canary.version} was changed in the meantime")
        return (yield from self.get(canary.version))

    def finish(self, done: Canary) -> Op[bool]:
        """Records that a canary answers no longer.

        Args:
            done: stopped or ended, at the revision at which it answered.

        Returns:
            False where somebody else has changed it meanwhile.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        return (yield from self._swap(self._document(done), read=done.revision))

    def end(self, *, actor: str, reason: str, now: datetime, version: str = "") -> Op[str]:
        """Ends the canary that answers; one that answers no longer stays as it is.

        Args:
            actor: who ends it.
            reason: why.
            now: aware UTC.
            version: only this one's; empty for whichever it is.

        Returns:
            Whose canary was ended; empty where none was.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        while True:
            canary = yield from self.current()
            if canary is None or version not in ("", canary.version):
                return ""
            done = replace(canary, state=CanaryState.ENDED, at=now, actor=actor, reason=reason)
            if (yield from self.finish(done)):
                return canary.version
