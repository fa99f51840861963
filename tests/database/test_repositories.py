"""What every repository promises, on every server and driver."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from database import (
    aliases,
    api_keys,
    artifacts,
    audit,
    batches,
    drift_reports,
    leases,
    predictions,
    runs,
    students,
    versions,
)
from database.driver.commands import Document, InsertMany, Op, Replace, ReplaceMany
from database.mapping.documents import to_document
from model.access import ApiKey, AuditEvent, Scope
from model.batch import Batch, BatchKind, RowReject
from model.drift import DriftReport, FeatureDrift
from model.errors import Conflict, LeaseHeld, LeaseLost, NotFound
from model.run import RunStatus, RunStep
from model.trust.key_seal import KeysInForce, sealed
from tests.database import builders
from tests.database.builders import START, at, observation, prediction
from tests.database.drivers import Run


def a_batch(batch_id: str = "sha") -> Batch:
    return Batch(
        batch_id=batch_id,
        kind=BatchKind.LABELLED,
        source="PEDE.xlsx/PEDE2023",
        period="2023",
        rows_read=3,
        rows_kept=2,
        rejects=(RowReject(3, "inde", "no number"),),
        cells_ignored={"ieg": 1, "nota. port": 2},
        columns_ignored=("Nome",),
        ingested_at=START,
    )


def test_the_same_batch_twice_is_one_batch(run: Run) -> None:
    assert run(batches.add(a_batch()))
    assert not run(batches.add(a_batch()))

    assert run(batches.get("sha")) == a_batch()
    assert run(batches.recent(10)) == [a_batch()]


def test_an_unknown_batch_is_not_found(run: Run) -> None:
    with pytest.raises(NotFound):
        run(batches.get("nope"))


def test_predictions_come_back_as_they_were_written(run: Run) -> None:
    written = [prediction("p1"), prediction("p2", None, created_at=at(1))]

    assert run(predictions.add_many(written)) == 2
    assert run(predictions.add_many([*written, prediction("p3", created_at=at(2))])) == 1

    assert run(predictions.get("p2")) == written[1]
    assert [p.prediction_id for p in run(predictions.recent(2))] == ["p3", "p2"]
    assert [p.prediction_id for p in run(predictions.recent(9, at(1)))] == ["p3", "p2"]
    assert [p.prediction_id for p in run(predictions.of_student("RA-1", "2023"))] == ["p3", "p1"]
    assert run(predictions.count()) == 3
    assert run(predictions.count(at(2))) == 1


def test_adding_no_predictions_is_no_error(run: Run) -> None:
    assert run(predictions.add_many([])) == 0


def test_a_student_is_known_period_by_period(run: Run) -> None:
    seen = [observation(period="2024", observed_at=at(5)), observation(period="2022")]

    assert run(students.observe(seen)) == 2

    student = run(students.get("RA-1"))
    assert [o.period for o in student.observations] == ["2022", "2024"]
    assert student.in_period("2024") == seen[0]
    assert run(students.periods()) == ("2022", "2024")
    assert run(students.in_period("2022")) == [seen[1]]
    assert run(students.in_period("2023")) == []


def test_an_older_observation_never_replaces_a_newer_one(run: Run) -> None:
    newer = observation(observed_at=at(2), features={"inde": 9.0})
    older = observation(observed_at=at(1), features={"inde": 1.0})

    run(students.observe([newer]))
    assert run(students.observe([older])) == 0
    assert run(students.observe([newer])) == 0

    assert run(students.get("RA-1")).latest == newer


def test_recent_observations_are_one_a_student_newest_first(run: Run) -> None:
    run(
        students.observe(
            [
                observation("a", "2022", at(1)),
                observation("a", "2023", at(4)),
                observation("b", "2022", at(3)),
            ]
        )
    )

    found = run(students.recent_observations(5))

    assert [(o.student_id, o.period) for o in found] == [("a", "2023"), ("b", "2022")]


def test_several_students_are_read_at_once(run: Run) -> None:
    run(students.observe([observation("a"), observation("b")]))

    assert set(run(students.get_many(["a", "b", "nobody"]))) == {"a", "b"}
    with pytest.raises(NotFound):
        run(students.get("nobody"))


def test_a_period_that_a_document_cannot_hold_is_refused(run: Run) -> None:
    with pytest.raises(ValueError, match="dot"):
        run(students.observe([observation(period="2023.1")]))


def test_versions_are_numbered_without_gaps(run: Run) -> None:
    assert run(versions.next_number()) == 1
    run(versions.add(builders.model_version(1)))

    assert run(versions.next_number()) == 2
    with pytest.raises(Conflict, match="registered already"):
        run(versions.add(builders.model_version(1)))
    with pytest.raises(Conflict, match="gap"):
        run(versions.add(builders.model_version(3)))


def test_a_version_comes_back_as_it_was_written(run: Run) -> None:
    written = builders.model_version(1)
    run(versions.add(written))
    second = run(versions.register(builders.model_version))

    assert run(versions.get("v1")) == written
    assert [v.version for v in run(versions.newest(5))] == [second.version, "v1"]
    with pytest.raises(NotFound):
        run(versions.get("v9"))


def test_an_artifact_is_stored_by_its_digest(run: Run) -> None:
    digest = run(artifacts.put(b"weights"))

    assert run(artifacts.put(b"weights")) == digest
    assert run(artifacts.get(digest)) == b"weights"
    assert run(artifacts.get(run(artifacts.put(b"")))) == b""
    with pytest.raises(NotFound):
        run(artifacts.get("0" * 64))


def test_an_alias_moves_only_from_the_revision_that_was_read(run: Run) -> None:
    assert run(aliases.get("challenger")) is None
    first = run(aliases.point("challenger", "v1", expected_revision=0, now=START))
    second = run(aliases.point("challenger", "v2", expected_revision=1, now=at(1)))

    assert (first.revision, second.revision) == (1, 2)
    assert run(aliases.get("challenger")) == second
    for stale in (0, 1, 5):
        with pytest.raises(Conflict):
            run(aliases.point("challenger", "v3", expected_revision=stale, now=at(2)))
    with pytest.raises(ValueError, match="promotion"):
        run(aliases.point("champion", "v1", expected_revision=0, now=START))


def test_a_lease_has_one_holder_and_a_growing_token(run: Run) -> None:
    ttl = timedelta(minutes=5)
    mine = run(leases.acquire("retraining", "a", now=START, ttl=ttl))
    with pytest.raises(LeaseHeld, match="held by a"):
        run(leases.acquire("retraining", "b", now=at(0), ttl=ttl))

    theirs = run(leases.acquire("retraining", "b", now=at(1), ttl=ttl))

    assert theirs.token == mine.token + 1
    with pytest.raises(LeaseLost):
        run(leases.check(mine, at(1)))
    with pytest.raises(LeaseLost):
        run(leases.renew(mine, at(1), ttl))
    run(leases.release(mine))
    run(leases.check(theirs, at(1)))


def test_a_lease_can_be_renewed_and_released(run: Run) -> None:
    ttl = timedelta(minutes=5)
    lease = run(leases.acquire("retraining", "a", now=START, ttl=ttl))
    lease = run(leases.renew(lease, START + ttl / 2, ttl))
    run(leases.check(lease, START + ttl * 1.2))
    with pytest.raises(LeaseLost, match="expired"):
        run(leases.check(lease, START + ttl * 2))

    run(leases.release(lease))

    assert run(leases.acquire("retraining", "b", now=START, ttl=ttl)).token == lease.token + 1


def test_a_run_is_told_step_by_step(run: Run) -> None:
    queued = builders.run(status=RunStatus.QUEUED, token=None)
    run(runs.start(queued))
    assert run(runs.queued()) == [queued]

    running = builders.run()
    run(runs.start(running))
    run(runs.step("run-1", RunStep("window", START, "600 labels")))
    run(runs.step("run-1", RunStep("train", at(1))))
    run(runs.finish(replace(running, status=RunStatus.KEPT, finished_at=at(2))))

    told = run(runs.get("run-1"))
    assert told.status is RunStatus.KEPT
    assert [step.name for step in told.steps] == ["window", "train"]
    assert run(runs.queued()) == []
    assert run(runs.newest(5)) == [told]
    with pytest.raises(Conflict):
        run(runs.start(running))
    with pytest.raises(NotFound):
        run(runs.step("nope", RunStep("x", START)))


def test_a_run_whose_lease_is_gone_is_abandoned(run: Run) -> None:
    lease = run(leases.acquire("retraining", "a", now=START, ttl=timedelta(minutes=5)))
    run(runs.start(builders.run("alive", token=lease.token)))
    run(runs.start(builders.run("dead", token=lease.token + 7)))

    assert run(runs.abandon_stale(START)) == 1
    assert run(runs.get("dead")).status is RunStatus.ABANDONED
    assert run(runs.get("alive")).status is RunStatus.RUNNING

    assert run(runs.abandon_stale(at(1))) == 1
    assert run(runs.get("alive")).status is RunStatus.ABANDONED


def test_a_drift_report_comes_back_as_it_was_written(run: Run) -> None:
    feature = FeatureDrift("inde", "ks", 0.3, 1e-9, 1e-8, 0.3, 0.1, 0.4, True, 0.0, 0.0)
    unknown = replace(feature, feature="ieg", psi=math.nan, unseen=("9",))
    report = DriftReport(
        "d1", START, "v1", 600, ("2023",), (feature, unknown), True, {"recall": 0.7}
    )
    run(drift_reports.add(report))
    run(drift_reports.add(replace(report, report_id="d2", at=at(1))))

    stored = run(drift_reports.get("d1"))
    assert stored.features[0] == feature
    assert math.isnan(stored.features[1].psi)
    assert stored.realised == {"recall": 0.7}
    assert [r.report_id for r in run(drift_reports.newest(5))] == ["d2", "d1"]
    with pytest.raises(NotFound):
        run(drift_reports.get("d3"))


def test_the_audit_log_is_read_newest_first(run: Run) -> None:
    events = [AuditEvent(f"e{i}", at(i), "admin", "promote", "v1") for i in range(3)]
    for event in events:
        run(audit.add(event))
        run(audit.add(event))

    assert run(audit.newest(2)) == [events[2], events[1]]


def test_a_revoked_key_whose_document_is_put_back_stays_revoked(run: Run) -> None:
    key = sealed(ApiKey("k1", "school", "d" * 64, frozenset({Scope.READ}), START), b"key")
    run(api_keys.add(key))
    before = run(api_keys.those_in_force(frozenset(), b"key"))
    run(api_keys.revoke("k1", at(1), b"key"))

    run(put_back(key))

    assert before.keys == (key,)
    assert run(api_keys.get("k1")) == key
    assert run(api_keys.those_in_force(frozenset(), b"key")) == KeysInForce(
        (), frozenset({"k1"}), ()
    )


def put_back(key: ApiKey) -> Op[None]:
    document = to_document(key, key="key_id")
    yield ReplaceMany("api_keys", [Replace({"_id": key.key_id}, document)])


def test_documents_that_are_no_keys_do_not_keep_the_others_from_being_read(run: Run) -> None:
    key = sealed(ApiKey("k1", "school", "d" * 64, frozenset({Scope.READ}), START), b"key")
    run(api_keys.add(key))
    run(insert("api_keys", {"_id": "k2", "digest": "e" * 64, "scopes": ["everything"]}))
    odd = to_document(key, key="key_id") | {"_id": "k3", "digest": "f" * 64, "name": {"a": 1}}
    run(insert("api_keys", odd))
    run(insert("key_revocations", {"_id": "k1", "signature": 7}))

    found = run(api_keys.those_in_force(frozenset(), b"key"))

    assert (found.keys, found.foreign) == ((key,), ("k3",))


def insert(collection: str, document: Document) -> Op[None]:
    yield InsertMany(collection, [document])


def test_a_key_is_found_by_its_digest_until_it_is_revoked(run: Run) -> None:
    key = ApiKey("k1", "school", "d" * 64, frozenset({Scope.LABEL, Scope.PREDICT}), START)
    run(api_keys.add(key))
    with pytest.raises(Conflict):
        run(api_keys.add(key))

    assert run(api_keys.by_digest("d" * 64)) == key
    assert run(api_keys.by_digest("e" * 64)) is None
    revoked = run(api_keys.revoke("k1", at(1), b"key"))

    assert revoked.revoked_at == at(1)
    assert run(api_keys.revoke("k1", at(9), b"key")) == revoked
    assert run(api_keys.all()) == [revoked]
    assert run(api_keys.get("k1")) == revoked
    with pytest.raises(NotFound):
        run(api_keys.revoke("k2", START, b"key"))
