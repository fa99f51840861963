"""Who guesses at passwords, and has to wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from database.driver.commands import Op
from database.mapping.documents import milliseconds
from database.repository import Repository
from model.people.guessing import AT_HOME, FORGOTTEN, Guesses

NONE = timedelta(0)


class GuessRepository(Repository[Guesses]):
    """Failures to sign in, by name and by address, until they are forgotten."""

    collection = "sign_in_guesses"
    indexes = ([("at", -1)],)  # count_one forgets old ones
    record = Guesses
    key = "guessed"
    missing = "guesses at {}"

    def count_one(self, guessed: str, free: int, now: datetime) -> Op[timedelta]:
        """Counts a guess before it is looked at, so that guesses at the same time all count.

        Args:
            guessed: the name or address, as an HMAC.
            free: failures without a wait.
            now: aware UTC.

        Returns:
            How long to wait; nothing was counted then. Zero: it may be looked at.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        now = milliseconds(now)
        yield from self._delete({"at": {"$lt": now - FORGOTTEN}, "home": False})
        yield from self._delete({"at": {"$lt": now - AT_HOME}})
        while True:
            known = (yield from self.find(guessed)) or Guesses(guessed, 0, now)
            wait = known.wait(now, free)
            if wait > NONE or (yield from self._next(known, known.another(now))):
                return wait

    def take_back(self, guessed: str) -> Op[None]:
        """Takes the guess back that was none.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        while True:
            known = yield from self.find(guessed)
            if known is None or (yield from self._next(known, known.one_less())):
                return

    def at_home(self, guessed: str, now: datetime) -> Op[None]:
        """Keeps that somebody of a name signed in from an address, and forgets failures there.

        Args:
            guessed: name and address, as an HMAC.
            now: aware UTC.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        while True:
            known = (yield from self.find(guessed)) or Guesses(guessed, 0, now)
            then = replace(known, failures=0, at=milliseconds(now), home=True)
            if (yield from self._next(known, then)):
                return

    def forget(self, guessed: str) -> Op[None]:
        """Forgets every failure there.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        yield from self._delete({"_id": guessed})

    def _next(self, known: Guesses, then: Guesses) -> Op[bool]:
        return (yield from self._swap(self._document(then), read=known.revision))
