"""Who may do what, and what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What an API key may be used for; `ACT` is to say what was done for a student."""

    PREDICT = "predict"
    LABEL = "label"
    READ = "read"
    ACT = "act"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key; only the SHA-256 of its secret is ever stored.

    Attributes:
        tasks: the tasks it is for, by name; all, where none is named.
        units: the schools it is for; all, where none is named.
        expires_at: from when on it opens nothing; None: it ends when somebody revokes it.
        replaces: the id of the key in whose place it was made; "" is none.
        signature: seal of the installation over all that does not change (`model.trust.key_seal`).
    """

    key_id: str
    name: str
    digest: str
    scopes: frozenset[Scope]
    created_at: datetime
    revoked_at: datetime | None = None
    signature: str = ""
    tasks: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    expires_at: datetime | None = None
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """When a key was used last, to the minute; kept apart from the key, which never changes."""

    key_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Revocation:
    """That a key is no longer to be used; it stands though the key's document is put back.

    Attributes:
        at: since when; in the future, the key is used until then: another one took its place.
    """

    key_id: str
    at: datetime
    signature: str = ""


@dataclass(frozen=True, slots=True)
class KeyAdoption:
    """That an installation began to sign keys, and which ones of before it signed then."""

    subject: str
    at: datetime
    key_ids: tuple[str, ...]
    signature: str = ""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One thing that somebody did, without personal data in it."""

    event_id: str
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str = ""
