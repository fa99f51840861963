"""People in a registry that somebody else can write to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from database.api_keys import KeyRevocationRepository
from database.driver.commands import DeleteMany, Op, Replace, ReplaceMany
from database.indexes import ensure_indexes
from database.mapping.documents import to_document
from database.people import invitations, signing_in
from database.people.guesses import GuessRepository
from database.people.people import PersonRepository
from database.people.signing_in import Attempt
from database.people.spent import SpentTokenRepository
from deployment.resigning import resign_keys, signed_elsewhere
from model.access import Scope
from model.errors import Conflict, NotFound
from model.people.guessing import FREE_ADDRESS, FREE_NAME
from model.people.person import Person
from model.people.session import Session, begun
from model.trust.key_seal import sealed
from model.trust.tombstone import TombstoneKey
from tests.database.drivers import MongomockRegistry, Run
from tests.people import PASSWORD, QUICK, guest, person
from tests.trail import entries

KEY = b"the installation's"
DATA_KEY = TombstoneKey(b"the data's")
NOW = datetime(2026, 3, 2, tzinfo=UTC)
HERE = "10.1.2.3"


@pytest.fixture
def memory() -> MongomockRegistry:
    registry = MongomockRegistry("people")
    registry.run(ensure_indexes())
    return registry


def put_back(one: Person) -> Op[None]:
    document = to_document(one, key="person_id")
    yield ReplaceMany("people", [Replace({"_id": one.person_id}, document)])


def attempt(registry: MongomockRegistry, name: str, address: str = HERE, **at: int) -> Attempt:
    return registry.run(
        signing_in.attempt(
            name,
            address,
            now=NOW + timedelta(**at),
            remembered=frozenset(),
            installation=KEY,
        )
    )


def sign_in(registry: MongomockRegistry, name: str, password: str = PASSWORD) -> Session | None:
    made = attempt(registry, name)
    assert not made.wait
    fits = QUICK.fits(password, made.kept)
    return registry.run(
        signing_in.settle(
            made, fits=fits, session_id="s1", now=NOW, how="a test", data_key=DATA_KEY
        )
    )


def inside(registry: MongomockRegistry, session: Session, *remembered: str) -> bool:
    standing = PersonRepository().standing([session], frozenset(remembered), KEY)
    return session.session_id in registry.run(standing)


def test_a_person_signs_in_with_name_and_password_and_out_again(
    memory: MongomockRegistry,
) -> None:
    memory.run(PersonRepository().add(sealed(person("maria"), KEY)))

    session = sign_in(memory, " MARIA ")
    assert session is not None
    before = inside(memory, session)
    first = memory.run(SpentTokenRepository().spend(session.session_id, session.until, NOW))
    again = memory.run(SpentTokenRepository().spend(session.session_id, session.until, NOW))

    assert (before, inside(memory, session), first, again) == (True, False, True, False)
    (event,) = memory.run(entries())
    assert (event.actor, event.action, event.detail) == ("maria", "sign-in", "a test")


def test_everybody_who_may_not_come_in_is_told_the_same_and_only_the_audit_tells_why(
    memory: MongomockRegistry,
) -> None:
    memory.run(PersonRepository().add(sealed(person("maria"), KEY)))
    memory.run(PersonRepository().add(sealed(person("left", disabled_at=NOW), KEY)))
    memory.run(PersonRepository().add(sealed(person("invited", password=""), KEY)))
    memory.run(PersonRepository().add(person("inserted", Scope.ADMIN)))
    memory.run(PersonRepository().add(sealed(person("foreign", Scope.ADMIN), b"another's")))

    assert sign_in(memory, "maria", "a wrong password") is None
    for name in ("left", "invited", "inserted", "foreign", "my secret password"):
        assert sign_in(memory, name) is None, name
    told = {(e.actor, e.action) for e in memory.run(entries())}
    known = ("maria", "left", "invited", "inserted", "foreign", "nobody known")
    assert told == {(name, "sign-in refused") for name in known}


def test_a_disabled_person_stays_out_though_the_document_is_put_back(
    memory: MongomockRegistry,
) -> None:
    maria = sealed(person("maria"), KEY)
    memory.run(PersonRepository().add(maria))
    session = begun(maria, "s1", NOW)
    before = inside(memory, session)

    gone = replace(maria, edition="e2", disabled_at=NOW)
    memory.run(PersonRepository().follow(maria, gone, NOW, KEY))
    disabled = inside(memory, session)
    memory.run(put_back(maria))
    put_in_again = inside(memory, session), sign_in(memory, "maria")
    memory.run(_nothing_left("key_revocations"))

    assert (before, disabled, put_in_again) == (True, False, (False, None))
    assert not inside(memory, session, maria.edition), "this host has seen it"


def test_a_former_password_and_former_rights_are_nothing_though_they_are_put_back(
    memory: MongomockRegistry,
) -> None:
    former = sealed(person("maria", Scope.ADMIN), KEY)
    memory.run(PersonRepository().add(former))
    session = begun(former, "s1", NOW)

    op = invitations.change_password(
        former, QUICK.hashed("x" * 20), now=NOW, installation=KEY, data_key=DATA_KEY
    )
    later = memory.run(op)
    over = inside(memory, session)
    memory.run(put_back(former))

    assert (over, sign_in(memory, "maria")) == (False, None)
    memory.run(put_back(replace(later, scopes=frozenset({Scope.PREDICT, Scope.READ}))))
    assert sign_in(memory, "maria", "x" * 20) is None, "rights that were changed by hand"
    memory.run(put_back(later))
    assert sign_in(memory, "maria", "x" * 20) is not None


def test_an_invitation_sets_a_password_once_and_in_time(memory: MongomockRegistry) -> None:
    joana, code = guest("joana", KEY, NOW)
    memory.run(PersonRepository().add(joana))

    def of_code(text: str, days: int = 0, remembered: frozenset[str] = frozenset()) -> Person:
        at = NOW + timedelta(days=days)
        op = invitations.of_code(text, now=at, remembered=remembered, installation=KEY)
        return memory.run(op)

    for wrong in ("", "p-joana", f"{code}x", "p-nobody.secret"):
        with pytest.raises(NotFound, match="not valid"):
            of_code(wrong)
    with pytest.raises(NotFound):
        of_code(code, days=7)
    found = of_code(code, days=6)
    op = invitations.accept(
        found, QUICK.hashed(PASSWORD), now=NOW, installation=KEY, data_key=DATA_KEY
    )
    memory.run(op)

    assert sign_in(memory, "joana") is not None
    memory.run(put_back(joana))
    with pytest.raises(NotFound):
        of_code(code)
    with pytest.raises(NotFound):
        memory.run(
            invitations.accept(
                found, QUICK.hashed("y" * 20), now=NOW, installation=KEY, data_key=DATA_KEY
            )
        )
    for collection in ("spent_tokens", "sign_in_guesses"):
        memory.run(_nothing_left(collection))
    memory.run(put_back(joana))
    with pytest.raises(NotFound):
        of_code(code)
    memory.run(_nothing_left("key_revocations"))
    with pytest.raises(NotFound):
        of_code(code, remembered=frozenset({joana.edition}))


def test_of_two_who_accept_one_invitation_at_once_one_has_set_the_password(
    memory: MongomockRegistry,
) -> None:
    joana, _ = guest("joana", KEY, NOW)
    memory.run(PersonRepository().add(joana))
    slow = invitations.accept(
        joana, QUICK.hashed("y" * 20), now=NOW, installation=KEY, data_key=DATA_KEY
    )
    command = next(slow)
    while type(command).__name__ != "InsertMany":  # up to its first write
        command = slow.send(memory.execute(command))

    memory.run(
        invitations.accept(
            joana, QUICK.hashed(PASSWORD), now=NOW, installation=KEY, data_key=DATA_KEY
        )
    )
    with pytest.raises(NotFound, match="not valid"):
        while True:
            command = slow.send(memory.execute(command))

    assert sign_in(memory, "joana") is not None


def test_two_changes_of_one_person_at_once_are_one_change(memory: MongomockRegistry) -> None:
    former = sealed(person("maria"), KEY)
    memory.run(PersonRepository().add(former))

    def change(edition: str) -> Op[Person]:
        return PersonRepository().follow(former, replace(former, edition=edition), NOW, KEY)

    memory.run(change("e2"))
    with pytest.raises(Conflict, match="do it again"):
        memory.run(change("e3"))


def test_guesses_at_one_name_and_from_one_address_wait_and_right_passwords_never_do(
    memory: MongomockRegistry,
) -> None:
    memory.run(PersonRepository().add(sealed(person("maria"), KEY)))

    for _ in range(3 * FREE_ADDRESS):
        assert sign_in(memory, "maria") is not None
    for number in range(FREE_NAME):
        assert not attempt(memory, "maria", f"10.0.0.{number}").wait
    elsewhere = "10.0.1.1"
    assert attempt(memory, "maria", elsewhere).wait == timedelta(seconds=1)
    assert not attempt(memory, "maria", elsewhere, seconds=1).wait, "waited"
    assert attempt(memory, "maria", elsewhere, seconds=1).wait == timedelta(seconds=2)
    for number in range(FREE_ADDRESS):
        attempt(memory, f"name{number}", "10.9.9.9")
    assert attempt(memory, "another name", "10.9.9.9").wait
    assert not attempt(memory, "maria", elsewhere, hours=2).wait, "forgotten"


def test_whoever_guesses_at_a_name_shuts_nobody_out_who_signed_in_from_the_own_address_before(
    memory: MongomockRegistry,
) -> None:
    memory.run(PersonRepository().add(sealed(person("maria"), KEY)))
    assert sign_in(memory, "maria") is not None

    for number in range(60):
        attempt(memory, "maria", f"10.0.0.{number}", minutes=number)
    attempt(memory, "maria", "10.0.1.1", minutes=60)
    assert attempt(memory, "maria", "10.0.1.2", minutes=60).wait
    assert not attempt(memory, "maria", minutes=60).wait
    for _ in range(FREE_NAME - 1):
        assert not attempt(memory, "maria", minutes=60).wait
    assert attempt(memory, "maria", minutes=60).wait, "who guesses there waits too"

    for number in range(FREE_NAME):
        assert not attempt(memory, "maria", f"10.0.2.{number}", days=31).wait
    assert attempt(memory, "maria", days=31).wait, "the address is forgotten after a month"


def test_a_caller_who_has_many_addresses_of_one_network_is_one_caller(
    memory: MongomockRegistry,
) -> None:
    for number in range(FREE_ADDRESS):
        assert not attempt(memory, f"name{number}", f"2001:db8::{number + 1:x}").wait

    assert attempt(memory, "another name", "2001:db8::ffff:1").wait
    assert not attempt(memory, "another name", "2001:db8:0:1::1").wait


def test_guesses_at_the_same_time_all_count(memory: MongomockRegistry) -> None:
    guesses = GuessRepository()
    slow = guesses.count_one("g", FREE_NAME, NOW)
    command = next(slow)
    while type(command).__name__ != "InsertMany":  # up to its first write
        command = slow.send(memory.execute(command))
    for _ in range(FREE_NAME):
        assert not memory.run(guesses.count_one("g", FREE_NAME, NOW))

    with pytest.raises(StopIteration) as ended:
        while True:
            command = slow.send(memory.execute(command))

    assert ended.value.value == timedelta(seconds=1)


def test_what_is_guessed_is_not_kept(memory: MongomockRegistry) -> None:
    attempt(memory, "my secret password")

    assert "secret" not in str(memory.run(GuessRepository().documents()))
    assert HERE not in str(memory.run(GuessRepository().documents()))


def test_people_are_found_by_name_and_address_on_every_server(run: Run) -> None:
    people = [
        sealed(person("maria", email="m@escola.org", units=("Escola A",)), KEY),
        sealed(person("joana", email="m@escola.org"), KEY),
    ]
    for one in people:
        run(PersonRepository().add(one))
    with pytest.raises(Conflict, match="named maria"):
        run(PersonRepository().add(person("maria", person_id="other")))

    assert run(PersonRepository().named("maria")) == people[0]
    assert run(PersonRepository().named("nobody")) is None
    assert {p.name for p in run(PersonRepository().of_email("m@escola.org"))} == {"maria", "joana"}
    assert [p.name for p in run(PersonRepository().all())] == ["joana", "maria"]
    assert not run(GuessRepository().count_one("g", 1, NOW))
    assert run(GuessRepository().count_one("g", 1, NOW)) == timedelta(seconds=1)
    run(GuessRepository().take_back("g"))
    assert not run(GuessRepository().count_one("g", 1, NOW))
    for _ in range(2):
        run(GuessRepository().at_home("g", NOW))
        assert not run(GuessRepository().count_one("g", 1, NOW))
    later = NOW + timedelta(days=1)
    assert not run(GuessRepository().count_one("other", 1, later))
    assert not run(GuessRepository().count_one("another", 1, later + timedelta(hours=2)))
    assert {one["_id"] for one in run(GuessRepository().documents())} == {"g", "another"}
    assert run(SpentTokenRepository().spend("s", NOW, NOW))
    assert run(SpentTokenRepository().among(["s", "t"])) == {"s"}
    run(SpentTokenRepository().spend("t", NOW + timedelta(days=1), NOW + timedelta(hours=1)))
    assert run(SpentTokenRepository().among(["s", "t"])) == {"t"}, "what is over is forgotten"


def test_a_restore_that_signs_anew_signs_people_and_lets_no_former_edition_in(
    memory: MongomockRegistry,
) -> None:
    lost = b"a lost key"
    maria = sealed(person("maria"), lost)
    memory.run(PersonRepository().add(maria))
    memory.run(PersonRepository().follow(maria, replace(maria, edition="e2"), NOW, lost))
    joana = sealed(person("joana"), lost)
    memory.run(PersonRepository().add(joana))
    memory.run(PersonRepository().follow(joana, replace(joana, edition="e3"), NOW, lost))
    memory.run(put_back(joana))
    people = memory.run(PersonRepository().all())
    assert signed_elsewhere([], [], people, KEY) == ("person p-joana", "person p-maria")

    memory.run(resign_keys([], KEY, now=NOW, actor="a test", data_key=DATA_KEY))

    assert sign_in(memory, "maria") is not None
    assert sign_in(memory, "joana") is None
    assert memory.run(KeyRevocationRepository().all())
    assert signed_elsewhere([], [], memory.run(PersonRepository().all()), KEY) == ()


def _nothing_left(collection: str) -> Op[None]:
    yield DeleteMany(collection, {})
