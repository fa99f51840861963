"""The embedded server as a process: found, stopped, cleaned up after, and clear when it fails."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from database import embedded, embedded_process
from database.client import open_registry
from model.errors import RegistryUnavailable

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home with a space"
    embedded.stop(tmp_path / "home with a space")


def test_it_starts_once_and_is_found_again(home: Path) -> None:
    uri = embedded.ensure_running(home)

    assert embedded.ensure_running(home) == uri
    with open_registry(uri, "farol") as registry:
        registry.ping()
    now = embedded.status(home)
    assert now.running
    assert now.folder == home / "registry"


def test_stopping_it_is_seen_and_needs_nothing_running(home: Path) -> None:
    embedded.ensure_running(home)

    assert embedded.stop(home)
    assert not embedded.status(home).running
    assert not embedded.stop(home)


def test_two_homes_have_two_servers(home: Path, embedded_uri: str) -> None:
    assert embedded.ensure_running(home) != embedded_uri


def test_a_state_file_of_somebody_elses_process_is_not_believed(
    home: Path, embedded_home: Path, embedded_uri: str
) -> None:
    """After a crash the pid and the port may belong to another home's server."""
    other = embedded_process.read_state(embedded.folder_of(embedded_home))
    assert other is not None
    folder = embedded.folder_of(home)
    folder.mkdir(parents=True)
    stale = replace(other, folder=str(folder))
    (folder / "server.json").write_text(json.dumps(_fields(stale)))
    (folder / "server.pid").write_text(str(stale.pid))

    uri = embedded.ensure_running(home)

    assert uri != embedded_uri
    assert embedded.status(embedded_home).running


def test_an_unreadable_state_file_is_no_obstacle(home: Path) -> None:
    folder = embedded.folder_of(home)
    folder.mkdir(parents=True)
    (folder / "server.json").write_text("{half")

    assert embedded.ensure_running(home).startswith("mongodb://127.0.0.1:")


def test_a_port_that_was_taken_meanwhile_is_given_up(home: Path) -> None:
    first = embedded.ensure_running(home)
    state = embedded.status(home).state
    assert state is not None
    embedded.stop(home)

    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", state.port))
        squatter.listen()
        assert embedded.ensure_running(home) != first


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(RegistryUnavailable, match="file"):
        embedded.ensure_running(tmp_path / "file")


def test_a_server_that_dies_at_its_start_says_why(home: Path) -> None:
    folder = embedded.folder_of(home)
    (folder / "admin.db").mkdir(parents=True)

    with pytest.raises(RegistryUnavailable, match=r"unable to open.*server\.log"):
        embedded.ensure_running(home)


def test_the_command_prints_address_folder_and_version_and_stops(tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = subprocess.Popen(
        [sys.executable, "-m", "database.embedded"],
        cwd=ROOT,
        env={"FAROL_HOME": str(home), "PATH": ""},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    data, address = process.stdout.readline(), process.stdout.readline()

    assert data.strip() == f"running, data in {home / 'registry'}"
    assert address.startswith("mongodb://127.0.0.1:")
    assert "nx-27017" in address
    process.terminate()
    assert process.wait(20) == 0
    process.stdout.close()
    assert not embedded.status(home).running


@pytest.mark.parametrize(("option", "code"), [("--status", 3), ("--stop", 0), ("--nonsense", 2)])
def test_the_commands_options_have_their_exit_codes(tmp_path: Path, option: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "database.embedded", option],
        cwd=ROOT,
        env={"FAROL_HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
    )

    assert done.returncode == code


def _fields(state: embedded_process.State) -> dict[str, object]:
    return {name: getattr(state, name) for name in ("uri", "port", "pid", "folder", "version")}
