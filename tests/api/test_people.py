"""People over HTTP: invited, signed in, limited, audited, shut out."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.people.__main__ import main
from api.people.desk import WRONG
from database import indexes
from database.api_keys import ApiKeyRepository
from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.people.people import PersonRepository
from database.students import StudentRepository
from deployment.settings import load_settings
from model.access import ApiKey, Scope
from model.people.guessing import FREE_NAME
from model.trust.key_seal import digest_of, sealed
from tests import local
from tests.api import bundles
from tests.api.server import Server, served, until
from tests.api.test_units import observed
from tests.people import PASSWORD, guest, person
from tests.trail import entries, settled

NOW = datetime(2026, 3, 2, tzinfo=UTC)
pytestmark = pytest.mark.slow
AT = {"FAROL_SIGNING_KEY": bundles.KEY.decode(), "FAROL_DASHBOARD_URL": "https://farol.school"}


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a command."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Town:
    """A guarded API of two schools."""

    server: Server
    home: Path
    registry: SyncRegistry

    def ask(self, method: str, path: str, token: str = "", body: object = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return local.request(method, self.server.url + path, json=body, headers=headers, timeout=10)

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return self.ask("POST", "/sessions", body={"name": name, "password": password})

    def token(self, name: str, *scopes: Scope, **more: Any) -> str:
        """The token of a new person."""
        self.registry.run(
            PersonRepository().add(sealed(person(name, *scopes, **more), bundles.KEY))
        )
        return str(self.sign_in(name).json()["token"])

    def command(self, *arguments: str) -> Done:
        """Runs `python -m api.people` in this process, which takes no start of another one."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as env, redirect_stdout(out), redirect_stderr(err):
            for name, value in (AT | {"FAROL_HOME": str(self.home)}).items():
                env.setenv(name, value)
            try:
                code = main(list(arguments))
            except SystemExit as error:
                code = int(error.code or 0)
        return Done(code, out.getvalue(), err.getvalue())

    def told(self) -> list[tuple[str, str]]:
        """Who did what, oldest first; a command's block may come before that of an earlier call."""
        settled(self.home)
        events = sorted(self.registry.run(entries()), key=lambda event: event.at)
        return [(event.actor, event.action) for event in events]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    home = tmp_path_factory.mktemp("town")
    uri = lifecycle.ensure_running(home)
    try:
        with open_registry(uri, "farol") as registry:
            registry.run(indexes.ensure_indexes())
            bundles.promote(registry, bundles.register(registry, bundles.archive()))
            registry.run(StudentRepository().observe(
                [observed("a1", "Escola A", 3.0), observed("b1", "Escola B", 2.0)]
            ))  # fmt: skip
            with served(home, workers=1, auth="keys") as running:
                until(lambda: running.get("/health/ready").status_code == 200)
                yield Town(running, home, registry)
    finally:
        lifecycle.stop(home)


def test_an_administrator_invites_somebody_who_signs_in_acts_and_is_shut_out(town: Town) -> None:
    invited = town.command(
        "invite", "--name", "Ana@Escola.org", "--full-name", "Ana Lima", "--scope", "read"
    )
    link, _, code = invited.stdout.strip().partition("?invitation=")
    weak = town.ask("POST", f"/invitations/{code}", body={"password": "short"})
    first = town.ask("POST", f"/invitations/{code}", body={"password": PASSWORD})
    again = town.ask("POST", f"/invitations/{code}", body={"password": PASSWORD})
    begun = town.sign_in("ana@escola.org").json()
    me = town.ask("GET", "/me", begun["token"])

    assert link == "https://farol.school/"
    assert [a.status_code for a in (weak, first, again)] == [422, 200, 404]
    assert first.json() == {"name": "ana@escola.org", "full_name": "Ana Lima"}
    assert me.json() == {k: v for k, v in begun.items() if k != "token"}
    assert (begun["person"], begun["scopes"], begun["units"]) == (True, ["read"], [])
    assert town.ask("GET", "/models", begun["token"]).status_code == 200
    denied = town.ask("POST", "/train", begun["token"], {})
    assert (denied.status_code, "ana@escola.org lacks" in denied.text) == (403, True)
    assert "signs in with a password" in town.command("list").stdout

    assert town.command("disable", "ana@escola.org").stdout == "ana@escola.org disabled\n"
    until(lambda: town.ask("GET", "/me", begun["token"]).status_code == 401, 10)
    assert town.sign_in("ana@escola.org").json()["detail"] == WRONG
    assert "disabled" in town.command("list").stdout
    done = [action for actor, action in town.told() if "ana" in actor or "cli/" in actor]
    assert done == [
        "person invited", "invitation accepted", "sign-in", "models read", "person disabled",
        "sign-in refused",
    ]  # fmt: skip
    log = (town.home / "server.log").read_text()
    assert code not in log and PASSWORD not in log and begun["token"] not in log


def test_a_person_of_one_school_sees_its_students_and_that_is_in_the_audit_log(town: Town) -> None:
    token = town.token("bia", units=("Escola A",))
    key = ApiKey("k1", "school", digest_of("farol_k1"), frozenset({Scope.READ}), NOW)
    town.registry.run(ApiKeyRepository().add(sealed(key, bundles.KEY)))

    own, other = (town.ask("GET", f"/students/{who}", token) for who in ("a1", "b1"))
    whole = town.ask("GET", "/models", token)
    # A server that has just read its keys looks a new one up a little later.
    until(lambda: town.ask("GET", "/students/b1", "farol_k1").status_code == 200)

    assert [a.status_code for a in (own, other, whole)] == [200, 404, 403]
    settled(town.home)
    seen = [town.command("seen", who).stdout.split("  ")[1:] for who in ("a1", "b1")]
    assert seen == [["bia", "student opened\n"], ["school", "student opened\n"]]
    assert "a1" not in {event.subject for event in town.registry.run(entries())}


def test_what_a_person_is_told_of_a_student_and_a_list_in_a_file_are_in_the_audit_log(
    town: Town,
) -> None:
    token = town.token("rui", units=("Escola A",))

    answers = [
        town.ask("GET", path, token)
        for path in (
            "/students/a1/assessment",
            "/students/at-risk/file",
            "/students/b1/assessment",
            "/students/a1",
        )
    ]

    assert [a.status_code for a in answers] == [200, 200, 404, 200]
    settled(town.home)
    looked = [e.action for e in town.registry.run(entries()) if e.actor == "rui"]
    assert sorted(looked) == ["download", "sign-in", "student opened"], "once an hour"


def test_signing_out_ends_one_session_and_another_password_ends_all(town: Town) -> None:
    one = town.token("carla")
    two, three = (town.sign_in("carla").json()["token"] for _ in range(2))
    body = {"former": PASSWORD, "password": "another lighthouse"}

    out = town.ask("DELETE", "/sessions", one)
    after = [town.ask("GET", "/me", token).status_code for token in (one, two, three)]
    wrong = town.ask("PUT", "/me/password", two, body | {"former": "wrong"})
    weak = town.ask("PUT", "/me/password", two, body | {"password": "carla carla carla"})
    changed = town.ask("PUT", "/me/password", two, body)

    assert (out.status_code, after) == (200, [401, 200, 200])
    assert [a.status_code for a in (wrong, weak, changed)] == [401, 422, 200]
    assert [town.ask("GET", "/me", token).status_code for token in (two, three)] == [401, 401]
    assert ("carla", "sign-in refused") in town.told()
    assert town.sign_in("carla").status_code == 401
    assert town.sign_in("carla", "another lighthouse").status_code == 200


def test_guessing_is_slowed_down_and_told_with_a_time_to_wait(town: Town) -> None:
    token = town.token("dora")

    answers = [town.sign_in("dora", f"guess {n}") for n in range(FREE_NAME + 1)]

    assert [a.status_code for a in answers] == [401] * FREE_NAME + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 2
    assert {a.json()["detail"] for a in answers[:-1]} == {WRONG}
    assert town.ask("GET", "/me", token).status_code == 200, "who is in stays in"


def test_a_person_who_was_written_into_the_registry_is_nothing(town: Town) -> None:
    town.registry.run(PersonRepository().add(person("eve", Scope.ADMIN)))

    answer = town.sign_in("eve")
    listed, reset = town.command("list"), town.command("reset", "eve")

    assert answer.status_code == 401
    assert "not signed by this installation" in listed.stdout
    assert (reset.code, "invite the person anew" in reset.stderr) == (2, True)


def test_rights_change_with_a_new_session_and_a_reset_takes_the_password(town: Town) -> None:
    token = town.token("flora", Scope.READ)

    town.command("change", "flora", "--scope", "read,predict", "--full-name", "Flora Dias")
    until(lambda: town.ask("GET", "/me", token).status_code == 401, 10)
    after = town.sign_in("flora").json()
    link = town.command("reset", "flora", "--days", "1")

    assert (after["scopes"], after["full_name"]) == (["predict", "read"], "Flora Dias")
    assert (town.sign_in("flora").status_code, "?invitation=" in link.stdout) == (401, True)


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        (("invite", "--name", "josé", "--scope", "read"), "without accents"),
        (("invite", "--name", "x1", "--scope", "everything"), "known are"),
        (("invite", "--name", "x1", "--scope", "admin", "--unit", "A"), "--unit"),
        (("invite", "--name", "x1", "--scope", "read", "--task", "none"), "--task"),
    ],
)
def test_a_person_of_impossible_rights_is_not_invited(
    town: Town, arguments: tuple[str, ...], fix: str
) -> None:
    done = town.command(*arguments)

    assert (done.code, fix in done.stderr) == (2, True)


def test_a_guest_who_is_late_is_told_so(town: Town) -> None:
    late, code = guest("gil", bundles.KEY, datetime(2026, 1, 1, tzinfo=UTC))
    town.registry.run(PersonRepository().add(late))

    answer = town.ask("POST", f"/invitations/{code}", body={"password": PASSWORD})

    assert (answer.status_code, "ask an administrator" in answer.text) == (404, True)
    assert "invitation over since 2026-01-08" in town.command("list").stdout


def test_which_addresses_an_organisation_vouches_for_is_a_setting(tmp_path: Path) -> None:
    home = {"FAROL_HOME": str(tmp_path)}

    assert load_settings(home).oidc_email == "verified"
    assert load_settings(home | {"FAROL_OIDC_EMAIL": "any"}).oidc_email == "any"
