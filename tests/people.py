"""People for tests, with passwords that cost nothing to compare."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher

from database.people.invitations import code_of, invited
from model.access import Scope
from model.people.password import Passwords
from model.people.person import Person
from model.trust.key_seal import sealed

MADE = datetime(2026, 3, 1, tzinfo=UTC)
QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
PASSWORD = "a lighthouse at sea"


def person(name: str = "maria", *scopes: Scope, password: str = PASSWORD, **more: Any) -> Person:
    """A person who can sign in, not signed yet."""
    fields: dict[str, Any] = {
        "person_id": f"p-{name}",
        "edition": f"e-{name}",
        "name": name,
        "full_name": f"{name.capitalize()} Silva",
        "scopes": frozenset(scopes or (Scope.READ,)),
        "created_at": MADE,
        "password_hash": QUICK.hashed(password) if password else "",
    }
    return Person(**(fields | more))


def guest(name: str, key: bytes, now: datetime) -> tuple[Person, str]:
    """A person who was invited and signed by that key, and the code."""
    code = code_of(f"p-{name}", "secret-of-the-link")
    found = invited(person(name, password=""), code, now, timedelta(days=7))
    return sealed(replace(found, edition=f"e-{name}"), key), code
