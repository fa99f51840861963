"""A home that cannot be written to is told of by its name, whatever is started on it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployment.home import require_home
from deployment.settings import load_settings
from model.errors import ConfigurationError
from tests.disks import read_only

ROOT = Path(__file__).parents[2]
COMMANDS = (
    "api.keys list",
    "database.embedded",
    "deployment.repair",
    "deployment.tasks list",
    "deployment.up",
    "drift.check",
    "preprocessing.ingest README.md",
    "retraining.pipeline",
    "retraining.pipeline --dry-run",
    "retraining.worker",
    "uvicorn api.app:app --port 0",
)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home that was used before and is read-only now."""
    folder = tmp_path_factory.mktemp("homes")
    (folder / "open").mkdir()
    load_settings({"FAROL_HOME": str(folder / "open")})
    with read_only(folder / "open", folder / "closed") as home:
        yield home


@pytest.mark.parametrize("command", COMMANDS)
def test_a_read_only_home_is_a_wrong_setting_and_no_traceback(closed: Path, command: str) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MONGO", "FAROL"))}

    done = subprocess.run(
        [sys.executable, "-m", *command.split()],
        cwd=ROOT, env=env | {"FAROL_HOME": str(closed)}, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip

    assert done.returncode != 0
    assert f"FAROL_HOME={str(closed)!r} cannot be used (Read-only file system)" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_the_dashboard_tells_of_a_read_only_home_on_its_page(
    closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from streamlit.testing.v1 import AppTest

    monkeypatch.setenv("FAROL_HOME", str(closed))
    page = AppTest.from_file(str(ROOT / "dashboard" / "dashboard.py"), default_timeout=60).run()

    assert "Read-only file system" in page.error[0].value


def test_a_home_whose_place_is_taken_by_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(ConfigurationError, match="FAROL_HOME"):
        require_home(tmp_path / "file")


def test_a_home_that_does_not_exist_is_made(tmp_path: Path) -> None:
    require_home(tmp_path / "a" / "b")

    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize("name", ["signing.key", "data.key"])
def test_an_empty_key_file_is_no_key_and_stays_as_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()

    with pytest.raises(ConfigurationError, match=f"{name} is empty"):
        load_settings({"FAROL_HOME": str(tmp_path)})

    assert (tmp_path / name).read_bytes() == b""


def test_a_key_that_finds_no_room_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(ConfigurationError, match="No space left"):
        load_settings({"FAROL_HOME": str(tmp_path)})

    assert list(tmp_path.iterdir()) == []
