"""Which API keys count: those that this installation signed and nobody has revoked.

Whoever can write to the registry can insert a key of their own, widen the scopes of another one,
or put a revoked one back. A seal by the installation's key, which is not in the registry, makes
the first two nothing; for the third a revocation is a document of its own, sealed too, and every
host remembers those it has seen (`model.trust.key_file`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Protocol, TypeVar

from model.access import ApiKey, Revocation
from model.trust.key_file import KeyNotes
from model.trust.signature import Fields, check, seal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Sealed(Protocol):
    """A record with a seal: a frozen dataclass of texts, numbers, times, and sets of texts."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def signature(self) -> str:
        """The seal; "" is none."""


S = TypeVar("S", bound=Sealed)
UNSEALED = frozenset({"signature", "revoked_at"})
"""The seal itself, and what is told by a document of its own."""


@dataclass(frozen=True, slots=True)
class KeysInForce:
    """What the registry's documents amount to.

    Attributes:
        keys: those that count; `expires_at` is when they end, whichever of the key and of another
            one in its place says it first.
        revoked: ids of revoked keys, this host's memory included.
        foreign: ids of keys that this installation has not signed; they are nothing.
        expired: those that counted until they ended, and that nobody revoked before.
        ends: ids of keys in whose place another was made, and until when they count.
    """

    keys: tuple[ApiKey, ...]
    revoked: frozenset[str]
    foreign: tuple[str, ...]
    expired: tuple[ApiKey, ...] = ()
    ends: Mapping[str, datetime] = field(default_factory=dict)


def digest_of(secret: str) -> str:
    """What is stored of a key's secret.

    >>> len(digest_of("farol_secret"))
    64
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def sealed(record: S, installation: bytes) -> S:
    """The record with its seal."""
    return replace(record, signature=seal(*_content(record), installation))


def is_genuine(record: Sealed, installation: bytes) -> bool:
    """Whether this installation sealed the record as it is.

    >>> key = ApiKey("k1", "school", "d" * 64, frozenset(), EPOCH)
    >>> is_genuine(key, b"ours"), is_genuine(sealed(key, b"ours"), b"ours")
    (False, True)
    >>> is_genuine(replace(sealed(key, b"ours"), name="other"), b"ours")
    False
    """
    try:
        return check(*_content(record), record.signature, installation)
    except (TypeError, AttributeError):
        return False  # A field of another type than the record's: nothing that we wrote.


def in_force(
    keys: Iterable[ApiKey],
    revocations: Iterable[Revocation],
    notes: KeyNotes,
    installation: bytes,
    now: datetime,
) -> KeysInForce:
    """Sorts out what counts.

    Args:
        keys: every key document.
        revocations: every revocation document; one that is not genuine is nothing.
        notes: what this host remembers.
        installation: the installation's key.
        now: aware UTC.
    """
    told = {one.key_id: one.at for one in revocations if is_genuine(one, installation)}
    ends = _sooner(notes.ends, {key_id: at for key_id, at in told.items() if at > now})
    revoked = frozenset(key_id for key_id, at in told.items() if at <= now) | notes.revoked
    genuine: list[ApiKey] = []
    expired: list[ApiKey] = []
    foreign: list[str] = []
    for key in keys:
        if not is_genuine(key, installation):
            foreign.append(key.key_id)
        elif key.revoked_at is None and key.key_id not in revoked:
            until = min(filter(None, (key.expires_at, ends.get(key.key_id))), default=None)
            over = until is not None and until <= now
            (expired if over else genuine).append(replace(key, expires_at=until))
    return KeysInForce(tuple(genuine), revoked, tuple(foreign), tuple(expired), ends)


def _sooner(one: Mapping[str, datetime], other: Mapping[str, datetime]) -> dict[str, datetime]:
    """Every end; where both tell one, the sooner."""
    both = {**one, **other}
    return {key_id: min(at, one.get(key_id, at)) for key_id, at in both.items()}


def _content(record: Sealed) -> tuple[str, Fields]:
    """Purpose and fields; without fields at their default, so that a seal outlives new ones."""
    values = {
        f.name: _plain(getattr(record, f.name))
        for f in fields(record)
        if f.name not in UNSEALED and (f.default is MISSING or getattr(record, f.name) != f.default)
    }
    return type(record).__name__, values


def _plain(value: Any) -> str | int:
    """Times as the registry keeps them, to the millisecond; sets in an order."""
    if isinstance(value, datetime):
        return (value - EPOCH) // timedelta(milliseconds=1)
    if isinstance(value, frozenset):
        return "\n".join(sorted(value))
    if isinstance(value, tuple):
        return "\n".join(value)
    if isinstance(value, str | int):
        return value
    raise TypeError(f"{type(value).__name__} cannot be sealed")
