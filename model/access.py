"""Who may do what, and what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What an API key may be used for."""

    PREDICT = "predict"
    LABEL = "label"
    READ = "read"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key; only the SHA-256 of its secret is ever stored."""

    key_id: str
    name: str
    digest: str
    scopes: frozenset[Scope]
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One thing that somebody did, without personal data in it."""

    event_id: str
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str = ""
