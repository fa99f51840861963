"""The embedded server as a process: found, stopped, cleaned up after, and clear when it fails."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from threading import Timer
from typing import Any

import psutil
import pytest

from database.driver.client import open_registry
from database.embedded import lifecycle, process
from database.indexes import ensure_indexes
from database.predictions import PredictionRepository
from model.errors import ConfigurationError, RegistryUnavailable
from tests.database.builders import prediction

ROOT = Path(__file__).parents[2]
MANY = 12
"""Callers at once; of asyncio's own threads there are fewer on a small machine."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home with a space"
    lifecycle.stop(tmp_path / "home with a space")


def test_it_starts_once_and_is_found_again(home: Path) -> None:
    uri = lifecycle.ensure_running(home)

    assert lifecycle.ensure_running(home) == uri
    with open_registry(uri, "farol") as registry:
        registry.ping()
    now = lifecycle.status(home)
    assert now.running
    assert now.folder == home / "registry"


def test_stopping_it_is_seen_and_needs_nothing_running(home: Path) -> None:
    lifecycle.ensure_running(home)

    assert lifecycle.stop(home)
    assert not lifecycle.status(home).running
    assert not lifecycle.stop(home)


def test_two_homes_have_two_servers(home: Path, embedded_uri: str) -> None:
    assert lifecycle.ensure_running(home) != embedded_uri


def test_a_state_file_of_somebody_elses_process_is_not_believed(
    home: Path, embedded_home: Path, embedded_uri: str
) -> None:
    """After a crash the pid and the port may belong to another home's server."""
    other = process.read_state(lifecycle.folder_of(embedded_home))
    assert other is not None
    folder = lifecycle.folder_of(home)
    folder.mkdir(parents=True)
    stale = replace(other, folder=str(folder))
    (folder / "server.json").write_text(json.dumps(asdict(stale)))
    (folder / "server.pid").write_text(str(stale.pid))

    uri = lifecycle.ensure_running(home)

    assert uri != embedded_uri
    assert lifecycle.status(embedded_home).running


def test_an_unreadable_state_file_is_no_obstacle(home: Path) -> None:
    folder = lifecycle.folder_of(home)
    folder.mkdir(parents=True)
    (folder / "server.json").write_text("{half")

    assert lifecycle.ensure_running(home).startswith("mongodb://%2F")


def test_it_listens_on_no_port_and_its_socket_is_in_a_folder_of_its_owner(home: Path) -> None:
    lifecycle.ensure_running(home)

    state = lifecycle.status(home).state
    assert state is not None
    server = psutil.Process(state.pid)
    assert [c for c in server.net_connections("inet") if c.status == psutil.CONN_LISTEN] == []
    modes = {p.name: _mode(p) for p in (Path(state.socket), Path(state.socket).parent)}
    assert modes == {"server.sock": 0o600, Path(state.socket).parent.name: 0o700}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another account")
def test_another_account_can_neither_connect_nor_read_a_file(home: Path) -> None:
    uri = lifecycle.ensure_running(home)
    state = lifecycle.status(home).state
    assert state is not None
    with open_registry(uri, "farol") as registry:
        registry.run(ensure_indexes())
    code = (
        "import os, socket, sys; os.setgid(65534); os.setuid(65534)\n"
        "try: socket.socket(socket.AF_UNIX).connect(sys.argv[1]); print('connected')\n"
        "except PermissionError: pass\n"
        "try: open(sys.argv[2], 'rb').read(); print('read')\n"
        "except PermissionError: pass"
    )
    file = home / "registry" / "farol.db"

    done = subprocess.run(
        [sys.executable, "-c", code, state.socket, str(file)], capture_output=True, text=True
    )

    assert file.is_file()
    assert (done.stdout, done.returncode) == ("", 0)


def test_a_home_that_is_too_deep_for_a_socket_gets_one_in_a_short_private_folder(
    tmp_path: Path,
) -> None:
    home = tmp_path / ("deep" * 20) / ("deeper" * 20)
    lifecycle.ensure_running(home)
    try:
        state = lifecycle.status(home).state
        assert state is not None
        assert len(state.socket) <= process.LONGEST_PATH
        assert _mode(Path(state.socket).parent) == 0o700
        with open_registry(state.uri, "farol") as registry:
            registry.ping()
    finally:
        lifecycle.stop(home)
    assert not Path(state.socket).parent.exists()


def test_a_link_in_place_of_the_sockets_folder_is_refused(tmp_path: Path) -> None:
    home = tmp_path / ("deep" * 20) / ("deeper" * 20)
    (squatted,) = [p.parent for p in process.socket_paths(lifecycle.folder_of(home))]
    (tmp_path / "elsewhere").mkdir()
    squatted.symlink_to(tmp_path / "elsewhere")
    try:
        with pytest.raises(ConfigurationError, match="no link"):
            lifecycle.ensure_running(home)
    finally:
        squatted.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_sockets_folder_of_another_account_is_refused(tmp_path: Path) -> None:
    home = tmp_path / ("deep" * 20) / ("deeper" * 20)
    (squatted,) = [p.parent for p in process.socket_paths(lifecycle.folder_of(home))]
    squatted.mkdir()
    os.chown(squatted, 65534, 65534)
    try:
        with pytest.raises(ConfigurationError, match="belongs to account 65534"):
            lifecycle.ensure_running(home)
    finally:
        squatted.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another account")
def test_a_process_of_another_account_is_not_believed_whatever_its_command_says(
    home: Path,
) -> None:
    lifecycle.ensure_running(home)
    state = lifecycle.status(home).state
    assert state is not None
    command = ["/bin/sh", "-c", "sleep 60; true", state.folder]
    imitation = subprocess.Popen(command, user=65534, group=65534, start_new_session=True)
    try:
        assert not process.is_ours(replace(state, pid=imitation.pid))
    finally:
        os.killpg(imitation.pid, signal.SIGKILL)
        imitation.wait()


def test_a_server_that_listened_on_a_port_is_replaced_and_its_data_stay(home: Path) -> None:
    """An installation of before: nx-27017's own daemon, found by a state file with a port."""
    folder = lifecycle.folder_of(home)
    folder.mkdir(parents=True)
    former = _server_of_before(folder)
    with open_registry(former["uri"], "farol") as registry:
        registry.run(PredictionRepository().add_many([prediction("p-1")]))

    uri = lifecycle.ensure_running(home)

    assert uri.startswith("mongodb://%2F")
    assert not _lives(former["pid"])
    with open_registry(uri, "farol") as registry:
        assert registry.run(PredictionRepository().count()) == 1


def test_a_server_of_a_release_that_did_less_is_replaced_where_it_was(home: Path) -> None:
    uri = lifecycle.ensure_running(home)
    path = lifecycle.folder_of(home) / "server.json"
    state = json.loads(path.read_text())
    path.write_text(json.dumps({name: state[name] for name in state if name != "edition"}))
    with open_registry(uri, "farol") as registry:
        registry.run(PredictionRepository().add_many([prediction("p-1")]))

        assert lifecycle.ensure_running(home) == uri
        assert not _lives(state["pid"])
        assert registry.run(PredictionRepository().count()) == 1
    assert json.loads(path.read_text())["edition"] == process.EDITION


def test_a_server_without_a_client_ends_itself_and_comes_back_where_it_was(home: Path) -> None:
    uri = lifecycle.ensure_running(home, idle_seconds=0.5)
    state = lifecycle.status(home).state
    assert state is not None
    _until(lambda: not _lives(state.pid))

    assert not Path(state.socket).exists()
    assert not list((home / "registry").glob("*-wal"))
    assert lifecycle.ensure_running(home) == uri


def test_a_server_with_a_client_stays_for_as_long_as_it_is_connected(home: Path) -> None:
    uri = lifecycle.ensure_running(home, idle_seconds=0.5)
    state = lifecycle.status(home).state
    assert state is not None

    with open_registry(uri, "farol") as registry:
        registry.ping()
        time.sleep(2)
        assert _lives(state.pid)
        registry.ping()
    _until(lambda: not _lives(state.pid))


@pytest.mark.slow
def test_whoever_comes_while_it_ends_finds_it_or_starts_it(home: Path) -> None:
    """An idle time so short that it ends in the midst of this, again and again."""
    for _ in range(5):
        uri = lifecycle.ensure_running(home, idle_seconds=1)
        with open_registry(uri, "farol") as registry:
            registry.ping()
        time.sleep(1)


def test_a_server_that_is_busy_with_many_commands_still_gives_a_sign_of_life(home: Path) -> None:
    uri = lifecycle.ensure_running(home)
    state = lifecycle.status(home).state
    assert state is not None
    with open_registry(uri, "farol", pool_size=MANY) as registry, ThreadPoolExecutor(MANY) as pool:
        registry.run(PredictionRepository().add_many([prediction("p")]))
        with contextlib.closing(sqlite3.connect(lifecycle.data_file(home, "farol"))) as busy:
            busy.execute("BEGIN IMMEDIATE")  # Nobody else writes meanwhile.
            writing = [
                pool.submit(registry.run, PredictionRepository().add_many([prediction(f"p-{n}")]))
                for n in range(MANY)
            ]
            time.sleep(0.5)

            answered = process.answers(state)

            assert not any(one.done() for one in writing)
            busy.rollback()
        for one in writing:
            one.result(timeout=20)
    assert answered


def test_a_server_that_is_silent_for_a_while_is_waited_for_and_not_replaced(home: Path) -> None:
    uri = lifecycle.ensure_running(home)
    state = lifecycle.status(home).state
    assert state is not None
    os.kill(state.pid, signal.SIGSTOP)
    wakes = Timer(2 * process.PING_MS / 1000 + 1, os.kill, (state.pid, signal.SIGCONT))
    wakes.start()

    found = lifecycle.ensure_running(home)

    wakes.join()
    assert found == uri
    assert _lives(state.pid)


@pytest.mark.slow
def test_a_server_that_stays_silent_is_replaced(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "BUSY_SECONDS", 1.0)
    monkeypatch.setattr(process, "END_SECONDS", 1.0)
    uri = lifecycle.ensure_running(home)
    state = lifecycle.status(home).state
    assert state is not None
    os.kill(state.pid, signal.SIGSTOP)

    assert lifecycle.ensure_running(home) == uri
    assert not _lives(state.pid)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(RegistryUnavailable, match="file"):
        lifecycle.ensure_running(tmp_path / "file")


def test_a_server_that_dies_at_its_start_says_why(home: Path) -> None:
    folder = lifecycle.folder_of(home)
    (folder / "admin.db").mkdir(parents=True)

    with pytest.raises(RegistryUnavailable, match=r"unable to open.*server\.log"):
        lifecycle.ensure_running(home)


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
    assert address.startswith("mongodb://%2F")
    assert "nx-27017" in address
    process.terminate()
    assert process.wait(20) == 0
    process.stdout.close()
    assert not lifecycle.status(home).running


@pytest.mark.parametrize(("option", "code"), [("--status", 3), ("--stop", 0), ("--nonsense", 2)])
def test_the_commands_options_have_their_exit_codes(tmp_path: Path, option: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "database.embedded", option],
        cwd=ROOT,
        env={"FAROL_HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
    )

    assert done.returncode == code


def _server_of_before(folder: Path) -> dict[str, Any]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    pid_file = folder / "server.pid"
    command = [sys.executable, "-m", "nx_27017.nx_27017", "--daemon", "--data-dir", str(folder)]
    command += ["--port", str(port), "--pid-file", str(pid_file)]
    command += ["--log-file", str(folder / "server.log")]
    subprocess.run(command, check=True, capture_output=True)
    _until(lambda: pid_file.exists() and _listens(port))
    state = {
        "uri": f"mongodb://127.0.0.1:{port}/?directConnection=true",
        "port": port,
        "pid": int(pid_file.read_text()),
        "folder": str(folder),
        "version": "nx-27017 0.8.1",
    }
    (folder / "server.json").write_text(json.dumps(state))
    return state


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def _until(holds: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
