"""The loop by hand, against four real workers."""

from __future__ import annotations

import math
import time
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from database.labels import LabelRepository, OrphanRepository
from database.leases import LeaseRepository, worker_lease
from database.predictions import PredictionRepository
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.students import StudentRepository
from database.watch.jobs import JobRepository
from model.errors import NotFound
from model.promotion import DecisionStatus, Guard, Promotion
from model.student import Observation
from model.watch.job import JobState
from tests import local
from tests.api import bundles
from tests.api.bundles import NOW
from tests.api.conftest import World
from tests.api.server import Server, until

PARTIAL = {"inde": 7.5, "iaa": 8.0, "ips": 6.5, "ipp": 7.0, "ipv": 7.2, "fase": 3}
YEAR_ONE = "0001-01-01T00:00:00+23:59"
OTHER = {"ipv": 0.5, "ips": 0.7, "iaa": 0.3, "ieg": 0.8, "ida": 0.6}


def student() -> str:
    return f"RA-{uuid.uuid4().hex[:8]}"


@pytest.mark.parametrize("record", [PARTIAL, OTHER])
def test_a_partial_record_is_scored_and_the_answer_names_what_was_filled_in(
    server: Server, record: dict[str, float]
) -> None:
    answer = server.post("/predict", record)

    assert answer.status_code == 200
    body = answer.json()
    assert 0 <= body["risk_score"] <= 1
    assert body["student_id"] is None
    assert body["risk_label"] == ("high" if body["risk_score"] >= body["threshold"] else "low")
    assert set(record) & set(body["imputed"]) == set()
    assert len(body["imputed"]) + len(record) == 19
    assert body["latency_ms"] > 0


def test_an_acknowledged_prediction_is_in_the_registry_at_once(
    server: Server, world: World
) -> None:
    who = student()

    body = server.post("/predict", {**PARTIAL, "student_id": who, "period": "2024"}).json()

    kept = world.registry.run(PredictionRepository().get(body["prediction_id"]))
    assert (kept.student_id, kept.period) == (who, "2024")
    assert kept.features == PARTIAL
    assert kept.risk_score == body["risk_score"]
    assert kept.client == "local"


def test_a_whole_number_beyond_64_bits_is_refused_by_every_route_that_takes_one(
    server: Server,
) -> None:
    page = server.get("/openapi.json").json()
    asked = [
        (path.replace("{file_id}", "0" * 64), parameter["name"], parameter["schema"])
        for path, operations in page["paths"].items()
        for parameter in operations.get("get", {}).get("parameters", ())
        if parameter["schema"].get("type") == "integer"
    ]
    assert {name for _, name, _ in asked} == {"limit", "offset", "hours", "row"}

    for path, name, schema in asked:
        assert schema["maximum"] < 2**53, (path, name)
        for value in (2**64, -(2**64), 10**400):
            there = path.replace(f"{{{name}}}", str(value))
            assert server.get(f"{there}?{name}={value}").status_code == 422, (path, name)


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"inde": "seven"}, "inde"),
        ({"inde": True}, "inde"),
        ({"inde": 10.5}, "inde"),
        ({"fase": 3.5}, "fase"),
        ({"indee": 5}, "indee"),
        ({"pedra": "marble"}, "pedra"),
        ({"inde": 5, "period": "soon"}, "period"),
        ({"inde": 5, "student_id": ""}, "student_id"),
        ({"inde": 5, "student_id": "~x"}, "student_id"),
        ({}, "record"),
        ([1], "record"),
    ],
)
def test_a_wrong_field_is_named(server: Server, record: object, field: str) -> None:
    answer = server.post("/predict", record)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [e["field"] for e in answer.json()["errors"]] == [field]


def test_a_body_that_is_not_json_or_too_long_is_refused(server: Server) -> None:
    broken = local.post(f"{server.url}/predict", content=b'{"inde": 7')
    endless = local.post(f"{server.url}/predict", content=b" " * 100_000)

    assert (broken.status_code, endless.status_code) == (400, 413)
    assert broken.json()["errors"][0]["field"] == "body"


def test_unknown_paths_and_methods_get_problem_documents(server: Server) -> None:
    answers = [server.get("/nothing"), server.get("/predict"), server.get("/runs?limit=many")]

    assert [a.status_code for a in answers] == [404, 405, 422]
    assert {a.headers["content-type"] for a in answers} == {"application/problem+json"}
    assert answers[2].json()["errors"][0]["field"] == "limit"


def test_reasons_sum_to_the_log_odds_of_the_score(server: Server) -> None:
    body = server.post("/predict?explain=true", PARTIAL).json()

    total = body["base_value"] + sum(r["contribution"] for r in body["reasons"])
    assert math.log(body["risk_score"] / (1 - body["risk_score"])) == pytest.approx(total)
    strength = [abs(r["contribution"]) for r in body["reasons"]]
    assert strength == sorted(strength, reverse=True)


def test_a_batch_serves_good_rows_though_others_are_bad(server: Server) -> None:
    body = server.post("/predict/batch", {"records": [PARTIAL, {"inde": 99}, OTHER, 3]}).json()

    assert [p["index"] for p in body["predictions"]] == [0, 2]
    alone = server.post("/predict", PARTIAL).json()["risk_score"]
    assert body["predictions"][0]["risk_score"] == pytest.approx(alone, abs=1e-12)
    assert [(e["index"], e["field"]) for e in body["errors"]] == [(1, "inde"), (3, "record")]


def test_a_batch_has_at_most_a_thousand_records(server: Server) -> None:
    many = server.post("/predict/batch", {"records": [PARTIAL] * 1000})
    too_many = server.post("/predict/batch", {"records": [PARTIAL] * 1001})

    assert len(many.json()["predictions"]) == 1000
    assert (too_many.status_code, too_many.json()["errors"][0]["field"]) == (422, "records")


def test_a_known_student_is_scored_from_the_latest_record(server: Server, world: World) -> None:
    who = student()
    seen = [
        Observation(who, "2022", {"inde": 2.0}, bundles.NOW),
        Observation(who, "2023", dict(PARTIAL), bundles.NOW),
    ]
    world.registry.run(StudentRepository().observe(seen))

    body = server.post(f"/predict/{who}").json()

    assert (body["student_id"], body["period"]) == (who, "2023")
    assert body["risk_score"] == server.post("/predict", PARTIAL).json()["risk_score"]
    assert server.post(f"/predict/{student()}").status_code == 404


def test_an_outcome_by_prediction_and_by_student_counts_once(server: Server) -> None:
    who = student()
    prediction = server.post("/predict", {**PARTIAL, "student_id": who, "period": "2023"}).json()

    first = server.post("/labels", {"prediction_id": prediction["prediction_id"], "outcome": 1})
    again = server.post("/labels", [{"student_id": who, "period": "2023", "defasagem": -1}])
    changed = server.post(
        "/labels", {"labels": [{"student_id": who, "period": "2023", "outcome": False}]}
    )

    assert (first.json()["accepted"], first.json()["joined"]) == (1, 1)
    assert (again.json()["accepted"], again.json()["duplicate"]) == (1, 1)
    assert changed.json()["corrected"] == 1


def test_a_label_that_cannot_be_used_is_rejected_with_its_index(server: Server) -> None:
    body = server.post(
        "/labels",
        [
            {"student_id": student(), "period": "2023", "outcome": 1},
            {"student_id": "x", "outcome": 1},
            {"student_id": "x", "period": "2023", "outcome": 2},
            {"prediction_id": "f" * 32, "outcome": 1},
            {"prediction_id": "never served", "outcome": 1},
            {"student_id": "x", "period": "2031", "outcome": 1},
            {"student_id": "x", "period": "2023", "outcome": 1, "defasagem": 2},
            {"student_id": "x", "period": "2023", "outcome": 1, "observed_at": YEAR_ONE},
            "nonsense",
        ],
    ).json()

    assert (body["accepted"], body["orphaned"]) == (2, 2)
    assert [r["index"] for r in body["rejected"]] == [1, 2, 4, 5, 6, 7, 8]
    assert "period" in body["rejected"][0]["reason"]


def test_a_bulk_of_outcomes_is_taken_in_its_order(server: Server, world: World) -> None:
    who = student()
    made = server.post("/predict", {**PARTIAL, "student_id": who, "period": "2023"}).json()
    named = {"prediction_id": made["prediction_id"]}

    body = server.post("/labels", [{**named, "outcome": 1}, {**named, "outcome": 0}]).json()

    assert (body["joined"], body["corrected"], body["early"]) == (1, 1, 0)
    assert world.registry.run(LabelRepository().of(who, "2023")).outcome == 0.0


def test_an_outcome_that_is_told_at_once_is_kept_and_counted_as_early(server: Server) -> None:
    made = server.post("/predict", {**PARTIAL, "student_id": student()}).json()

    body = server.post("/labels", {"prediction_id": made["prediction_id"], "outcome": 1}).json()

    assert (body["accepted"], body["joined"], body["early"]) == (1, 1, 1)


def test_an_outcome_of_another_student_than_its_prediction_is_refused(server: Server) -> None:
    made = server.post("/predict", {**PARTIAL, "student_id": student()}).json()
    told = {"prediction_id": made["prediction_id"], "student_id": student(), "outcome": 1}

    body = server.post("/labels", told).json()

    assert body["accepted"] == 0
    assert "another student" in body["rejected"][0]["reason"]


def test_one_client_cannot_flood_the_registry_with_made_up_students(
    server: Server, world: World
) -> None:
    flood = [{"student_id": student(), "period": "2023", "outcome": 1} for _ in range(1_500)]

    body = server.post("/labels", flood).json()

    assert body["orphaned"] <= 1_000
    assert body["orphaned"] + len(body["rejected"]) == 1_500
    assert "send the features first" in body["rejected"][-1]["reason"]
    assert world.registry.run(OrphanRepository().count()) == 1_000
    known = server.post("/predict", {**PARTIAL, "student_id": student()}).json()
    named = {"prediction_id": known["prediction_id"], "outcome": 1}
    assert server.post("/labels", named).json()["joined"] == 1


def test_the_list_of_students_at_risk_is_sorted_and_explained(server: Server, world: World) -> None:
    known = [
        Observation(f"L-{i}", "2031", features, bundles.NOW)
        for i, features in enumerate(bundles.records(40, seed=7))
    ]
    world.registry.run(StudentRepository().observe(known))

    body = server.get("/students/at-risk?period=2031&limit=5").json()
    rest = server.get("/students/at-risk?period=2031&limit=1000&offset=5").json()

    found = [s["risk_score"] for s in body["students"] + rest["students"]]
    assert found == sorted(found, reverse=True)
    assert body["total"] == len(found) > 5
    assert min(found) >= 0.5
    assert body["students"][0]["reasons"]


def test_a_period_of_which_nothing_is_known_is_told_whatever_it_is(server: Server) -> None:
    odd = ("", "1", "2031%00", "%F0%9F%92%A1")

    answers = [server.get(f"/students/at-risk?period={period}") for period in odd]
    published = server.post("/lists", {"period": ""})

    assert [a.status_code for a in (*answers, published)] == [404] * 5


def test_an_erased_student_is_gone_and_the_receipt_tells_what_was(
    server: Server, world: World
) -> None:
    who = student()
    prediction = server.post("/predict", {**PARTIAL, "student_id": who, "period": "2023"}).json()
    server.post("/labels", {"student_id": who, "period": "2023", "outcome": 1})

    receipt = local.delete(f"{server.url}/students/{who}").json()

    assert receipt["deleted"]["predictions"] == 1
    with pytest.raises(NotFound):
        world.registry.run(PredictionRepository().get(prediction["prediction_id"]))
    assert local.delete(f"{server.url}/students/{who}").status_code == 404


PLAIN = {"dry_run": False, "without_erased": False}
"""The options of a run of which nothing was asked for."""


def test_a_training_run_is_queued_for_the_worker(server: Server) -> None:
    asked = server.post("/train", {"seed": 3})

    assert asked.status_code == 202
    run = server.get(f"/runs/{asked.json()['run_id']}").json()
    assert (run["status"], run["options"]) == ("queued", {**PLAIN, "seed": 3})
    assert run["cause"] == {
        "trigger": "request", "en": "local asked for it", "pt": "local pediu"
    }  # fmt: skip


def test_the_workers_jobs_are_a_part_of_the_health_and_one_that_fails_is_a_fault(
    server: Server, world: World
) -> None:
    failing = JobState("drift", "host/1", next_at=NOW, ok=False, failures=2, detail="disk is full")
    waiting = JobState("retrain", "host/1", next_at=NOW)
    for job in (failing, waiting):
        world.registry.run(JobRepository().put(job))

    part = server.get("/health").json()["parts"]["jobs"]
    world.registry.run(JobRepository().forget(["drift", "retrain"]))

    assert (part["state"], part["detail"]) == ("degraded", "drift: disk is full")
    told = [(job["job"], job["ok"], job["failures"]) for job in part["jobs"]]
    assert told == [("drift", False, 2), ("retrain", None, 0)]
    assert part["jobs"][1]["next_at"] is not None
    assert server.get("/health").json()["parts"]["jobs"] == {"state": "ok", "jobs": []}


def test_every_option_of_a_run_can_be_asked_for(server: Server) -> None:
    wished = {
        "window": 500, "min_recall_gain": 0.02, "seed": 7, "dry_run": True, "trials": 5,
        "seconds": 2.5, "without_erased": True,
    }  # fmt: skip

    asked = server.post("/train", wished)

    assert server.get(f"/runs/{asked.json()['run_id']}").json()["options"] == wished
    page = server.get("/openapi.json").json()["paths"]["/train"]["post"]["requestBody"]
    assert page["content"]["application/json"]["schema"]["properties"].keys() == {*wished, "reason"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sed", 3), ("window", 0), ("window", 2.5), ("window", True), ("window", 10**30),
        ("min_recall_gain", 1.5), ("min_recall_gain", "0.1"), ("seed", -1), ("dry_run", "yes"),
        ("dry_run", 1), ("trials", -1), ("seconds", 0), ("seconds", 1e9),
    ],
)  # fmt: skip
def test_an_option_that_is_unknown_or_wrong_is_refused_at_once_by_its_name(
    server: Server, name: str, value: object
) -> None:
    refused = server.post("/train", {name: value})

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == name


def test_the_same_run_asked_for_again_while_it_waits_is_the_same_run(server: Server) -> None:
    first, second = (server.post("/train", {"seed": 11}).json() for _ in range(2))
    other = server.post("/train", {"seed": 12}).json()

    assert first == second
    assert other["run_id"] != first["run_id"]


def test_runs_do_not_queue_without_bound(server: Server, world: World) -> None:
    asked = [server.post("/train", {"seed": 100 + i}) for i in range(21)]

    assert asked[-1].status_code == 429
    assert int(asked[-1].headers["retry-after"]) > 0
    assert len(world.registry.run(RunRepository().queued())) == 20


def test_every_worker_serves_a_promotion_and_a_rollback_within_two_seconds(
    server: Server, world: World
) -> None:
    former = server.get("/model").json()["version"]
    version = bundles.register(world.registry, bundles.archive(1.5))

    promoted = server.post(f"/models/{version}/promote", {"reason": "try it"})
    took = until(lambda: {w["version"] for w in server.workers()} == {version}, 5)
    rolled = server.post("/model/rollback", {"reason": "no good"})
    took_back = until(lambda: {w["version"] for w in server.workers()} == {former}, 5)

    assert promoted.json()["former"] == former
    assert rolled.json()["version"] == former
    assert max(took, took_back) < 2
    decisions = server.get(f"/models/{version}").json()["decisions"]
    assert decisions[0]["reasons"] == ["try it"]
    assert {m["version"] for m in server.get("/models").json()["models"]} >= {former, version}


def test_a_version_moved_by_hand_keeps_the_decision_and_evidence_of_its_run(
    server: Server, world: World
) -> None:
    serving = server.get("/model").json()["version"]
    version = bundles.register(world.registry, bundles.archive(2.5))
    kept = Promotion(
        uuid.uuid4().hex, NOW, "pipeline", "train", DecisionStatus.KEPT, version, serving,
        ("recall is worse",), (Guard("recall", False, "recall is worse", 0.7, 0.8),),
        {"rows": 300},
    )  # fmt: skip
    world.registry.run(PromotionRepository().add(kept))

    server.post(f"/models/{version}/promote", {"reason": "the school asks for it"})
    told = server.get(f"/models/{version}").json()
    server.post("/model/rollback", {"reason": "back again"})

    assert told["decision"]["reasons"] == ["recall is worse"]
    assert told["decision"]["evidence"] == {"rows": 300}
    assert [g["name"] for g in told["decision"]["guards"]] == ["recall"]
    assert told["moved_by_hand"]["reasons"] == ["the school asks for it"]
    assert len(told["decisions"]) == 2


@pytest.mark.parametrize("path", ["/model/rollback", "/models/v1/promote"])
@pytest.mark.parametrize("body", [None, {}, {"reason": ""}, {"reason": "  "}, {"reason": 7}])
def test_nobody_moves_the_champion_without_a_reason(
    server: Server, path: str, body: object
) -> None:
    before = server.get("/models").json()["champion"]

    refused = server.post(path, body)

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "reason"
    assert server.get("/models").json()["champion"] == before


def test_the_page_says_that_a_reason_is_needed(server: Server) -> None:
    paths = server.get("/openapi.json").json()["paths"]
    for path in ("/model/rollback", "/models/{version}/promote"):
        schema = paths[path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert schema["required"] == ["reason"]


def test_an_unknown_version_cannot_be_promoted_and_the_champion_not_twice(server: Server) -> None:
    serving = server.get("/model").json()["version"]

    assert server.post("/models/v999/promote", {"reason": "x"}).status_code == 404
    assert server.post(f"/models/{serving}/promote", {"reason": "x"}).status_code == 409


def test_health_tells_of_a_retraining_worker_that_is_heard_of_no_more(
    server: Server, world: World
) -> None:
    def told() -> dict[str, str]:
        found: dict[str, str] = server.get("/health").json()["parts"]["retraining"]
        return found

    before = told()
    now = datetime.now(UTC)
    lease = world.registry.run(
        LeaseRepository().acquire(
            worker_lease("pede_lag"), "host/1", now=now, ttl=timedelta(seconds=0.5)
        )
    )
    up = told()
    time.sleep(0.6)
    gone = told()
    world.registry.run(LeaseRepository().release(lease))

    assert (before["state"], up["state"], gone["state"]) == ("ok", "ok", "degraded")
    assert up["holder"] == "host/1"
    assert "not heard of since" in gone["detail"]
    assert told()["state"] == "ok"


def test_health_tells_which_task_a_retraining_worker_does_not_work_on_and_the_way_out(
    server: Server, world: World
) -> None:
    name, now = worker_lease("pede_lag"), datetime.now(UTC)
    reason = "task 'pede_lag' has changed; deployment.tasks add FILE"
    world.registry.run(LeaseRepository().decline(name, "host/1", reason, now))
    told = server.get("/health").json()["parts"]["retraining"]
    ready = server.get("/health/ready").status_code
    lease = world.registry.run(
        LeaseRepository().acquire(name, "host/1", now=now, ttl=timedelta(seconds=5))
    )
    world.registry.run(LeaseRepository().release(lease))

    assert told["state"] == "degraded"
    assert told["detail"].startswith("host/1 does not work on this task")
    assert told["detail"].endswith(reason)
    assert ready == 200
    assert server.get("/health").json()["parts"]["retraining"]["state"] == "ok"


def test_health_shows_every_worker_with_its_generation(server: Server) -> None:
    report = server.get("/health").json()

    assert list(report["parts"]) == [
        "registry", "champion", "outbox", "worker", "retraining", "approval", "jobs", "tokens",
    ]  # fmt: skip
    assert {part["state"] for part in report["parts"].values()} == {"ok"}
    assert len({w["pid"] for w in report["workers"]}) == 4
    assert all(w["generation"] >= 1 for w in report["workers"])
    assert server.get("/health/ready").status_code == 200


def test_metrics_add_up_over_all_workers(server: Server) -> None:
    def served() -> float:
        lines = server.get("/metrics").text.splitlines()
        return sum(
            float(line.rsplit(" ", 1)[1])
            for line in lines
            if line.startswith("farol_predictions_total")
        )

    time.sleep(1)  # Each worker adds up what it counted twice a second.
    before = served()

    for _ in range(20):
        # A new connection each time, so that more than one worker answers.
        server.post("/predict", PARTIAL)

    until(lambda: {served() for _ in range(8)} == {before + 20}, 3)


def test_the_openapi_page_describes_the_tasks_own_fields(server: Server) -> None:
    page = server.get("/openapi.json").json()

    record = page["components"]["schemas"]["Record"]["properties"]
    assert (record["inde"]["minimum"], record["inde"]["maximum"]) == (0, 10)
    assert record["inde"]["description"]
    assert record["pedra"]["enum"] == ["quartzo", "agata", "ametista", "topazio"]
    assert page["paths"]["/predict"]["post"]["requestBody"]
    assert server.get("/docs").status_code == 200


def test_the_schema_lists_every_feature(server: Server) -> None:
    features = {f["name"]: f for f in server.get("/schema").json()["features"]}

    assert features["fase"]["integer"] is True
    assert Counter(f["kind"] for f in features.values()) == {"numeric": 17, "category": 2}
