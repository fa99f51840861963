"""What stays of an erased student: a keyed hash that recognises the id and does not tell it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from model.anonymous import anonymous


@dataclass(frozen=True, slots=True)
class TombstoneKey:
    """The installation's data key, as far as tombstones need it.

    Attributes:
        secret: belongs to the data and travels with every backup of it.
    """

    secret: bytes = field(repr=False)

    def of(self, subject: str) -> str:
        """The tombstone of a student's id: HMAC-SHA256, hex.

        >>> TombstoneKey(b"k").of("RA-1") == TombstoneKey(b"k").of("RA-1")
        True
        >>> TombstoneKey(b"k").of("RA-1") == TombstoneKey(b"other").of("RA-1")
        False
        """
        return hmac.digest(self.secret, subject.encode(), "sha256").hex()

    def of_prediction(self, prediction_id: str) -> str:
        """The tombstone of a prediction's id, so that no late label names it."""
        return self.of(anonymous(prediction_id))

    def of_record(self, student_id: str, period: str) -> str:
        """What a list of training records has in the place of a record: 32 hex digits.

        No student's id holds the separator, so this is no tombstone of anybody.

        >>> key = TombstoneKey(b"k")
        >>> key.of_record("RA-1", "2022") == key.of_record("RA-1", "2023")
        False
        """
        return self.of(f"\x1f{student_id}\x1f{period}")[:32]

    @property
    def fingerprint(self) -> str:
        """What a registry keeps to recognise the key."""
        return self.of("farol data key")
