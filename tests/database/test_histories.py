"""Whatever happens in between, the same facts end in the same labels."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings

from database.indexes import ensure_indexes
from tests.database.drivers import MongomockRegistry
from tests.database.histories import (
    History,
    as_said,
    histories,
    plainly,
    what_the_facts_say,
    wildly,
    without_late_features,
    without_repeats,
)

EXAMPLES = 600 if os.environ.get("FAROL_FULL") else 80

any_example = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def empty() -> MongomockRegistry:
    registry = MongomockRegistry("farol")
    registry.run(ensure_indexes())
    return registry


@any_example
@given(histories(without_repeats))
def test_any_telling_ends_in_the_labelled_set_of_the_plain_one(history: History) -> None:
    plain, wild = empty(), empty()

    expected = plainly(plain.run, history)
    found = wildly(wild.execute, wild.run, history)

    assert found == expected
    assert len({(label.student_id, label.period) for label in found}) == len(found)


@any_example
@given(histories(without_repeats))
def test_no_label_rests_on_features_from_after_its_outcome(history: History) -> None:
    wild = empty()

    found = wildly(wild.execute, wild.run, history)

    assert [as_said(label) for label in found] == what_the_facts_say(history)


@any_example
@given(histories(without_late_features))
def test_the_quick_repair_is_enough_where_features_do_not_change(history: History) -> None:
    plain, wild = empty(), empty()

    expected = plainly(plain.run, history, full=False)
    found = wildly(wild.execute, wild.run, history, full=False)

    assert found == expected
