from __future__ import annotations

from datetime import timedelta

from database.driver.client import SyncRegistry
from database.labelling.recording import record_outcomes
from database.students import StudentRepository
from model.label import Outcome
from model.student import Observation
from preprocessing.task.spec import TaskSpec, parse_task
from retraining.run import training_labels
from tests.retraining.school import START, TASK

YEAR = timedelta(days=365)
LOOKS_BACK = parse_task(
    TASK + "longitudinal: {features: [reading], values: [previous, seen]}\n", source="test"
)


def seen(period: str, reading: float, days: int) -> Observation:
    return Observation("S1", period, {"reading": reading}, START + timedelta(days=days))


def taught(registry: SyncRegistry, task: TaskSpec) -> dict[str, object]:
    """The one label's features as a run would read them."""
    outcome = Outcome(1.0, START + YEAR, student_id="S1", period="2023")
    registry.run(record_outcomes([outcome], now=START + YEAR))
    far = START + 9 * YEAR
    (label,) = registry.run(training_labels.window(task, arrived_until=far, limit=10))
    return dict(label.features)


def test_a_label_is_read_with_what_the_store_knew_of_earlier_periods(
    registry: SyncRegistry,
) -> None:
    known = [seen("2022", 3.0, 0), seen("2023", 5.0, 300), seen("2024", 9.0, 300)]
    registry.run(StudentRepository().observe(known))

    features = taught(registry, LOOKS_BACK)

    assert features == {"reading": 5.0, "reading_previous": 3.0, "reading_seen": 1.0}


def test_an_earlier_period_counts_whenever_its_file_came(registry: SyncRegistry) -> None:
    registry.run(StudentRepository().observe([seen("2022", 3.0, 366), seen("2023", 5.0, 300)]))

    features = taught(registry, LOOKS_BACK)

    assert features == {"reading": 5.0, "reading_previous": 3.0, "reading_seen": 1.0}


def test_a_task_that_does_not_look_back_reads_labels_as_they_are(registry: SyncRegistry) -> None:
    registry.run(StudentRepository().observe([seen("2022", 3.0, 0), seen("2023", 5.0, 300)]))

    assert taught(registry, parse_task(TASK, source="test")) == {"reading": 5.0}


def test_a_replayed_student_is_asked_about_with_the_same_history(registry: SyncRegistry) -> None:
    known = [seen("2022", 3.0, 0), seen("2023", 5.0, 300)]
    registry.run(StudentRepository().observe(known))

    (asked,) = registry.run(training_labels.observed(LOOKS_BACK, known[1:]))

    assert dict(asked.features) == taught(registry, LOOKS_BACK)
