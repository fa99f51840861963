"""Acting through the API: seen, acted, to do, helped, counted, and gone with the student."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from database import indexes
from database.api_keys import ApiKeyRepository
from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.erasing.erasure import KEPT_UNDER
from database.helping.actions import ActionRepository
from database.predictions import PredictionRepository
from database.students import StudentRepository
from model.access import ApiKey, Scope
from model.student import Observation
from model.trust.key_seal import digest_of, sealed
from tests import local
from tests.api.bundles import KEY
from tests.api.server import Server, served, until
from tests.database.builders import START, prediction
from tests.trail import entries, settled

TODAY = datetime.now(UTC).date()
SOON = f"{TODAY + timedelta(days=1)}"
PEOPLE = {
    "Ana": ((Scope.READ, Scope.ACT), ("Escola A",)),
    "Bia": ((Scope.READ, Scope.ACT), ()),
    "reader": ((Scope.READ,), ()),
    "admin": ((Scope.ADMIN,), ()),
}


@dataclass(frozen=True, slots=True)
class Office:
    """The API, and everybody's key."""

    server: Server
    registry: SyncRegistry

    def ask(self, method: str, path: str, body: object = None, key: str = "Bia") -> httpx.Response:
        headers = {"X-API-Key": f"farol_{key}"}
        return local.request(method, self.server.url + path, json=body, headers=headers, timeout=10)

    def act(self, student: str, kind: str, key: str = "Bia", **more: Any) -> Any:
        answer = self.ask("POST", "/actions", {"student_id": student, "kind": kind, **more}, key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def help(self, student: str, key: str = "Bia", **more: Any) -> Any:
        said = {"student_id": student, "kind": "tutoring", "start": "2024-03-04", **more}
        answer = self.ask("POST", "/interventions", said, key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def due(self, key: str = "Bia", **query: str) -> list[str]:
        asked = {"until": SOON, **query}
        path = "/todo?" + "&".join(f"{name}={value}" for name, value in asked.items())
        return [one["student_id"] for one in self.ask("GET", path, key=key).json()["students"]]


def seen(student: str, school: str, *periods: str) -> list[Observation]:
    units = {"escola": school} if school else {}
    return [
        Observation(student, period, {"ida": 4.0 + number}, START, units=units, unit=school.lower())
        for number, period in enumerate(periods)
    ]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    home = tmp_path_factory.mktemp("office")
    uri = lifecycle.ensure_running(home)
    try:
        with open_registry(uri, "farol") as registry:
            registry.run(indexes.ensure_indexes())
            known = [one for n in range(9) for one in seen(f"a{n}", "Escola A", "2023", "2024")]
            known += seen("RA-gone", "Escola A", "2024")
            known += [one for n in range(3) for one in seen(f"b{n}", "Escola B", "2024")]
            registry.run(StudentRepository().observe(known))
            registry.run(PredictionRepository().add_many([prediction("p1", "only-predicted")]))
            for name, (scopes, units) in PEOPLE.items():
                key = ApiKey(name, name, digest_of(f"farol_{name}"), frozenset(scopes), START)
                registry.run(ApiKeyRepository().add(sealed(replace(key, units=units), KEY)))
            with served(home, workers=1, auth="keys") as server:
                yield Office(server, registry)
    finally:
        lifecycle.stop(home)


def test_a_student_is_seen_acted_upon_and_leaves_the_list_of_what_is_to_be_done(
    office: Office,
) -> None:
    first = office.act("a1", "seen", next_on=SOON)
    assert office.due() == ["a1"]

    office.act("a1", "acted", note="talked with the mother", next_on=None)

    assert office.due() == []
    kept = office.ask("GET", "/actions?student_id=a1").json()
    assert [(a["kind"], a["by"], a["note"]) for a in kept["actions"]] == [
        ("acted", "Bia", "talked with the mother"), ("seen", "Bia", ""),
    ]  # fmt: skip
    assert (first["period"], first["unit"], first["next_on"]) == ("2024", "escola a", SOON)
    counted = office.ask("GET", "/help/summary?unit=Escola%20A").json()["actions"]
    few = dict.fromkeys(("students", "seen", "acted", "not_useful"))
    assert counted == {"whole": few, "units": {"escola a": None}, "people": {"Bia": None}}


def test_a_call_that_is_repeated_with_its_id_is_one_action(office: Office) -> None:
    said = {"action_id": "c0ffee" * 5, "note": "once"}

    one, again = (office.act("a2", "seen", **said) for _ in range(2))

    assert one == again
    settled(office.server.home)
    event, repeated = [e for e in office.registry.run(entries()) if e.action == "act"][:2]
    assert (event.actor, event.detail, event.subject) == ("Bia", "seen", repeated.subject)
    assert office.ask("GET", "/actions?student_id=a2").json()["total"] == 1
    other = {"student_id": "a3", "kind": "seen", **said}
    assert office.ask("POST", "/actions", other).status_code == 409
    assert office.ask("POST", "/actions", other | {"student_id": "a2"}, "admin").status_code == 409


@pytest.mark.slow
def test_to_be_done_goes_to_who_looks_after_the_student(office: Office) -> None:
    office.act("a4", "seen", next_on=SOON)
    assigned = office.ask("PUT", "/students/a4/assigned", {"person": "Ana"}).json()
    office.ask("PUT", "/students/a5/assigned", {"person": "Ana"})

    assert (assigned["person"], assigned["by"], assigned["student_id"]) == ("Ana", "Bia", "a4")
    assert office.due() == []
    assert office.due("Ana") == office.due("Bia", person="Ana") == ["a4"]
    told = office.ask("GET", f"/todo?until={SOON}", key="Ana").json()
    assert [one["student_id"] for one in told["waiting"]] == ["a5"]
    assert told["students"][0]["last"]["next_on"] == SOON
    office.act("a4", "acted", "Ana")
    office.act("a5", "seen", "Ana")
    office.ask("PUT", "/students/a5/assigned", {"person": ""})

    told = office.ask("GET", "/todo", key="Ana").json()
    assert (told["students"], told["waiting"]) == ([], [])
    assert office.ask("GET", "/help/summary").json()["assigned"] == {"Ana": None}
    known = office.ask("GET", "/students/a4").json()["tasks"]["pede_lag"]
    assert (known["assigned"]["person"], known["assigned"]["former"]) == ("Ana", [])


def test_help_is_told_with_the_indicators_before_it_began_and_since(office: Office) -> None:
    given = office.help("a6", dose=2)
    ended = office.help("a6", intervention_id=given["intervention_id"], end="2024-06-30")

    (told,) = office.ask("GET", "/interventions?student_id=a6").json()["interventions"]
    assert (told["dose"], told["end"], told["start"]) == (2.0, "2024-06-30", "2024-03-04")
    assert (told["before"], told["after"]) == (
        {"period": "2023", "features": {"ida": 4.0}}, {"period": "2024", "features": {"ida": 5.0}},
    )  # fmt: skip
    assert told["changes"] == [{"feature": "ida", "before": 4.0, "after": 5.0, "change": 1.0}]
    assert ended["intervention_id"] == given["intervention_id"]
    assert office.ask("GET", "/interventions?since=2024-03-05").json()["total"] == 0
    counted = office.ask("GET", "/help/summary?since=2024-01-01").json()["interventions"]
    assert [(one["kind"], one["students"], one["going_on"]) for one in counted] == [
        ("tutoring", None, None)
    ]
    gone = office.ask("DELETE", f"/interventions/{given['intervention_id']}")
    assert gone.json()["removed"]
    assert office.ask("GET", "/interventions?student_id=a6").json()["total"] == 0


@pytest.mark.slow
def test_a_key_of_one_school_acts_on_and_counts_its_own_alone(office: Office) -> None:
    office.act("b1", "acted", next_on=SOON)
    theirs = office.help("b1")["intervention_id"]
    office.act("a7", "not_useful", "Ana")

    def ana(method: str, path: str, body: object = None) -> httpx.Response:
        return office.ask(method, path, body, "Ana")

    for path, body in (
        ("/actions", {"kind": "seen"}),
        ("/interventions", {"kind": "tutoring", "start": "2024-03-04"}),
    ):
        told = [ana("POST", path, body | {"student_id": who}) for who in ("b1", "nobody")]
        assert [answer.status_code for answer in told] == [404, 404]
        assert told[0].content == told[1].content
    changed = {"student_id": "b1", "kind": "family"}
    told = [
        ana("POST", "/interventions", changed | {"intervention_id": one})
        for one in (theirs, "0" * 32)
    ]
    assert told[0].text.replace(theirs, "0" * 32) == told[1].text
    assert ana("DELETE", f"/interventions/{theirs}").status_code == 404
    assert '"b1"' not in ana("GET", "/actions").text
    assert ana("GET", "/actions?student_id=b1").json()["actions"] == []
    assert ana("GET", "/interventions?since=2024-01-01").json()["interventions"] == []
    summary = ana("GET", "/help/summary?since=2024-01-01").json()
    assert "escola b" in office.ask("GET", "/help/summary").json()["actions"]["units"]
    assert summary["actions"]["units"].keys() == {"escola a"}
    assert (summary["interventions"], summary["due"]) == ([], {})


def test_who_may_only_read_says_nothing_and_who_is_only_predicted_is_known(
    office: Office,
) -> None:
    said = {"student_id": "only-predicted", "kind": "seen"}

    assert office.ask("POST", "/actions", said, "reader").status_code == 403
    assert office.ask("POST", "/actions", said).json()["period"] == "2023"
    assert office.ask("POST", "/actions", said | {"period": "2019"}).status_code == 422


@pytest.mark.slow
def test_what_was_done_goes_with_the_student_and_no_log_names_either(office: Office) -> None:
    office.act("RA-gone", "acted", note="a note about RA-gone", next_on=SOON)
    office.help("RA-gone", note="another about RA-gone")
    office.ask("PUT", "/students/RA-gone/assigned", {"person": "Bia"})
    exported = office.ask("GET", "/students/RA-gone/export").json()["tasks"]["pede_lag"]

    receipt = office.ask("DELETE", "/students/RA-gone", key="admin").json()

    assert [a["note"] for a in exported["actions"]] == ["a note about RA-gone"]
    assert [i["note"] for i in exported["interventions"]] == ["another about RA-gone"]
    assert exported["assigned"]["person"] == "Bia"
    assert {name: receipt["deleted"][name] for name in ("actions", "interventions")} == {
        "actions": 1, "interventions": 1,
    }  # fmt: skip
    assert receipt["deleted"].keys() >= KEPT_UNDER.keys()
    assert "RA-gone" not in office.due()
    again = office.ask("POST", "/actions", {"student_id": "RA-gone", "kind": "seen"})
    assert again.status_code == 410
    assert office.registry.run(ActionRepository().of_student("RA-gone")) == []
    assert "RA-gone" not in str(office.registry.run(entries()))
    assert "RA-gone" not in (office.server.home / "server.log").read_text()
    until(lambda: office.ask("GET", "/todo").status_code == 200)
