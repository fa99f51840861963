from __future__ import annotations

import stat
from pathlib import Path

import pytest

from model.errors import ConfigurationError
from model.trust.key_file import NAME, KeyFile, KeyNotes


def test_what_was_noted_stays_noted(tmp_path: Path) -> None:
    file = KeyFile(tmp_path)
    assert file.read() == KeyNotes()

    file.add(revoked={"a"})
    file.add(adopted=True)
    KeyFile(tmp_path).add(revoked={"b"})

    assert file.read() == KeyNotes(True, frozenset({"a", "b"}))
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"adopted": true}'])
def test_notes_that_cannot_be_read_are_not_taken_for_empty(tmp_path: Path, content: str) -> None:
    (tmp_path / NAME).write_text(content)

    with pytest.raises(ConfigurationError, match=r"keys\.json.*revoked"):
        KeyFile(tmp_path).read()
