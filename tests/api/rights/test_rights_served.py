"""What a student may ask for, over HTTP: not to be scored, to be right, and to know who looked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from database.rights.objections import ObjectionRepository
from database.students import StudentRepository
from model.student import Observation
from tests import local
from tests.api import bundles
from tests.api.conftest import World
from tests.api.server import Server, served, until
from tests.trail import entries

WHY = {"reason": "the mother <asked>"}
HOSTILE = "RA<script>"
CSV = {"content-type": "text/csv"}


@pytest.fixture(scope="module")
def city(world: World) -> Iterator[Server]:
    """Students O0 to O5 of 2024, with a record of 2023 each."""
    names = [*(f"O{i}" for i in range(6)), HOSTILE]
    world.registry.run(StudentRepository().observe([
        Observation(name, period, {"inde": 2.0 + place, "ida": 3.0}, bundles.NOW)
        for period in ("2023", "2024")
        for place, name in enumerate(names)
    ]))  # fmt: skip
    with served(world.home, workers=1) as server:
        until(lambda: all(w["version"] for w in server.workers()))
        yield server


def lift(city: Server, student: str) -> httpx.Response:
    return local.request("DELETE", f"{city.url}/students/{student}/objection", json=WHY)


def listed(city: Server) -> dict[str, Any]:
    found: dict[str, Any] = city.get("/students/at-risk?search=O").json()
    return found


def test_who_objects_is_scored_by_no_route_and_the_list_says_so(city: Server) -> None:
    before = listed(city)
    said = city.post("/students/O0/objection", WHY).json()

    one = city.post("/predict", {"student_id": "O0", "inde": 5})
    batch = city.post(
        "/predict/batch", {"records": [{"student_id": i, "inde": 5} for i in ("O0", "O1")]}
    )
    table = local.post(f"{city.url}/predict/bulk", content=b"ra,inde\nO0,5\nO1,5\n", headers=CSV)
    after = listed(city)

    assert (said["tasks"], said["reason"]) == (["pede_lag"], WHY["reason"])
    assert (one.status_code, one.json()["errors"][0]["field"]) == (409, "student_id")
    assert "objection" in one.json()["detail"]
    assert city.post("/predict/O0").status_code == 409
    assert city.get("/students/O0/assessment").status_code == 409
    body = batch.json()
    assert [p["student_id"] for p in body["predictions"]] == ["O1"]
    assert [(e["index"], e["field"]) for e in body["errors"]] == [(0, "student_id")]
    assert "O1" in table.text
    assert table.text.count("there is an objection") == 1
    assert "O0" in str(before["students"])
    assert "O0" not in str(after["students"])
    assert after["objecting"] == {"students": 1, "ids": ["O0"]}
    assert city.get("/students/O0").json()["tasks"]["pede_lag"]["objection"]["by"] == "local"

    assert lift(city, "O0").json()["tasks"] == ["pede_lag"]
    assert city.post("/predict", {"student_id": "O0", "inde": 5}).is_success
    assert listed(city)["objecting"] == {"students": 0, "ids": []}
    assert lift(city, "O0").status_code == 404


def test_a_school_file_keeps_the_record_of_who_objects_and_lifts_nothing(
    city: Server, world: World
) -> None:
    city.post("/students/O5/objection", WHY)
    table = b"RA,INDE,IDA,IEG,IAA,IPS,Defasagem\nO5,9,9,9,9,9,0\nO9,5,5,5,5,5,0\n"

    kept = local.post(
        f"{city.url}/files?period=2025", content=table, headers=CSV, timeout=60
    ).json()

    assert [one["objecting"] for one in kept["tables"]] == [1]
    assert world.registry.run(StudentRepository().get("O5")).latest.period == "2025"
    assert city.post("/predict/O5").status_code == 409
    lift(city, "O5")


def test_a_value_is_put_right_scored_again_told_and_held_against_the_next_file(
    city: Server, world: World
) -> None:
    asked = WHY | {"period": "2024", "values": {"inde": 9.5, "genero": "Menina"}}
    done = city.post("/students/O1/corrections", asked).json()
    known = city.get("/students/O1").json()["tasks"]["pede_lag"]

    assert {(c["field"], c["former"], c["value"]) for c in done["corrections"]} == {
        ("inde", 3.0, 9.5), ("genero", None, "feminino"),
    }  # fmt: skip
    rescored = done["rescored"]
    assert rescored["before"]["risk_score"] != rescored["after"]["risk_score"]
    assert known["predictions"][0]["prediction_id"] == rescored["prediction_id"]
    assert known["corrections"] == sorted(
        done["corrections"], key=lambda c: known["corrections"].index(c)
    )
    assert {r["period"]: r["features"]["inde"] for r in known["records"]} == {
        "2023": 3.0, "2024": 9.5,
    }  # fmt: skip

    file = b"RA,INDE,IDA,IEG,IAA,IPS,Defasagem\nO1,3,4,5,5,5,0\n"
    kept = local.post(f"{city.url}/files?period=2024", content=file, headers=CSV, timeout=60)
    assert [one["held"] for one in kept.json()["tables"]] == [1]
    latest = world.registry.run(StudentRepository().get("O1")).in_period("2024")
    assert latest is not None
    assert (latest.features["inde"], latest.features["ida"]) == (9.5, 4.0)


def test_an_outcome_is_put_right(city: Server) -> None:
    city.post("/labels", {"student_id": "O2", "period": "2023", "outcome": 1})

    asked = WHY | {"period": "2023", "values": {"outcome": 0}}
    done = city.post("/students/O2/corrections", asked).json()

    assert [(c["part"], c["former"], c["value"]) for c in done["corrections"]] == [
        ("outcome", 1, 0)
    ]
    assert done["rescored"] is None
    (label,) = city.get("/students/O2").json()["tasks"]["pede_lag"]["labels"]
    assert (label["outcome"], [h["former"] for h in label["history"]]) == (0, [1])


def test_who_has_seen_the_child_is_told_with_times_and_in_the_export(
    city: Server, world: World
) -> None:
    for _ in range(2):
        city.post("/predict", {"student_id": "O3", "inde": 5})
    city.post("/students/O3/objection", WHY)

    def both() -> set[str]:
        found = city.get("/students/O3/seen-by")
        return {s["action"] for s in found.json()["seers"]} if found.is_success else set()

    # What the trail and the log of predictions tell is in the registry a moment later.
    until(lambda: {"predict", "objection"} <= both())
    until(
        lambda: [s["times"] for s in city.get("/students/O3/seen-by").json()["seers"]
                 if s["action"] == "predict"] == [2]
    )  # fmt: skip
    told = city.get("/students/O3/seen-by?limit=1").json()
    export = city.get("/students/O3/export").json()
    assert (len(told["seen"]), told["total"] >= 3) == (1, True)
    assert {s["actor"] for s in told["seers"]} == {"local"}
    assert {s["action"] for s in export["seen_by"]} >= {"predict", "objection"}
    trail = world.registry.run(entries())
    assert "objection" in {e.action for e in trail} and "O3" not in str(trail)
    assert WHY["reason"] not in str(told)
    lift(city, "O3")
    assert "O3" not in world.registry.run(ObjectionRepository().students())


@pytest.mark.parametrize(
    ("lang", "words"), [("pt", "O que sabemos sobre o aluno"), ("en", "What we know")]
)
def test_the_page_to_hand_out_tells_in_both_languages_and_runs_nothing(
    city: Server, lang: str, words: str
) -> None:
    city.post("/students/RA%3Cscript%3E/objection", WHY)
    page = city.get(f"/students/RA%3Cscript%3E/export?format=html&lang={lang}")

    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert f'lang="{lang}"' in page.text
    assert words in page.text
    assert "<script" not in page.text
    assert "&lt;asked&gt;" in page.text
    lift(city, "RA%3Cscript%3E")
