"""Every route, and everything that somebody may show to be let in: one table, one test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.app import create_app, operations
from database import indexes
from database.api_keys import ApiKeyRepository
from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from model.access import ApiKey, Scope
from model.trust.key_seal import digest_of, sealed
from tests import local
from tests.api import bundles
from tests.api.server import served, until
from tests.api.tokens import AUDIENCE, ISSUER, Provider

PREDICT, LABEL, READ, ACT, ADMIN = Scope
OPEN: frozenset[Scope] = frozenset()
NOW = datetime.now(UTC)
REFUSED = {401, 403}


@dataclass(frozen=True, slots=True)
class Door:
    """One route.

    Attributes:
        needs: the scopes, all of them.
        whole: it is about all schools together, and closed to a key for some.
        open: it needs no key.
        any_task: it is not about one task.
        body: what is sent.
    """

    method: str
    path: str
    needs: frozenset[Scope] = OPEN
    whole: bool = False
    open: bool = False
    any_task: bool = False
    body: Any = None

    def answers(self, shown: Shown) -> set[int]:
        """The statuses of 401 and 403 that this door may answer; none is any other status."""
        if self.open:
            return set()
        if shown.nobody:
            return {401}
        lacks = ADMIN not in shown.scopes and not self.needs <= shown.scopes
        elsewhere = shown.other_task and not self.any_task
        return {403} if lacks or elsewhere or (self.whole and shown.unit) else set()


def door(method: str, path: str, *needs: Scope, body: Any = None, **more: bool) -> Door:
    return Door(method, path, frozenset(needs), body=body, **more)


DOORS: Mapping[str, Door] = {
    "predict": door("POST", "/predict", PREDICT, body={"inde": 7}),
    "predict_bulk": door("POST", "/predict/bulk", PREDICT),
    "predict_batch": door("POST", "/predict/batch", PREDICT, body={"records": []}),
    "predict_student": door("POST", "/predict/nobody", PREDICT),
    "label": door("POST", "/labels", LABEL, body=[]),
    "list_missing": door("GET", "/outcomes/missing", READ),
    "get_prediction_log": door("GET", "/predictions/log", READ),
    "preview_file": door("POST", "/files/preview", LABEL, PREDICT),
    "keep_file": door("POST", "/files", LABEL, PREDICT),
    "list_batches": door("GET", "/batches", READ),
    "list_rejects": door("GET", "/batches/1/rejects", READ),
    "trace_student": door("GET", "/students/nobody/origins", READ),
    "trace_row": door("GET", f"/files/{'0' * 64}/rows/1", READ),
    "act": door("POST", "/actions", ACT, body={}),
    "intervene": door("POST", "/interventions", ACT, body={}),
    "remove_intervention": door("DELETE", "/interventions/1", ACT),
    "assign": door("PUT", "/students/nobody/assigned", ACT, body={}),
    "list_actions": door("GET", "/actions", READ),
    "list_interventions": door("GET", "/interventions", READ),
    "to_do": door("GET", "/todo", READ),
    "summarise_help": door("GET", "/help/summary", READ),
    "students_at_risk": door("GET", "/students/at-risk", READ),
    "students_at_risk_file": door("GET", "/students/at-risk/file", READ),
    "assess_student": door("GET", "/students/nobody/assessment", READ),
    "get_cohort": door("GET", "/cohort", READ),
    "export_student": door("GET", "/students/nobody/export", READ),
    "get_student": door("GET", "/students/nobody", READ),
    "erase_student": door("DELETE", "/students/nobody", ADMIN, whole=True),
    "object_to_scoring": door("POST", "/students/nobody/objection", ACT, body={}),
    "lift_objection": door("DELETE", "/students/nobody/objection", ADMIN, whole=True, body={}),
    "correct_student": door("POST", "/students/nobody/corrections", LABEL, PREDICT, body={}),
    "seen_by": door("GET", "/students/nobody/seen-by", ADMIN, whole=True),
    "list_erasures": door("GET", "/erasures", ADMIN, whole=True),
    "erasure_receipt": door("GET", "/erasures/erasure-9", ADMIN, whole=True),
    "get_retention": door("GET", "/retention", READ, whole=True),
    "list_served_days": door("GET", "/retention/days", READ, whole=True),
    "readmit_student": door("POST", "/students/nobody/readmit", ADMIN, whole=True, body={}),
    "get_budgets": door("GET", "/budgets", READ),
    "put_budgets": door("PUT", "/budgets", ACT, body={}),
    "publish_list": door("POST", "/lists", ACT, whole=True, body={"no": 1}),
    "list_published": door("GET", "/lists", READ),
    "get_published": door("GET", "/lists/1", READ),
    "get_model": door("GET", "/model", READ, whole=True),
    "list_versions": door("GET", "/models", READ, whole=True),
    "get_version": door("GET", "/models/v9", READ, whole=True),
    "get_card": door("GET", "/models/v9/card", READ, whole=True),
    "get_bundle": door("GET", "/models/v9/bundle", ADMIN, whole=True),
    "promote": door("POST", "/models/v9/promote", ADMIN, whole=True, body={"reason": "x"}),
    "rollback": door("POST", "/model/rollback", ADMIN, whole=True, body={"reason": "x"}),
    "reload": door("POST", "/model/reload", ADMIN, whole=True),
    "get_champion": door("GET", "/champion", READ, whole=True),
    "list_promotions": door("GET", "/promotions", READ, whole=True),
    "approve": door("POST", "/models/v9/approve", ADMIN, whole=True, body={"reason": "x"}),
    "refuse": door("POST", "/models/v9/refuse", ADMIN, whole=True, body={"reason": "x"}),
    "list_trials": door("GET", "/shadow", READ, whole=True),
    "set_canary": door("POST", "/models/v9/canary", ADMIN, whole=True, body={}),
    "compare": door("POST", "/comparisons", ADMIN, whole=True, body={}),
    "list_comparisons": door("GET", "/comparisons", READ, whole=True),
    "get_comparison": door("GET", "/comparisons/1", READ, whole=True),
    "get_alarms": door("GET", "/drift/alarms", READ, whole=True),
    "acknowledge_alarm": door("POST", "/drift/alarms/x/acknowledge", ADMIN, whole=True, body={}),
    "train": door("POST", "/train", ADMIN, whole=True, body={"seed": "no number"}),
    "list_runs": door("GET", "/runs", READ, whole=True),
    "get_run": door("GET", "/runs/1", READ, whole=True),
    "get_run_log": door("GET", "/runs/1/log", READ, whole=True),
    "list_drift_reports": door("GET", "/drift", READ, whole=True),
    "get_drift_report": door("GET", "/drift/1", READ, whole=True),
    "get_drift_page": door("GET", "/drift/1/page", READ, whole=True),
    "list_notices": door("GET", "/notices", READ, whole=True),
    "get_performance": door("GET", "/performance", READ, whole=True),
    "get_effects": door("GET", "/effects", READ, whole=True),
    "sign_in": door("POST", "/sessions", open=True, body={}),
    "sign_out": door("DELETE", "/sessions", any_task=True),
    "get_me": door("GET", "/me", any_task=True),
    "change_password": door("PUT", "/me/password", any_task=True, body={}),
    "accept_invitation": door("POST", "/invitations/1", open=True, body={}),
    "get_health": door("GET", "/health", open=True),
    "get_live": door("GET", "/health/live", open=True),
    "get_ready": door("GET", "/health/ready", open=True),
    "get_metrics": door("GET", "/metrics", open=True),
    "list_tasks": door("GET", "/tasks", READ, any_task=True),
    "get_schema": door("GET", "/schema", READ),
    "get_home": door("GET", "/", open=True),
    "get_openapi": door("GET", "/openapi.json", open=True),
    "get_docs": door("GET", "/docs", open=True),
    "get_redoc": door("GET", "/redoc", open=True),
    "docs-static": door("GET", "/docs/static/swagger-ui.css", open=True),
}
"""Every route by its name, and what it takes to pass it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that is shown to be let in; nobody's, or with what rights.

    Attributes:
        value: of the header `Authorization: Bearer`; "" sends none.
        nobody: it lets nobody in.
    """

    value: str
    scopes: frozenset[Scope] = frozenset()
    unit: str = ""
    nobody: bool = False
    other_task: bool = False


ALL_BUT_ADMIN = frozenset(Scope) - {ADMIN}


def keys(registry: SyncRegistry) -> Iterator[tuple[str, Shown]]:
    """API keys, put into the registry as `api.keys` does."""

    def kept(name: str, scopes: frozenset[Scope], **more: Any) -> str:
        made = ApiKey(f"id-{name}", name, digest_of(f"farol_{name}"), scopes, NOW, **more)
        registry.run(ApiKeyRepository().add(sealed(made, bundles.KEY)))
        return f"farol_{name}"

    for scope in Scope:
        one = frozenset({scope})
        yield f"key, {scope}", Shown(kept(scope, one), one)
    for unit in ("A", "B"):
        value = kept(f"of-{unit}", ALL_BUT_ADMIN, units=(f"Escola {unit}",))
        yield f"key, unit {unit}", Shown(value, ALL_BUT_ADMIN, unit)
    value = kept("other-task", frozenset(Scope), tasks=("exam_scores",))
    yield "key, another task", Shown(value, frozenset(Scope), other_task=True)
    in_time = kept("in-time", frozenset(Scope), expires_at=NOW + timedelta(days=1))
    yield "key, expires tomorrow", Shown(in_time, frozenset(Scope))
    over = kept("expired", frozenset(Scope), expires_at=NOW - timedelta(seconds=1))
    yield "key, expired", Shown(over, nobody=True)
    revoked = kept("revoked", frozenset(Scope))
    registry.run(ApiKeyRepository().revoke("id-revoked", NOW, bundles.KEY))
    yield "key, revoked", Shown(revoked, nobody=True)
    former = ApiKey("id-former", "former", digest_of("farol_former"), frozenset(Scope), NOW)
    registry.run(ApiKeyRepository().add(sealed(former, bundles.KEY)))
    later = replace(former, key_id="id-later", digest=digest_of("farol_later"))
    ended = NOW - timedelta(seconds=1)
    later = sealed(later, bundles.KEY)
    registry.run(ApiKeyRepository().replace_by(former, later, ended, bundles.KEY))
    yield "key, rotated away", Shown("farol_former", nobody=True)
    yield "key, in its place", Shown("farol_later", frozenset(Scope))
    foreign = ApiKey("id-foreign", "f", digest_of("farol_foreign"), frozenset(Scope), NOW)
    registry.run(ApiKeyRepository().add(sealed(foreign, b"another installation's")))
    yield "key, inserted into the registry", Shown("farol_foreign", nobody=True)
    yield "nothing", Shown("", nobody=True)
    yield "key, wrong", Shown("farol_guessed", nobody=True)
    yield "session, wrong", Shown("farol_session_e30=.00", nobody=True)


def tokens(provider: Provider) -> Iterator[tuple[str, Shown]]:
    """Tokens, right ones and those that somebody tries."""
    for scope in Scope:
        yield f"token, {scope}", Shown(provider.token(scope=f"openid {scope}"), frozenset({scope}))
    words = " ".join(ALL_BUT_ADMIN)
    for unit in ("A", "B"):
        value = provider.token(scope=words, farol_units=[f"Escola {unit}"])
        yield f"token, unit {unit}", Shown(value, ALL_BUT_ADMIN, unit)
    other = provider.token(scope="admin", farol_tasks="exam_scores")
    yield "token, another task", Shown(other, frozenset(Scope), other_task=True)
    past = int(NOW.timestamp()) - 120
    everything: dict[str, Any] = {"scope": "admin predict label read act"}
    stranger = Provider(provider.kid)
    nobodys = {
        "another audience": provider.token(aud="another", **everything),
        "another issuer": provider.token(iss="https://evil.example.org/", **everything),
        "no audience": provider.token(aud=None, **everything),
        "no end": provider.token(exp=None, **everything),
        "expired": provider.token(exp=past, **everything),
        "not yet": provider.token(nbf=past + 3600, **everything),
        "for a year": provider.token(exp=past + 31_536_000, **everything),
        "alg none": provider.forged("none", **everything),
        "HS256 with the public key": provider.forged("HS256", provider.pem, **everything),
        "HS256 with the JWKS": provider.forged("HS256", provider.jwks(), **everything),
        "signed by somebody else": stranger.token(**everything),
        "of an unknown key": Provider("k9", provider.key).token(**everything),
        "units that name nothing": provider.token(scope="read", farol_units=[]),
        "an admin of one school": provider.token(scope="admin", farol_units="Escola A"),
    }
    for name, value in nobodys.items():
        yield f"token, {name}", Shown(value, nobody=True)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Mapping[str, Shown]]]:
    home = tmp_path_factory.mktemp("doors")
    provider = Provider()
    jwks = home / "jwks.json"
    jwks.write_bytes(provider.jwks())
    env = {
        "FAROL_JWT_ISSUER": ISSUER,
        "FAROL_JWT_AUDIENCE": AUDIENCE,
        "FAROL_JWT_KEYS": str(jwks),
    }
    uri = lifecycle.ensure_running(home)
    try:
        with open_registry(uri, "farol") as registry:
            registry.run(indexes.ensure_indexes())
            bundles.promote(registry, bundles.register(registry, bundles.archive()))
            shown = dict([*keys(registry), *tokens(provider)])
            with served(home, workers=1, auth="keys", env=env) as running:
                until(lambda: running.get("/health/ready").status_code == 200)
                yield running.url, shown
    finally:
        lifecycle.stop(home)


def test_every_route_has_its_row() -> None:
    named = {"predict", *operations()} | {
        one.name for one in create_app().routes if hasattr(one, "name")
    }

    assert sorted(named - DOORS.keys()) == [], "routes without a row in DOORS"
    assert sorted(DOORS.keys() - named) == [], "rows of DOORS without a route"


@pytest.mark.slow
def test_every_route_answers_whatever_is_shown_as_the_table_says(
    house: tuple[str, Mapping[str, Shown]],
) -> None:
    url, table = house
    wrong = []
    with local.client(base_url=url, timeout=20) as client:
        for name, one in DOORS.items():
            for what, shown in table.items():
                headers = {"Authorization": f"Bearer {shown.value}"} if shown.value else {}
                answer = client.request(one.method, one.path, json=one.body, headers=headers)
                found = REFUSED & {answer.status_code}
                if found != one.answers(shown) or answer.status_code >= 500:
                    wrong.append(f"{name}, {what}: {answer.status_code} {answer.text:.90}")

    assert wrong == []


def test_a_path_that_names_the_task_has_the_same_doors(
    house: tuple[str, Mapping[str, Shown]],
) -> None:
    url, table = house
    names = ("nothing", "key, another task", "key, read", "token, alg none")
    wrong = []
    with local.client(base_url=f"{url}/tasks/pede_lag", timeout=20) as client:
        for name, one in DOORS.items():
            for shown in (table[what] for what in names if not one.open):
                headers = {"Authorization": f"Bearer {shown.value}"} if shown.value else {}
                answer = client.request(one.method, one.path, json=one.body, headers=headers)
                if REFUSED & {answer.status_code} != one.answers(shown):
                    wrong.append(f"{name}, {shown}: {answer.status_code} {answer.text:.90}")

    assert wrong == []


def test_what_is_refused_says_why_and_never_what_was_shown(
    house: tuple[str, Mapping[str, Shown]],
) -> None:
    url, table = house
    said = {}
    for what in ("key, expired", "token, another audience", "token, alg none", "token, expired"):
        value = table[what].value
        answer = local.get(f"{url}/me", headers={"X-API-Key": value})
        said[what] = answer.json()["detail"]
        assert answer.headers["www-authenticate"] == "Bearer"
        assert value not in answer.text

    assert "This API key expired on" in said.pop("key, expired")
    assert said == {
        "token, another audience": "This token is not accepted: it is for another audience.",
        "token, alg none": (
            "This token is not accepted: its signature is of a kind that is not accepted."
        ),
        "token, expired": "This token is not accepted: it has expired.",
    }


def test_health_tells_the_keys_of_the_provider(house: tuple[str, Mapping[str, Shown]]) -> None:
    url, _ = house

    part = local.get(f"{url}/health").json()["parts"]["tokens"]

    assert (part["state"], part["keys"]) == ("ok", 1)
