"""The indexes, and the query each one serves."""

from __future__ import annotations

from database.driver.commands import EnsureIndex, Op

INDEXES: tuple[EnsureIndex, ...] = (
    # batches.recent
    EnsureIndex("batches", [("ingested_at", -1)]),
    # predictions.recent, count
    EnsureIndex("predictions", [("created_at", -1)]),
    # predictions.of_student, and the join of labels
    EnsureIndex("predictions", [("student_id", 1), ("period", 1)]),
    # the join of labels
    EnsureIndex("outcomes", [("key", 1)]),
    # erasure
    EnsureIndex("outcomes", [("student_id", 1)]),
    # erasure of outcomes whose prediction is not here yet
    EnsureIndex("outcomes", [("stated_student", 1)]),
    # labels.window
    EnsureIndex("labels", [("first_arrived_at", -1), ("period", -1), ("student_id", -1)]),
    # labels.recent
    EnsureIndex("labels", [("arrived_at", -1)]),
    # erasure
    EnsureIndex("labels", [("student_id", 1)]),
    # labels.of_predictions
    EnsureIndex("labels", [("prediction_id", 1)]),
    # the bound of labels.record
    EnsureIndex("orphan_labels", [("source", 1)]),
    # labels.join_orphans, erasure
    EnsureIndex("orphan_labels", [("student_id", 1)]),
    # tombstones.state
    EnsureIndex("tombstones", [("at", -1)]),
    # students.recent_observations
    EnsureIndex("students", [("updated_at", -1)]),
    # versions.next_number, newest; a second guard against two versions of one number
    EnsureIndex("model_versions", [("number", -1)], unique=True),
    # artifacts.repair
    EnsureIndex("artifacts", [("artifact", 1)]),
    # promotions.newest
    EnsureIndex("promotions", [("at", -1)]),
    # promotions.champion_at
    EnsureIndex("promotions", [("revision", -1)]),
    # promotions.of_version
    EnsureIndex("promotions", [("challenger", 1)]),
    # runs.newest
    EnsureIndex("runs", [("requested_at", -1)]),
    # runs.queued, abandon_stale
    EnsureIndex("runs", [("status", 1)]),
    # drift_reports.newest
    EnsureIndex("drift_reports", [("at", -1)]),
    # audit.newest
    EnsureIndex("audit", [("at", -1)]),
    # api_keys.by_digest
    EnsureIndex("api_keys", [("digest", 1)], unique=True),
)


def ensure_indexes() -> Op[None]:
    """Makes every index that is not there; may run at every start, in several processes."""
    yield from INDEXES
