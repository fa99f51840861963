"""Histories on servers that are not ours, with one writer of a database at a time.

Tellings are interleaved command by command, so each compares before the next one writes: what
FerretDB 1 does not keep is in `test_lost.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from database.driver.client import SyncRegistry
from database.driver.commands import DeleteMany
from database.indexes import ensure_indexes
from database.repositories import REPOSITORIES
from tests.database.histories import (
    History,
    at_once,
    histories,
    labelled_set,
    plainly,
    wildly,
    without_repeats,
)
from tests.database.processes import finish, start
from tests.database.servers.ferretdb import running
from tests.database.servers.others import OTHERS, writers
from tests.database.test_histories import empty
from tests.database.test_processes import wait_for_lines
from tests.database.workers import told_of

EXAMPLES = 100 if os.environ.get("FAROL_FULL") else 6
STUDENTS = 8

some_examples = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
TOLD = histories(without_repeats, ("", "north", "south"))


@pytest.fixture
def tasks(uri: str) -> Iterator[Sequence[SyncRegistry]]:
    """The databases of two tasks on that server, with their indexes."""
    with ExitStack() as opened:
        both = [opened.enter_context(writers(uri, 1))[0] for _ in range(2)]
        for one in both:
            one.run(ensure_indexes())
        yield both


def emptied(registry: SyncRegistry) -> SyncRegistry:
    """The same registry without a document: FerretDB takes a second to make its tables."""
    for kind in REPOSITORIES:
        registry.execute(DeleteMany(kind.collection, {}))
    return registry


@pytest.mark.parametrize("uri", OTHERS, indirect=True)
@some_examples
@given(TOLD)
def test_any_telling_elsewhere_ends_in_the_labels_of_the_plain_one(
    tasks: Sequence[SyncRegistry], history: History
) -> None:
    there = emptied(tasks[0])

    assert wildly(there.execute, there.run, history) == plainly(empty().run, history)


@pytest.mark.parametrize("uri", OTHERS, indirect=True)
@some_examples
@given(TOLD, TOLD)
def test_two_tasks_at_once_elsewhere_end_in_the_labels_of_each_alone(
    tasks: Sequence[SyncRegistry], first: History, second: History
) -> None:
    told = [*zip(map(emptied, tasks), (first, second), strict=True)]

    assert at_once(told) == [plainly(empty().run, history) for _, history in told]


@pytest.mark.servers
@pytest.mark.usefixtures("ferretdb")
def test_what_is_told_through_kills_of_ferretdb_ends_in_the_labels_of_the_plain_telling(
    tmp_path: Path,
) -> None:
    """Records are replaced, outcomes corrected and labels owed while the server dies."""
    told = tmp_path / "acknowledged"
    plain = History(told_of(STUDENTS), (), {}, (), 1)
    with running(synced=False) as ferretdb, writers(ferretdb.uri, 1) as (registry,):
        registry.run(ensure_indexes())
        telling = start("tell_until_acknowledged", ferretdb.uri, registry._db, STUDENTS, told)

        for number in range(3):
            wait_for_lines(told, (number + 1) * len(plain.events) // 4)
            ferretdb.kill()
            ferretdb.start()
        finish([telling])

        assert labelled_set(registry.run, full=True) == plainly(empty().run, plain)
    assert len(told.read_text().split()) == len(plain.events)
