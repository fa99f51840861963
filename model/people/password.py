"""Passwords: which may be chosen, and how one is recognised without being kept."""

from __future__ import annotations

import unicodedata
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from model.errors import InvalidRecord

SHORTEST = 12
LONGEST = 200
FEWEST_CHARACTERS = 5

_ONE_AT_A_TIME = Lock()
"""Whoever opens a hundred sign-in pages must not take a hundred times the memory."""


class Passwords:
    """Argon2id with the parameters of RFC 9106 for little memory: 64 MiB, some 50 ms.

    A process works on one at a time.

    Args:
        hasher: another one, of tests.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()

    def hashed(self, password: str) -> str:
        """What is kept of a password, with a salt of its own."""
        with _ONE_AT_A_TIME:
            return self._hasher.hash(_normal(password))

    def fits(self, password: str, kept: str) -> bool:
        """Whether that is the password; it takes as long where none is kept.

        Args:
            password: as it was typed.
            kept: what `hashed` gave; "" where there is nobody, or nothing to compare with.
        """
        if not kept:
            self.hashed(password)
            return False
        try:
            with _ONE_AT_A_TIME:
                return self._hasher.verify(kept, _normal(password))
        except (VerificationError, InvalidHashError):
            return False


def check_password(password: object, name: str) -> str:
    """A password that may be chosen.

    Length is what makes one hard to guess; nobody is asked for signs of some kind (NIST SP
    800-63B).

    Args:
        password: as it was sent.
        name: of whom; it must not be in it.

    Raises:
        InvalidRecord: it may not; says what would.

    >>> check_password("a lighthouse at sea", "maria@escola.org")
    'a lighthouse at sea'
    >>> check_password("maria-maria-maria", "maria@escola.org")
    Traceback (most recent call last):
    model.errors.InvalidRecord: password: must not hold the name
    """
    if not isinstance(password, str) or not SHORTEST <= len(password) <= LONGEST:
        raise InvalidRecord("password", f"must be {SHORTEST} to {LONGEST} characters")
    if len(set(password)) < FEWEST_CHARACTERS:
        raise InvalidRecord("password", f"must have {FEWEST_CHARACTERS} different characters")
    own = name.split("@")[0]
    if len(own) > 2 and own in password.casefold():
        raise InvalidRecord("password", "must not hold the name")
    return password


def _normal(password: str) -> str:
    """The same password from any keyboard, `é` in one character or in two."""
    return unicodedata.normalize("NFKC", password)
