"""Which sessions a worker knows."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from api.people import sessions
from api.people.sessions import SessionBook
from database.driver.commands import Op
from database.people.people import PersonRepository
from model.people.session import begun, token_of
from model.trust.key_file import KeyFile
from model.trust.key_seal import sealed
from tests.database.drivers import MongomockRegistry
from tests.people import person

R = TypeVar("R")
KEY = b"the installation's"
NOW = datetime(2026, 3, 2, tzinfo=UTC)


class Answering:
    """A registry that answers at once."""

    def __init__(self) -> None:
        self.memory = MongomockRegistry("sessions")

    async def run(self, op: Op[R]) -> R:
        return self.memory.run(op)

    async def ping(self) -> None:
        return


def test_a_worker_knows_so_many_sessions_and_looks_the_others_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST", 3)
    registry = Answering()
    maria = sealed(person("maria"), KEY)
    registry.memory.run(PersonRepository().add(maria))
    book = SessionBook(registry, KeyFile(tmp_path), KEY, lambda: NOW)
    tokens = [token_of(begun(maria, f"s{n}", NOW), KEY).encode() for n in range(5)]

    for token in tokens:
        assert asyncio.run(book.look_up(token)) is not None
    known = [book.known(token) is not None for token in tokens]
    asyncio.run(book.refresh())

    assert known == [False, False, True, True, True]
    assert asyncio.run(book.look_up(tokens[0])) is not None
    assert [book.known(token) is not None for token in tokens] == [True, False, False, True, True]
