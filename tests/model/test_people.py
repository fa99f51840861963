"""Passwords, sessions and seals of people."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import sleep

import pytest
from argon2 import PasswordHasher

from model.access import Scope
from model.errors import ConfigurationError, InvalidRecord
from model.people.guessing import FORGOTTEN, FREE_NAME, LONGEST_WAIT, Guesses
from model.people.password import SHORTEST, Passwords, check_password
from model.people.person import checked_name
from model.people.session import LASTS, PREFIX, begun, session_in, token_of
from model.trust.key_seal import sealed
from tests.people import QUICK, person

KEY = b"the installation's"
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_password_is_recognised_from_any_keyboard_and_no_other_is() -> None:
    kept = QUICK.hashed("um açaí às três")

    assert QUICK.fits("um açaí às três", kept)
    assert not QUICK.fits("um acai as tres", kept)
    assert not QUICK.fits("anything", "") and not QUICK.fits("anything", "no hash")
    assert kept != QUICK.hashed("um açaí às três"), "a salt of its own"
    assert Passwords().hashed("um açaí às três").startswith("$argon2id$v=19$m=65536,t=3")


def test_a_process_works_on_one_password_at_a_time_however_many_sign_in() -> None:
    busy, most = 0, 0

    class Watched(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            nonlocal busy, most
            busy += 1
            most = max(most, busy)
            sleep(0.005)
            busy -= 1
            return super().hash(password, salt=salt)

    def look(number: int) -> bool:
        hasher = Watched(time_cost=1, memory_cost=8, parallelism=1)  # the dashboard makes many
        return Passwords(hasher).fits(f"a guess {number}", "")

    with ThreadPoolExecutor(8) as pages:
        assert not any(pages.map(look, range(16)))

    assert most == 1


@pytest.mark.parametrize(
    "password", ["short", "x" * 300, "aaaaaaaaaaaaaaaa", "1234MARIAabcd", None, 123456789012]
)
def test_a_password_that_is_easily_guessed_is_refused_with_what_would_do(password: object) -> None:
    with pytest.raises(InvalidRecord, match="password: must"):
        check_password(password, "maria@escola.org")
    assert SHORTEST == 12


def test_a_token_counts_for_twelve_hours_and_only_as_it_was_signed() -> None:
    session = begun(person(), "s1", NOW)
    token = token_of(session, KEY)
    said, _, signature = token.removeprefix(PREFIX).partition(".")
    fields = json.loads(base64.urlsafe_b64decode(said))
    other = base64.urlsafe_b64encode(json.dumps(fields | {"person_id": "p-joana"}).encode())
    longer = base64.urlsafe_b64encode(json.dumps(fields | {"expires_at": 2**40}).encode())

    assert session_in(token, KEY, NOW + LASTS - timedelta(seconds=1)) == session
    assert session_in(token, KEY, NOW + LASTS) is None
    for forged in (
        f"{PREFIX}{other.decode()}.{signature}", f"{PREFIX}{longer.decode()}.{signature}",
        token[:-1], token + "0", token.removeprefix(PREFIX), PREFIX, f"{PREFIX}.", f"{PREFIX}é.é",
        f"{PREFIX}{base64.b64encode(b'[1]').decode()}.{signature}",
    ):  # fmt: skip
        assert session_in(forged, KEY, NOW) is None
    assert session_in(token_of(session, b"another's"), KEY, NOW) is None


def test_nothing_of_a_token_is_read_that_was_not_signed_to_the_letter() -> None:
    token = token_of(begun(person(), "s1", NOW), KEY)
    said, _, signature = token.removeprefix(PREFIX).partition(".")
    deep = base64.urlsafe_b64encode(b"[" * 40_000).decode()

    for other in (f"{said}!", f"!{said}", f" {said}", said[:9] + "\n" + said[9:], deep, "\ud800"):
        assert session_in(f"{PREFIX}{other}.{signature}", KEY, NOW) is None
    assert session_in(f"{PREFIX}{said}.{chr(0xD800)}", KEY, NOW) is None


def test_a_person_counts_as_sealed_and_while_neither_disabled_nor_revoked() -> None:
    ours = sealed(person("maria", Scope.READ, units=("Escola A",)), KEY)

    assert ours.counts(set(), KEY)
    for changed in (
        person("maria"),
        sealed(person("maria"), b"another's"),
        replace(ours, scopes=frozenset({Scope.ADMIN})),
        replace(ours, units=()),
        replace(ours, password_hash=QUICK.hashed("of the intruder")),
        replace(ours, email="intruder@example.org"),
        replace(ours, invitation="0" * 64),
        sealed(replace(ours, disabled_at=NOW), KEY),
    ):
        assert not changed.counts(set(), KEY)
    assert not ours.counts({ours.edition}, KEY)


def test_whoever_guesses_waits_ever_longer_and_a_typing_error_costs_nothing() -> None:
    guesses = Guesses("g", 0, NOW)
    waits = []
    for _ in range(20):
        waits.append(guesses.wait(NOW, FREE_NAME).total_seconds())
        guesses = guesses.another(NOW)

    assert waits[:7] == [0, 0, 0, 0, 0, 1, 2]
    assert max(waits) == LONGEST_WAIT.total_seconds()
    assert guesses.wait(NOW + LONGEST_WAIT, FREE_NAME) == timedelta(0)
    assert guesses.another(NOW + FORGOTTEN).failures == 1
    assert guesses.one_less().failures == guesses.failures - 1


@pytest.mark.parametrize("name", ["", "a", "maria silva", "josé", "x" * 101, "-maria"])
def test_a_name_that_nobody_could_type_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="--name"):
        checked_name(name)
