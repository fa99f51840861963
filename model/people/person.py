"""A person: who it is, what may be done, and how the person is recognised."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass, field
from datetime import datetime

from model.access import Scope
from model.errors import ConfigurationError
from model.trust.key_seal import is_genuine

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,99}")


@dataclass(frozen=True, slots=True)
class Person:
    """One person, sealed by the installation as API keys are.

    Whatever changes what a person may do, or the password, makes another *edition*, and the former
    one is revoked like a key (`model.access.Revocation`): a document that is put back as it was is
    nothing.

    Attributes:
        name: what the person signs in with; `folded_name` of what is typed.
        full_name: as others read it.
        units: the schools whose students the person sees; all, where none is named.
        tasks: the tasks the person is for; all, where none is named.
        password_hash: Argon2id; "" while the person has none.
        invitation: SHA-256 of the code with which a password may be set; "" is none.
        invited_until: until when that code counts.
        disabled_at: since when the person is shut out.
        email: who signs in as this address through the organisation's log-in is this person.
        language: `pt` or `en`; "" is told by the browser.
        signature: seal of the installation over all of it (`model.trust.key_seal`).
    """

    person_id: str
    edition: str
    name: str
    full_name: str
    scopes: frozenset[Scope]
    created_at: datetime
    units: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    password_hash: str = field(default="", repr=False)
    invitation: str = field(default="", repr=False)
    invited_until: datetime | None = None
    disabled_at: datetime | None = None
    email: str = ""
    language: str = ""
    signature: str = field(default="", repr=False)

    def counts(self, revoked: Set[str], installation: bytes) -> bool:
        """Whether this is a person of this installation, as it is now, who is not shut out.

        Args:
            revoked: ids of keys and editions that are revoked.
            installation: the installation's key.
        """
        return (
            is_genuine(self, installation)
            and self.disabled_at is None
            and self.edition not in revoked
        )


def folded_name(typed: str) -> str:
    """A name, or an e-mail address, as it is compared.

    >>> folded_name(" Maria@Escola.org ")
    'maria@escola.org'
    """
    return typed.strip().casefold()


def checked_name(typed: str) -> str:
    """The name of a new person.

    Raises:
        ConfigurationError: it is none; says what would be.
    """
    name = folded_name(typed)
    if not NAME.fullmatch(name):
        raise ConfigurationError(
            f"--name {typed!r}: give 2 to 100 letters without accents, digits or . _ @ + -, "
            "an e-mail address for example"
        )
    return name
