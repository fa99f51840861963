"""Replacements of one operation: all of them on every server, few in a message of FerretDB.

FerretDB 1.24 keeps a read open for each replacement of a message (`defer closer.Close()` in the
loop of its `updateDocument`), and has a hundred connections for each database.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from pymongo import MongoClient, ReplaceOne
from pymongo.errors import NetworkTimeout

from database.driver.commands import Count, InsertMany, Op, Replace, ReplaceMany
from database.students import StudentRepository
from model.student import Observation
from tests.database.builders import at, observation
from tests.database.drivers import Run
from tests.database.servers.ferretdb import FerretDB, running

MANY = 110
WAIT_MS = 1_500


def replaced(number: int) -> Op[tuple[int, int]]:
    """Replaces so many documents at once; gives how many were, and how many are of the new kind."""
    yield InsertMany("labels", [{"_id": f"l{i}", "revision": 1} for i in range(number)])
    changed = [
        Replace({"_id": f"l{i}", "revision": 1}, {"_id": f"l{i}", "revision": 2})
        for i in range(number)
    ]
    done = yield ReplaceMany("labels", changed)
    stored = yield Count("labels", {"revision": 2})
    return done, stored


def test_an_operation_replaces_as_many_documents_as_it_likes(run: Run) -> None:
    assert run(replaced(MANY)) == (MANY, MANY)


def test_a_file_of_many_students_is_kept_a_second_time(run: Run) -> None:
    def told(grade: float) -> list[Observation]:
        return [observation(f"s{i}", features={"inde": grade}) for i in range(MANY)]

    run(StudentRepository().observe(told(5.0)))
    run(StudentRepository().observe([replace(one, observed_at=at(1)) for one in told(6.0)]))

    kept = run(StudentRepository().in_period("2023"))
    assert [one.features["inde"] for one in kept] == [6.0] * MANY


@pytest.mark.servers
@pytest.mark.usefixtures("ferretdb")
def test_a_hundred_replacements_in_one_message_hang_a_database_of_ferretdb() -> None:
    """Where this fails, a later FerretDB takes them: `database/driver/few_at_once.py` may go."""
    with running(synced=False) as server:
        assert replaced_in_one_message(server, "taken", 99) == 99
        with pytest.raises(NetworkTimeout):
            replaced_in_one_message(server, "hangs", 100)
        with pytest.raises(NetworkTimeout), client_of(server) as client:
            client["hangs"]["labels"].count_documents({})
        assert replaced_in_one_message(server, "another", 99) == 99
        server.kill()


def replaced_in_one_message(server: FerretDB, db: str, number: int) -> int:
    with client_of(server) as client:
        labels = client[db]["labels"]
        labels.insert_many([{"_id": f"l{i}"} for i in range(number)])
        after: dict[str, object] = {"changed": True}
        changed = [ReplaceOne({"_id": f"l{i}"}, after) for i in range(number)]
        return labels.bulk_write(changed, ordered=False).matched_count


def client_of(server: FerretDB) -> MongoClient[dict[str, object]]:
    return MongoClient(server.uri, socketTimeoutMS=WAIT_MS, retryReads=False, retryWrites=False)
