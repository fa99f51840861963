"""Who is let in, and that nobody loses what was typed."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from dashboard.entry.admission import HERE, DoorState, Visitor, opened
from dashboard.entry.doorkeeper import NOBODY, Doorkeeper
from database.api_keys import ApiKeyRepository
from database.driver.client import SyncRegistry
from database.indexes import ensure_indexes
from database.people.people import PersonRepository
from model.access import ApiKey, Scope
from model.errors import InvalidRecord, NotFound
from model.people.guessing import FREE_NAME
from model.people.looked import Looked
from model.people.session import LASTS
from model.trust.key_file import KeyFile
from model.trust.key_seal import digest_of, sealed
from model.trust.tombstone import TombstoneKey
from tests.database.drivers import MongomockRegistry
from tests.people import PASSWORD, QUICK, guest, person
from tests.trail import entries

KEY = b"the installation's"
NOW = datetime(2026, 3, 2, tzinfo=UTC)
DASHBOARD = Path(__file__).parents[2] / "dashboard"


@pytest.fixture
def keeper(tmp_path: Path) -> Doorkeeper:
    registry = MongomockRegistry("entry")
    registry.run(ensure_indexes())
    opening = cast(SyncRegistry, registry)
    return Doorkeeper(lambda: opening, KeyFile(tmp_path), KEY, TombstoneKey(b"k"), NOW, QUICK)


def add(keeper: Doorkeeper, name: str, *scopes: Scope, **more: Any) -> None:
    one = sealed(person(name, *scopes, **more), KEY)
    keeper.registry().run(PersonRepository().add(one))


def test_a_person_is_recognised_until_the_session_or_the_person_is_over(
    keeper: Doorkeeper,
) -> None:
    add(keeper, "maria", Scope.READ, units=("Escola A",), language="pt")
    token, other = (keeper.sign_in("Maria", PASSWORD, "10.0.0.1") for _ in range(2))
    assert isinstance(token, str) and isinstance(other, str)
    who = Visitor("maria", "Maria Silva", frozenset({Scope.READ}), (), ("Escola A",), True, "pt")

    assert keeper.recognise(token) == who
    assert replace(keeper, now=NOW + LASTS).recognise(token) is DoorState.SIGNED_OUT
    keeper.sign_out(token)
    assert (keeper.recognise(token), keeper.recognise(other)) == (DoorState.SIGNED_OUT, who)
    keeper.notes.add(revoked={"e-maria"})
    assert keeper.recognise(other) is DoorState.SIGNED_OUT
    assert keeper.recognise(f"{token}x") is DoorState.SIGNED_OUT


def test_an_api_key_is_recognised_as_before(keeper: Doorkeeper) -> None:
    key = ApiKey("k1", "school", digest_of("farol_a"), frozenset({Scope.READ}), NOW)
    keeper.registry().run(ApiKeyRepository().add(sealed(key, KEY)))

    assert keeper.recognise(" farol_a ") == Visitor("school", "school", frozenset({Scope.READ}))
    assert keeper.recognise("farol_b") is DoorState.UNKNOWN


def test_wrong_passwords_wait_on_the_dashboard_too(keeper: Doorkeeper) -> None:
    add(keeper, "maria")

    answers = [keeper.sign_in("maria", "wrong", "10.0.0.1") for _ in range(FREE_NAME + 1)]

    assert answers == [NOBODY] * FREE_NAME + [timedelta(seconds=1)]


def test_another_password_ends_every_other_session(keeper: Doorkeeper) -> None:
    add(keeper, "maria")
    token, other = (keeper.sign_in("maria", PASSWORD, "") for _ in range(2))
    assert isinstance(token, str) and isinstance(other, str)

    wrong = keeper.change_password(token, "wrong", "another lighthouse", "")
    told = keeper.registry().run(entries())
    assert [(e.actor, e.detail) for e in told if e.action == "sign-in refused"] == [
        ("maria", "former password")
    ]
    with pytest.raises(InvalidRecord):
        keeper.change_password(token, PASSWORD, "maria maria maria", "")
    again = keeper.change_password(token, PASSWORD, "another lighthouse", "")

    assert wrong == NOBODY and isinstance(again, str)
    assert isinstance(keeper.recognise(again), Visitor)
    assert {keeper.recognise(one) for one in (token, other)} == {DoorState.SIGNED_OUT}
    assert keeper.sign_in("maria", PASSWORD, "") == NOBODY
    assert isinstance(keeper.sign_in("maria", "another lighthouse", ""), str)
    assert keeper.change_password(token, PASSWORD, "another lighthouse", "") == NOBODY


def test_the_organisations_address_is_a_person_if_exactly_one_was_invited(
    keeper: Doorkeeper,
) -> None:
    add(keeper, "maria", email="m@escola.org", password="")
    add(keeper, "one", email="two@escola.org")
    add(keeper, "two", email="two@escola.org")
    add(keeper, "left", email="left@escola.org", disabled_at=NOW)

    token = keeper.sign_in_address("m@escola.org")

    assert token is not None
    found = keeper.recognise(token)
    assert isinstance(found, Visitor) and found.name == "maria"
    for nobody in ("two@escola.org", "left@escola.org", "none@escola.org", ""):
        assert keeper.sign_in_address(nobody) is None
    log = [(e.actor, e.detail) for e in keeper.registry().run(entries())]
    assert log.count(("nobody known", "OpenID Connect")) == 4
    assert ("maria", "OpenID Connect") in log


def test_an_invitation_sets_a_password_on_the_dashboard(keeper: Doorkeeper) -> None:
    joana, code = guest("joana", KEY, NOW)
    keeper.registry().run(PersonRepository().add(joana))

    with pytest.raises(InvalidRecord):
        keeper.accept(code, "short")
    keeper.accept(code, PASSWORD)

    assert isinstance(keeper.sign_in("joana", PASSWORD, ""), str)
    with pytest.raises(NotFound):
        keeper.invited(code)


def test_what_a_person_or_the_holder_of_a_key_looked_at_is_told_to_the_trail(
    keeper: Doorkeeper,
) -> None:
    who = Visitor("maria", "Maria", frozenset(), person=True)

    keeper.saw(who, "t", Looked.STUDENT, "RA-1")
    keeper.saw(who, "t", Looked.LIST)
    keeper.saw(replace(who, name="school", person=False), "t", Looked.STUDENT, "RA-1")
    keeper.saw(HERE, "t", Looked.STUDENT, "RA-1")

    log = keeper.registry().run(entries())
    mark = keeper.data_key.of("RA-1")
    assert {(e.actor, e.kind.value, e.action, e.subject) for e in log} == {
        ("maria", "person", "student opened", mark),
        ("maria", "person", "list downloaded", "students"),
        ("school", "key", "student opened", mark),
    }
    assert len(log) == 3


@pytest.mark.parametrize(
    ("visitor", "by_unit", "found"),
    [
        (Visitor("a", "a", frozenset({Scope.READ})), False, DoorState.OPEN),
        (Visitor("a", "a", frozenset({Scope.ADMIN})), False, DoorState.OPEN),
        (Visitor("a", "a", frozenset({Scope.PREDICT})), True, DoorState.LACKS_READ),
        (Visitor("a", "a", frozenset({Scope.READ}), ("other",)), True, DoorState.OTHER_TASK),
        (Visitor("a", "a", frozenset({Scope.READ}), ("t",), ("A",)), True, DoorState.OWN_UNITS),
        (Visitor("a", "a", frozenset({Scope.READ}), (), ("A",)), False, DoorState.SOME_UNITS),
    ],
)
def test_what_opens_follows_from_scopes_tasks_and_units(
    visitor: Visitor, by_unit: bool, found: DoorState
) -> None:
    assert opened(visitor, "t", by_unit=by_unit) is found


def test_every_field_that_somebody_types_into_has_a_key_so_that_it_is_kept() -> None:
    fields = {"text_input", "text_area", "number_input"}
    lost = [
        f"{path.relative_to(DASHBOARD)}:{node.lineno}"
        for path in sorted(DASHBOARD.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        if isinstance(node.func, ast.Attribute) and node.func.attr in fields
        if not {"key", "disabled"} & {keyword.arg for keyword in node.keywords}
    ]

    assert lost == [], "give each of these a key; see dashboard/entry/typed.py"
