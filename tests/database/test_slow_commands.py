"""What kept the embedded server's other clients waiting is told in its log, without a value."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nx_27017.handler import NeoSQLiteHandler

from database.embedded.slow_commands import tell_of_slow_commands

FIND = {"find": "students", "filter": {"name": "Ana", "at": {"$gt": "2024"}}}
INSERT = {"insert": "students", "documents": [{"_id": "Ana"}]}


class Ticking:
    """Every look at it is that much later."""

    def __init__(self) -> None:
        self.now = self.step = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def handler(tmp_path: Path, clock: Ticking) -> Iterator[NeoSQLiteHandler]:
    made = NeoSQLiteHandler(data_dir=str(tmp_path))
    tell_of_slow_commands(made, clock)
    yield made
    made.close_all()


def message(body: dict[str, Any]) -> dict[str, Any]:
    return {"request_id": 7, "sections": [("body", {**body, "$db": "school"})], "_conn_id": "one"}


def test_slow_commands_are_told_by_the_names_of_their_fields(
    handler: NeoSQLiteHandler, clock: Ticking, caplog: pytest.LogCaptureFixture
) -> None:
    handler.handle_command(message(FIND))
    clock.step = 0.5
    handler.handle_insert(message(INSERT))
    handler.handle_command(message(FIND))

    told = [record.getMessage() for record in caplog.records if "database" in record.name]
    assert told == ["0.5 s: insert students", "0.5 s: find students filter={name, at: {$gt}}"]
