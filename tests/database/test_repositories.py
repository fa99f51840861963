"""What every repository promises, on every server and driver."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from datetime import timedelta

import pytest

from database.aliases import AliasRepository
from database.api_keys import ApiKeyRepository
from database.artifacts import CHUNK, ArtifactRepository
from database.audit import AuditRepository
from database.batches import BatchRepository
from database.comparing.comparisons import ComparisonRepository
from database.drift_reports import DriftReportRepository
from database.driver.commands import Command, Document, Find, InsertMany, Op, Replace, ReplaceMany
from database.driver.run import drive
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository
from database.leases import LeaseRepository
from database.mapping.documents import to_document
from database.predictions import PredictionRepository
from database.runs import RunRepository
from database.students import PeriodRepository, StudentRepository
from database.unit_history import SUBJECT, UnitHistoryRepository
from database.versions import ModelVersionRepository
from database.watch import pages, run_logs
from database.watch.canaries import CanaryRepository
from database.watch.jobs import JobRepository
from database.watch.pages import DriftPictureRepository
from database.watch.run_logs import RunLogRepository
from database.watch.shadows import ShadowRepository
from database.watch.unnamed_artifacts import UnnamedArtifactRepository
from model.access import ApiKey, AuditEvent, Scope
from model.batch import Batch, BatchKind, RowReject
from model.comparing.comparison import ComparisonStatus, VersionComparison
from model.decisions.cause import requested_by
from model.drift import DriftReport, FeatureDrift
from model.errors import Conflict, LeaseHeld, LeaseLost, NotFound
from model.run import RunOutline, RunStatus, RunStep
from model.trust.key_file import KeyNotes
from model.trust.key_seal import KeysInForce, sealed
from model.units.history import UnitPeriod, UnitServed
from model.watch.canary import Canary, CanaryState
from model.watch.job import JobState
from model.watch.picture import DriftPicture, FeaturePicture
from model.watch.run_log import LogLine
from model.watch.shadow import FlagTally, LogCursor, ShadowEdges, ShadowRecord, ShadowTally
from tests.database import builders
from tests.database.builders import START, at, observation, outcome, prediction
from tests.database.drivers import Run
from tests.trail import of_before


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
    assert run(BatchRepository().add(a_batch()))
    assert not run(BatchRepository().add(a_batch()))

    assert run(BatchRepository().get("sha")) == a_batch()
    assert run(BatchRepository().newest(10)) == [a_batch()]


def test_an_unknown_batch_is_not_found(run: Run) -> None:
    with pytest.raises(NotFound):
        run(BatchRepository().get("nope"))


def test_the_log_is_read_on_from_any_of_its_predictions(run: Run) -> None:
    """Of those served at one moment too, as those of a batch or a file are."""
    days = {"a": 0, "b": 1, "c": 1, "d": 1, "e": 2, "f": 3}
    run(PredictionRepository().add_many([prediction(p, created_at=at(d)) for p, d in days.items()]))

    def read(day: float, last: str, limit: int = 9) -> str:
        found = PredictionRepository().logged_after(at(day), last, until=at(2), limit=limit)
        return "".join(one.prediction_id for one in run(found))

    assert read(-1, "") == "abcde"
    assert [read(1, "b"), read(1, "b", limit=1), read(1, "b", limit=3)] == ["cde", "c", "cde"]
    assert [read(1, ""), read(2, "e"), read(0, "a", limit=2)] == ["e", "", "bc"]


def test_of_canaries_the_one_that_was_begun_last_counts(run: Run) -> None:
    def canary(version: str, day: float) -> Canary:
        return Canary(version, "v1", 0.1, CanaryState.ON, at(day), at(day), "ana", "a look")

    canaries = CanaryRepository()
    first = run(canaries.begin(canary("v2", 1)))
    second = run(canaries.begin(canary("v3", 2)))

    assert run(canaries.current()) == second
    former = run(canaries.get("v2"))
    assert (former.state, former.reason) == (
        CanaryState.ENDED, "the canary of v3 was begun in its place",
    )  # fmt: skip
    assert not run(canaries.finish(replace(first, state=CanaryState.STOPPED)))
    assert run(canaries.end(actor="ana", reason="no", now=at(3), version="v2")) == ""
    assert run(canaries.end(actor="ana", reason="enough", now=at(3))) == "v3"
    assert run(canaries.current()) is None
    assert run(canaries.begin(canary("v3", 4))).revision == 3


def test_a_shadow_is_stored_at_the_revision_that_was_read(run: Run) -> None:
    tally = ShadowTally(FlagTally(12, 3, 1, 2, 4.5, 2.5, 3.0), cells={"0:1": 12}, same_status=9)
    edges = ShadowEdges((0.5,), (0.25, 0.75))
    record = ShadowRecord("v2", "v1", at(0), at(1), LogCursor(at(1), "p9"), edges, tally)

    stored = run(ShadowRepository().put(record))

    assert stored == replace(record, revision=1)
    with pytest.raises(Conflict, match="the shadow of v2 is no longer at 0"):
        run(ShadowRepository().put(record))
    assert run(ShadowRepository().put(stored)).revision == 2


def test_comparisons_wait_oldest_first_and_are_made_once(run: Run) -> None:
    for name, days in (("newer", 2), ("older", 1)):
        run(ComparisonRepository().ask(VersionComparison(name, at(days), "v1", "v2", "ana")))

    older, newer = run(ComparisonRepository().waiting())
    done = replace(older, status=ComparisonStatus.DONE, done_at=at(3))

    assert (older.comparison_id, newer.comparison_id) == ("older", "newer")
    assert run(ComparisonRepository().put(done)) and not run(ComparisonRepository().put(done))
    assert run(ComparisonRepository().waiting()) == [newer]
    assert [one.comparison_id for one in run(ComparisonRepository().newest())] == ["newer", "older"]


def test_a_run_log_grows_line_by_line_and_only_the_newest_logs_are_kept(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_logs, "MOST_LOGS", 2)
    for i in range(3):
        run(RunLogRepository().add(f"run-{i}", [LogLine(at(i), "begun")]))
    run(RunLogRepository().add("run-2", [LogLine(at(200), "goes on")]))

    assert run(RunLogRepository().find("run-0")) is None
    assert run(RunLogRepository().count()) == 2
    log = run(RunLogRepository().get("run-2"))
    assert [line.text for line in log.lines] == ["begun", "goes on"] and log.at == at(200)


def test_predictions_come_back_as_they_were_written(run: Run) -> None:
    written = [prediction("p1"), prediction("p2", None, created_at=at(1))]

    assert run(PredictionRepository().add_many(written)) == 2
    assert run(PredictionRepository().add_many([*written, prediction("p3", created_at=at(2))])) == 1

    assert run(PredictionRepository().get("p2")) == written[1]
    assert [p.prediction_id for p in run(PredictionRepository().newest(2))] == ["p3", "p2"]
    assert [p.prediction_id for p in run(PredictionRepository().newest(9, at(1)))] == ["p3", "p2"]
    asked = run(PredictionRepository().of_students(["RA-1"], ["2023"]))
    assert sorted(p.prediction_id for p in asked) == ["p1", "p3"]
    assert run(PredictionRepository().count()) == 3
    assert run(PredictionRepository().count(at(2))) == 1


def test_adding_no_predictions_is_no_error(run: Run) -> None:
    assert run(PredictionRepository().add_many([])) == 0


def test_a_student_is_known_period_by_period(run: Run) -> None:
    seen = [observation(period="2024", observed_at=at(5)), observation(period="2022")]

    assert run(StudentRepository().observe(seen)) == 2

    student = run(StudentRepository().get("RA-1"))
    assert [o.period for o in student.observations] == ["2022", "2024"]
    assert student.in_period("2024") == seen[0]
    assert run(PeriodRepository().all()) == ("2022", "2024")
    assert run(StudentRepository().in_period("2022")) == [seen[1]]
    assert run(StudentRepository().in_period("2023")) == []


@pytest.mark.parametrize("period", ["2022", "2023"])
def test_the_students_of_some_units_come_by_id_in_any_period(run: Run, period: str) -> None:
    lives = {"d": "north", "a": "south", "c": "north", "b": "east", "e": "south"}
    seen = [
        replace(observation(student, year), units={"school": unit}, unit=unit)
        for student, unit in lives.items()
        for year in ("2022", "2023")
    ]
    run(StudentRepository().observe([*seen, replace(observation("f", "2022"), unit="north")]))
    here = StudentRepository()

    found = run(here.in_period(period, units={"north", "south"}))

    left = ["f"] if period == "2022" else []
    assert [one.student_id for one in found] == ["a", "c", "d", "e", *left]
    assert run(here.in_period(period, 2, units={"north", "south"})) == found[:2]
    assert run(here.in_period(period, units=())) == []


def test_the_students_of_a_unit_are_found_in_the_index_alone() -> None:
    asked: list[Find] = []

    def answered(command: Command) -> list[Document]:
        assert isinstance(command, Find)
        asked.append(command)
        return [{"_id": "2023"}] if command.collection == PeriodRepository.collection else []

    drive(StudentRepository().in_period("2023", units={"north", "south"}), answered)

    # With a second condition, or an order, the embedded server would read more than these students.
    assert [(find.where, find.sort) for find in asked[1:]] == [
        ({"unit": {"$in": ["north", "south"]}}, ())
    ]


def test_an_older_observation_never_replaces_a_newer_one(run: Run) -> None:
    newer = observation(observed_at=at(2), features={"inde": 9.0})
    older = observation(observed_at=at(1), features={"inde": 1.0})

    run(StudentRepository().observe([newer]))
    assert run(StudentRepository().observe([older])) == 0
    assert run(StudentRepository().observe([newer])) == 0

    assert run(StudentRepository().get("RA-1")).latest == newer


def test_students_are_listed_by_what_became_known_last(run: Run) -> None:
    run(
        StudentRepository().observe(
            [
                observation("a", "2022", at(1)),
                observation("a", "2023", at(4)),
                observation("b", "2022", at(3)),
            ]
        )
    )

    assert [s.student_id for s in run(StudentRepository().newest(5))] == ["a", "b"]


def test_several_students_are_read_at_once(run: Run) -> None:
    run(StudentRepository().observe([observation("a"), observation("b")]))

    assert set(run(StudentRepository().get_many(["a", "b", "nobody"]))) == {"a", "b"}
    with pytest.raises(NotFound):
        run(StudentRepository().get("nobody"))


def test_a_period_that_a_document_cannot_hold_is_refused(run: Run) -> None:
    with pytest.raises(ValueError, match="dot"):
        run(StudentRepository().observe([observation(period="2023.1")]))


def test_versions_are_numbered_without_gaps(run: Run) -> None:
    assert run(ModelVersionRepository().next_number()) == 1
    run(ModelVersionRepository().add(builders.model_version(1)))

    assert run(ModelVersionRepository().next_number()) == 2
    with pytest.raises(Conflict, match="registered already"):
        run(ModelVersionRepository().add(builders.model_version(1)))
    with pytest.raises(Conflict, match="gap"):
        run(ModelVersionRepository().add(builders.model_version(3)))


def test_a_version_comes_back_as_it_was_written(run: Run) -> None:
    written = builders.model_version(1)
    run(ModelVersionRepository().add(written))
    second = run(ModelVersionRepository().register(builders.model_version))

    assert run(ModelVersionRepository().get("v1")) == written
    assert [v.version for v in run(ModelVersionRepository().newest(5))] == [second.version, "v1"]
    with pytest.raises(NotFound):
        run(ModelVersionRepository().get("v9"))


def test_an_artifact_is_stored_by_its_digest(run: Run) -> None:
    digest = run(ArtifactRepository().put(b"weights"))

    assert run(ArtifactRepository().put(b"weights")) == digest
    assert run(ArtifactRepository().get(digest)) == b"weights"
    assert run(ArtifactRepository().get(run(ArtifactRepository().put(b"")))) == b""
    with pytest.raises(NotFound):
        run(ArtifactRepository().get("0" * 64))


def test_an_alias_moves_only_from_the_revision_that_was_read(run: Run) -> None:
    assert run(AliasRepository().find("challenger")) is None
    first = run(AliasRepository().point("challenger", "v1", expected_revision=0, now=START))
    second = run(AliasRepository().point("challenger", "v2", expected_revision=1, now=at(1)))

    assert (first.revision, second.revision) == (1, 2)
    assert run(AliasRepository().find("challenger")) == second
    for stale in (0, 1, 5):
        with pytest.raises(Conflict):
            run(AliasRepository().point("challenger", "v3", expected_revision=stale, now=at(2)))
    with pytest.raises(ValueError, match="promotion"):
        run(AliasRepository().point("champion", "v1", expected_revision=0, now=START))


def test_a_lease_has_one_holder_and_a_growing_token(run: Run) -> None:
    ttl = timedelta(minutes=5)
    mine = run(LeaseRepository().acquire("retraining", "a", now=START, ttl=ttl))
    with pytest.raises(LeaseHeld, match="held by a"):
        run(LeaseRepository().acquire("retraining", "b", now=at(0), ttl=ttl))

    theirs = run(LeaseRepository().acquire("retraining", "b", now=at(1), ttl=ttl))

    assert theirs.token == mine.token + 1
    with pytest.raises(LeaseLost):
        run(LeaseRepository().check(mine, at(1)))
    with pytest.raises(LeaseLost):
        run(LeaseRepository().renew(mine, at(1), ttl))
    run(LeaseRepository().release(mine))
    run(LeaseRepository().check(theirs, at(1)))


def test_a_lease_can_be_renewed_and_released(run: Run) -> None:
    ttl = timedelta(minutes=5)
    lease = run(LeaseRepository().acquire("retraining", "a", now=START, ttl=ttl))
    lease = run(LeaseRepository().renew(lease, START + ttl / 2, ttl))
    run(LeaseRepository().check(lease, START + ttl * 1.2))
    with pytest.raises(LeaseLost, match="expired"):
        run(LeaseRepository().check(lease, START + ttl * 2))

    run(LeaseRepository().release(lease))

    assert (
        run(LeaseRepository().acquire("retraining", "b", now=START, ttl=ttl)).token
        == lease.token + 1
    )


def test_a_run_is_told_step_by_step(run: Run) -> None:
    queued = builders.run(status=RunStatus.QUEUED, token=None)
    run(RunRepository().start(queued))
    assert run(RunRepository().queued()) == [queued]

    running = builders.run()
    run(RunRepository().start(running))
    run(RunRepository().step("run-1", RunStep("window", START, "600 labels")))
    run(RunRepository().step("run-1", RunStep("train", at(1))))
    run(RunRepository().finish(replace(running, status=RunStatus.KEPT, finished_at=at(2))))

    told = run(RunRepository().get("run-1"))
    assert told.status is RunStatus.KEPT
    assert [step.name for step in told.steps] == ["window", "train"]
    assert run(RunRepository().queued()) == []
    assert run(RunRepository().newest(5)) == [told]
    with pytest.raises(Conflict):
        run(RunRepository().start(running))
    with pytest.raises(NotFound):
        run(RunRepository().step("nope", RunStep("x", START)))


def test_a_run_whose_lease_is_gone_is_abandoned(run: Run) -> None:
    lease = run(LeaseRepository().acquire("retraining", "a", now=START, ttl=timedelta(minutes=5)))
    run(RunRepository().start(builders.run("alive", token=lease.token)))
    run(RunRepository().start(builders.run("dead", token=lease.token + 7)))

    assert run(RunRepository().abandon_stale(START)) == 1
    assert run(RunRepository().get("dead")).status is RunStatus.ABANDONED
    assert run(RunRepository().get("alive")).status is RunStatus.RUNNING

    assert run(RunRepository().abandon_stale(at(1))) == 1
    assert run(RunRepository().get("alive")).status is RunStatus.ABANDONED


def test_a_run_that_was_asked_for_waits_once_more_when_its_worker_died(run: Run) -> None:
    asked = replace(builders.run("asked", token=3), cause=requested_by("city"))
    run(RunRepository().start(asked))
    run(RunRepository().step("asked", RunStep("window", START)))

    run(RunRepository().abandon_stale(at(1)))
    again = run(RunRepository().get("asked"))
    run(RunRepository().start(replace(asked, token=4, steps=again.steps)))
    run(RunRepository().abandon_stale(at(2)))

    assert (again.status, again.token, again.started_at) == (RunStatus.QUEUED, None, None)
    assert [step.name for step in again.steps] == ["window", "waits again"]
    assert run(RunRepository().get("asked")).status is RunStatus.ABANDONED


def test_of_two_that_write_a_job_one_does_and_the_other_is_told(run: Run) -> None:
    first = JobState("drift", next_at=START)

    assert run(JobRepository().put(first))
    assert not run(JobRepository().put(replace(first, holder="late")))
    assert run(JobRepository().put(replace(first, holder="a", revision=1)))
    assert not run(JobRepository().put(replace(first, holder="b", revision=1)))

    (stored,) = run(JobRepository().all())
    assert (stored.holder, stored.revision, stored.next_at) == ("a", 2, START)
    assert run(JobRepository().forget(["drift", "none"])) == 1


def test_the_newest_are_kept_and_the_others_go(run: Run) -> None:
    for day in range(5):
        asked = replace(builders.run(f"run-{day}"), requested_at=at(day))
        run(RunRepository().start(asked))

    assert run(RunRepository().keep_newest(3)) == 2
    assert run(RunRepository().keep_newest(3)) == 0
    assert [one.run_id for one in run(RunRepository().newest(0))] == ["run-4", "run-3", "run-2"]


def test_artifacts_are_listed_by_digest_and_removed_whole(run: Run) -> None:
    digests = {run(ArtifactRepository().put(data)) for data in (b"one", bytes(CHUNK) + b"two")}
    large = hashlib.sha256(bytes(CHUNK) + b"two").hexdigest()

    assert run(ArtifactRepository().digests()) == digests
    assert run(ArtifactRepository().remove(large)) == 2
    assert run(ArtifactRepository().digests()) == digests - {large}


def test_an_artifact_that_nothing_names_keeps_the_moment_it_was_found_first(run: Run) -> None:
    run(UnnamedArtifactRepository().note({"a", "b"}, now=START))

    found = run(UnnamedArtifactRepository().note({"b", "c"}, now=at(1)))

    assert {one.artifact: one.since for one in found} == {"b": START, "c": at(1)}


def test_the_arrivals_of_labels_are_told_from_a_moment_on(run: Run) -> None:
    run(StudentRepository().observe([observation(f"RA-{i}") for i in range(3)]))
    for day in range(3):
        run(record_outcomes([outcome(1.0, at(day), student_id=f"RA-{day}")], now=at(day)))

    assert run(LabelRepository().arrivals_after(at(0.5), 9)) == [at(2), at(1)]
    assert run(LabelRepository().arrivals_after(at(2), 9)) == []
    assert run(LabelRepository().arrivals_after(at(-1), 2)) == [at(2), at(1)]


def test_a_drift_report_comes_back_as_it_was_written(run: Run) -> None:
    feature = FeatureDrift("inde", "ks", 0.3, 1e-9, 1e-8, 0.3, 0.1, 0.4, True, 0.0, 0.0)
    unknown = replace(feature, feature="ieg", psi=math.nan, unseen=("9",))
    report = DriftReport(
        "d1", START, "v1", 600, ("2023",), (feature, unknown), True, {"recall": 0.7}
    )
    run(DriftReportRepository().add(report))
    run(DriftReportRepository().add(replace(report, report_id="d2", at=at(1))))

    stored = run(DriftReportRepository().get("d1"))
    assert stored.features[0] == feature
    assert math.isnan(stored.features[1].psi)
    assert stored.realised == {"recall": 0.7}
    assert [r.report_id for r in run(DriftReportRepository().newest(5))] == ["d2", "d1"]
    with pytest.raises(NotFound):
        run(DriftReportRepository().get("d3"))


def test_the_pictures_of_the_newest_reports_are_kept(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOST_KEPT", 2)
    column = FeaturePicture(
        "ipv", "Turning point.", "Ponto de virada.", (), (1.0, 2.0), (), (0.5, 0.5), (0.0, 1.0),
        False, (1.0, 1.0, 2.0), (2.0, 2.0, 2.0), 20, 10, 0.0, 0.1,
    )  # fmt: skip
    drawn = [
        DriftPicture(f"d{i}", at(i), "Task", "Tarefa", 20, (column,), expected_then=0.5)
        for i in range(4)
    ]
    for picture in (*drawn, drawn[3]):
        run(DriftPictureRepository().add(picture))

    assert run(DriftPictureRepository().newest(0)) == [drawn[3], drawn[2]]
    assert run(DriftPictureRepository().find("d0")) is None


def test_the_outline_of_a_run_is_its_end_alone(run: Run) -> None:
    for i, status in enumerate((RunStatus.KEPT, RunStatus.FAILED)):
        made = replace(builders.run(f"r{i}", status), requested_at=at(i))
        run(RunRepository().start(made))

    assert run(RunRepository().outlines(1)) == [RunOutline("r1", RunStatus.FAILED, "cli")]
    assert [one.run_id for one in run(RunRepository().outlines(9))] == ["r1", "r0"]


def test_the_audit_log_is_read_newest_first(run: Run) -> None:
    events = [AuditEvent(f"e{i}", at(i), "admin", "promote", "v1") for i in range(3)]
    for event in events:
        run(of_before(event))
        run(of_before(event))

    assert run(AuditRepository().newest(2)) == [events[2], events[1]]


def test_a_revoked_key_whose_document_is_put_back_stays_revoked(run: Run) -> None:
    key = sealed(ApiKey("k1", "school", "d" * 64, frozenset({Scope.READ}), START), b"key")
    run(ApiKeyRepository().add(key))
    before = run(ApiKeyRepository().those_in_force(KeyNotes(), b"key", at(2)))
    run(ApiKeyRepository().revoke("k1", at(1), b"key"))

    run(put_back(key))

    assert before.keys == (key,)
    assert run(ApiKeyRepository().get("k1")) == key
    assert run(ApiKeyRepository().those_in_force(KeyNotes(), b"key", at(2))) == KeysInForce(
        (), frozenset({"k1"}), ()
    )


def put_back(key: ApiKey) -> Op[None]:
    document = to_document(key, key="key_id")
    yield ReplaceMany("api_keys", [Replace({"_id": key.key_id}, document)])


def test_documents_that_are_no_keys_do_not_keep_the_others_from_being_read(run: Run) -> None:
    key = sealed(ApiKey("k1", "school", "d" * 64, frozenset({Scope.READ}), START), b"key")
    run(ApiKeyRepository().add(key))
    run(insert("api_keys", {"_id": "k2", "digest": "e" * 64, "scopes": ["everything"]}))
    odd = to_document(key, key="key_id") | {"_id": "k3", "digest": "f" * 64, "name": {"a": 1}}
    run(insert("api_keys", odd))
    run(insert("key_revocations", {"_id": "k1", "signature": 7}))

    found = run(ApiKeyRepository().those_in_force(KeyNotes(), b"key", at(2)))

    assert (found.keys, found.foreign) == ((key,), ("k3",))


def insert(collection: str, document: Document) -> Op[None]:
    yield InsertMany(collection, [document])


def test_a_key_that_is_revoked_keeps_its_moment(run: Run) -> None:
    key = ApiKey("k1", "school", "d" * 64, frozenset({Scope.LABEL, Scope.PREDICT}), START)
    run(ApiKeyRepository().add(key))
    with pytest.raises(Conflict):
        run(ApiKeyRepository().add(key))

    assert run(ApiKeyRepository().get("k1")) == key
    revoked = run(ApiKeyRepository().revoke("k1", at(1), b"key"))

    assert revoked.revoked_at == at(1)
    assert run(ApiKeyRepository().revoke("k1", at(9), b"key")) == revoked
    assert run(ApiKeyRepository().all()) == [revoked]
    assert run(ApiKeyRepository().get("k1")) == revoked
    with pytest.raises(NotFound):
        run(ApiKeyRepository().revoke("k2", START, b"key"))


def test_what_there_is_by_unit_and_period_is_counted_and_kept_in_the_place_of_what_was(
    run: Run,
) -> None:
    place = {"units": {"escola": "Escola A"}, "unit": "escola a"}
    served = [
        replace(prediction(f"p{i}", f"RA-{i % 12}"), **place)  # type: ignore[arg-type]
        for i in range(14)
    ]
    few = [replace(prediction(f"q{i}", "RA-50"), unit="escola b") for i in range(14)]
    run(PredictionRepository().add_many([*served, *few]))
    run(StudentRepository().observe([replace(observation("N"), unit="nova")]))

    assert run(PredictionRepository().count_by_unit(100)) == {
        ("escola a", "2023"): UnitServed(14, 12),
        ("escola b", "2023"): UnitServed(14, 1),
    }
    first = run(UnitHistoryRepository().recount("escola", {}, now=START))
    run(PredictionRepository().add_many(
        [replace(prediction(f"r{i}", f"RB-{i}"), unit="escola b") for i in range(12)]
    ))  # fmt: skip
    names = {"escola a": "Escola A"}
    second = run(UnitHistoryRepository().recount("escola", names, now=at(1)))

    # One student of B, asked for 14 times, would be the difference to A.
    assert {row.predictions for row in first.rows} == {None}
    assert second.rows == (
        UnitPeriod("Escola A", "2023", 14, 0, 12),
        UnitPeriod("escola b", "2023", 26, 0, 13),
    )
    assert second.unlabelled.names == ("Escola A", "escola b", "nova")
    assert run(UnitHistoryRepository().find(SUBJECT)) == second
    assert run(UnitHistoryRepository().count()) == 1
