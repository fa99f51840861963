"""A registry tells the format that it was written in, and an older release is kept out of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from database import installation
from database.driver.client import SyncRegistry
from database.driver.commands import Find
from model.errors import ConfigurationError
from model.trust.tombstone import TombstoneKey
from tests.database import record_shapes

KEY = TombstoneKey(b"of the installation")


def formats(registry: SyncRegistry) -> list[Mapping[str, object]]:
    return list(registry.execute(Find(installation.COLLECTION, {"_id": installation.FORMAT_KEY})))


def test_a_new_registry_is_of_the_format_of_its_release(registry: SyncRegistry) -> None:
    registry.run(installation.claim(KEY))

    assert [one["number"] for one in formats(registry)] == [installation.FORMAT]


def test_an_older_release_is_refused_and_changes_nothing(
    registry: SyncRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(installation, "FORMAT", installation.FORMAT + 1)
        registry.run(installation.claim(KEY))
    before = formats(registry)

    for opened in (installation.claim, installation.check):
        with pytest.raises(ConfigurationError, match=r"newer release.*format is \d+.*backup"):
            registry.run(opened(KEY))

    assert formats(registry) == before


def test_a_newer_release_takes_a_registry_over_once(
    registry: SyncRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.run(installation.claim(KEY))
    monkeypatch.setattr(installation, "FORMAT", installation.FORMAT + 1)

    registry.run(installation.claim(KEY))
    registry.run(installation.claim(KEY))

    assert [one["number"] for one in formats(registry)] == [installation.FORMAT]


def test_a_change_of_what_is_stored_raises_the_format() -> None:
    assert record_shapes.shapes() == record_shapes.FILE.read_text(encoding="utf-8"), (
        "records have other fields than when the format was chosen: if a release was made with it, "
        "raise FORMAT in database/installation.py; then `python -m tests.database.record_shapes`"
    )
