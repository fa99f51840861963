"""A school year, no hand on it: what changes is found, acted on and told; and a quiet one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from database.drift_reports import DriftReportRepository
from database.driver.client import SyncRegistry
from database.promotions import PromotionRepository
from database.runs import RunRepository
from model.promotion import DecisionStatus
from model.watch.notice import Notice
from tests.retraining.notices.receivers import Webhook
from tests.stories.school import READING, SUMS, cohort, school_task
from tests.stories.year import STEP, Happening, SchoolYear

BEGINS = datetime(2025, 1, 6, 12, 0, tzinfo=UTC)
"""A Monday."""

FILED, REPORTED = datetime(2025, 2, 3, tzinfo=UTC), datetime(2025, 6, 2, tzinfo=UTC)
FILED_AGAIN, REPORTED_AGAIN = datetime(2025, 8, 4, tzinfo=UTC), datetime(2026, 1, 12, tzinfo=UTC)
ENDS = REPORTED_AGAIN + 4 * STEP
CLASS = 100
"""Students of a class; a school's files come class by class."""


def story(
    registry: SyncRegistry,
    decides: Sequence[Sequence[float]],
    *,
    shift: float,
    sizes: Sequence[int] = (300, 600, 800),
) -> list[Happening]:
    """Three years of a school.

    Args:
        registry: where it happens.
        decides: what decides in each year.
        shift: of the marks in sums from the second year on.
        sizes: students of each year.
    """
    first, second, third = (
        cohort(period, one, n=n, sums_shift=moved)
        for period, one, n, moved in zip(
            ("2023", "2024", "2025"), decides, sizes, (0.0, shift, shift), strict=True
        )
    )
    happenings = [
        Happening(BEGINS, lambda now: first.enrol(registry, range(len(first)), now)),
        Happening(BEGINS, lambda now: first.report(registry, now)),
        Happening(REPORTED, lambda now: second.report(registry, now)),
        Happening(REPORTED_AGAIN, lambda now: third.report(registry, now)),
    ]
    for filed, who in ((FILED, second), (FILED_AGAIN, third)):
        for number, start in enumerate(range(0, len(who), CLASS)):
            students = range(start, start + CLASS)
            happenings.append(
                Happening(
                    filed + number * STEP,
                    lambda now, who=who, students=students: who.enrol(registry, students, now),  # type: ignore[misc]
                )
            )
    return happenings


pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


LARGE = (800, 600, 600)
"""A first year that teaches a model whose probabilities need no setting right a year later."""


@pytest.fixture
def year(registry: SyncRegistry, home: Path, hook: Webhook) -> SchoolYear:
    return SchoolYear(registry, school_task(), home, hook.url(), BEGINS)


def kinds(told: Sequence[Notice]) -> list[str]:
    return [one.kind for one in told]


def test_a_year_in_which_much_changes_is_found_acted_on_and_told(
    year: SchoolYear, registry: SyncRegistry, hook: Webhook
) -> None:
    year.play(story(registry, (READING, SUMS, SUMS), shift=-2.0), ENDS)

    told = year.told
    assert kinds(told) == ["promotion", "alarm", "promotion", "promise_kept", "promotion"]
    first, alarm, second, kept, third = told
    assert "v1 é o primeiro modelo" in first.text["pt"]
    assert "Nota de contas (sums)" in alarm.text["pt"] and not alarm.standing
    assert "v2 tomou o lugar de v1. Promete encontrar" in second.text["pt"]
    assert "v2 prometeu encontrar" in kept.text["pt"] and "em 2025" in kept.text["pt"]
    assert "v3 tomou o lugar de v2" in third.text["pt"], "with twice the records to learn from"
    assert FILED + STEP <= alarm.found_at <= FILED + 2 * STEP, "at the k-th check of new records"
    assert REPORTED <= second.at <= REPORTED + 2 * STEP
    assert REPORTED_AGAIN <= kept.at <= REPORTED_AGAIN + 2 * STEP
    assert len(hook.received) == 4, "each once, the last two together"


def test_a_promise_that_the_next_year_breaks_is_told_as_broken(
    year: SchoolYear, registry: SyncRegistry
) -> None:
    year.play(story(registry, (READING, SUMS, READING), shift=-2.0), ENDS)

    assert "promise_broken" in kinds(year.told)
    assert "promise_kept" not in kinds(year.told)


def test_a_quiet_year_has_its_first_model_and_nothing_to_tell(
    year: SchoolYear, registry: SyncRegistry, hook: Webhook
) -> None:
    year.play(story(registry, (READING,) * 3, shift=0.0, sizes=LARGE), ENDS)

    assert kinds(year.told) == ["promotion"]
    assert len(hook.received) == 1
    reports = registry.run(DriftReportRepository().newest(0))
    runs = registry.run(RunRepository().newest(0))
    decided = registry.run(PromotionRepository().newest(0))
    assert len(reports) > 20 and len(runs) > 2, "it was looked at all year"
    assert [p.status for p in decided[:-1]].count(DecisionStatus.PROMOTED) == 0
    assert max(one.requested_at for one in runs) > ENDS - 3 * STEP
