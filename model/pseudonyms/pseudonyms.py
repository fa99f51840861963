"""A student's id as the registry may know it: an HMAC that nobody turns back without the key.

The same id has the same pseudonym in every task and period, so labels join, an erasure reaches
every task of a register, and a file that is read again changes nothing. Who holds the key can make
the pseudonym of an id, and so find out by trying whose a pseudonym is; who has the registry alone
cannot.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field

MARK = "ps_"
"""Begins every pseudonym."""

NAME_BYTES = 12
"""96 bits: among a million students two share a pseudonym with a chance of 1 in 10^17."""

PROOF_BYTES = 3
"""Of the key's own mark on what it made, so that no foreign text passes for a pseudonym."""

LENGTH = len(MARK) + (NAME_BYTES + PROOF_BYTES) * 8 // 5
SHORTEST_SECRET = 32


def looks_like_one(text: str) -> bool:
    """Whether a text has the form of a pseudonym, of whatever key.

    >>> looks_like_one("ps_" + "a2" * 12), looks_like_one("ps_7"), looks_like_one("RA-1")
    (True, False, False)
    """
    rest = text.removeprefix(MARK)
    return len(text) == LENGTH and rest != text and set(rest) <= _LETTERS


_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz234567")


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Makes the pseudonyms of one key.

    Attributes:
        secret: kept apart from the registry, its backups and the signing key.
    """

    secret: bytes = field(repr=False)

    def of(self, key: str) -> str:
        """The pseudonym of what `preprocessing.student_ids` makes of an id; of a pseudonym, itself.

        A list shows pseudonyms, and whoever reads it goes on with what is written there.

        >>> known = Pseudonyms(b"k" * 32)
        >>> one = known.of("RA-1")
        >>> one == known.of(one) == known.of(f"escola a:{one}"), one == known.of("RA-2")
        (True, False)
        """
        last = key.rpartition(":")[2]
        if self.made(last):
            return last
        return MARK + self._written(self._digest(b"student ", key)[:NAME_BYTES])

    def made(self, text: str) -> bool:
        """Whether a text is a pseudonym of this key: others of the form are hashed like any id.

        >>> Pseudonyms(b"k" * 32).made(Pseudonyms(b"other" * 8).of("RA-1"))
        False
        """
        if not looks_like_one(text):
            return False
        name = base64.b32decode(text.removeprefix(MARK).upper())[:NAME_BYTES]
        return hmac.compare_digest(text.removeprefix(MARK), self._written(name))

    @property
    def fingerprint(self) -> str:
        """What a registry keeps to recognise the key."""
        return self._digest(b"fingerprint ", "farol pseudonyms").hex()

    def _written(self, name: bytes) -> str:
        proof = hmac.digest(self.secret, b"made " + name, "sha256")[:PROOF_BYTES]
        return base64.b32encode(name + proof).decode().lower()

    def _digest(self, purpose: bytes, text: str) -> bytes:
        return hmac.digest(self.secret, purpose + text.encode(), "sha256")


def known_as(key: str, pseudonyms: Pseudonyms | None) -> str:
    """What the registry and the audit trail know a student by, whose id or key somebody typed.

    Args:
        key: the id, with its unit where each school numbers its own, or a pseudonym.
        pseudonyms: of the installation; None where ids are kept as they are.

    >>> known_as("RA-1", None)
    'RA-1'
    """
    return key if pseudonyms is None else pseudonyms.of(key)
