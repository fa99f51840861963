from __future__ import annotations

import stat
from pathlib import Path

import pytest

from model.errors import ConfigurationError
from model.trust.private import make_private_folder, protect


def test_what_an_installation_of_before_left_open_is_closed(tmp_path: Path) -> None:
    outbox = "tasks/pede_lag/outbox/slot-0.sqlite"
    for name in ("registry/farol.db", "model/live/versions/v1/model.txt", "data.key", outbox):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("1,234")
        file.chmod(0o644)
    (tmp_path / "registry").chmod(0o755)

    protect(tmp_path)

    assert {p.name for p in (tmp_path, *tmp_path.rglob("*")) if _mode(p) & 0o077} == set()
    assert _mode(tmp_path / "model" / "live") == 0o700
    assert _mode(tmp_path / "data.key") == 0o600


def test_folders_of_a_home_that_are_not_farols_and_targets_of_links_stay_as_they_are(
    tmp_path: Path,
) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    for folder in (home / "music", home / "registry", elsewhere):
        folder.mkdir(parents=True)
    (elsewhere / "file").write_text("")
    for path in (home / "music", elsewhere / "file", elsewhere):
        path.chmod(0o755)
    (home / "registry" / "link").symlink_to(elsewhere / "file")
    (home / "model").symlink_to(elsewhere)

    protect(home)

    assert {_mode(p) for p in (home / "music", elsewhere / "file", elsewhere)} == {0o755}


def test_a_folder_that_everybody_shares_is_not_taken_from_them(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)

    protect(tmp_path)

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777
    tmp_path.chmod(0o700)


def test_a_home_that_is_not_there_yet_is_no_error(tmp_path: Path) -> None:
    protect(tmp_path / "none")


def test_a_link_is_no_private_folder(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)

    with pytest.raises(ConfigurationError, match="no link"):
        make_private_folder(tmp_path / "link")


def test_a_private_folder_that_was_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)

    make_private_folder(tmp_path / "open")

    assert _mode(tmp_path / "open") == 0o700


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)
