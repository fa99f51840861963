"""The embedded server's process: its state file, whether it lives, how it starts and ends."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from model.errors import RegistryUnavailable

HOST = "127.0.0.1"
START_SECONDS = 30.0
"""How long a start may take on a busy machine; under a second is usual."""

END_SECONDS = 15.0
POLL_SECONDS = 0.02
PING_MS = 2_000
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class State:
    """Where a server was started; `<home>/registry/server.json`."""

    uri: str
    port: int
    pid: int
    folder: str
    version: str


def read_state(folder: Path) -> State | None:
    """The last server's state, or None if there is none or it cannot be read."""
    try:
        return State(**json.loads(_state_file(folder).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def is_ours(state: State) -> bool:
    """Whether that process lives and is a server of that folder; a pid alone may be reused."""
    return str(Path(state.folder)) in _command_line(state.pid)


def answers(state: State) -> bool:
    """Whether the server is ours and gives a sign of life."""
    return is_ours(state) and _ping(state.uri)


def start(folder: Path, former: State | None) -> State:
    """Starts a server on this folder; the caller holds the lock.

    Raises:
        RegistryUnavailable: it did not start; the message says why and where its log is.
    """
    if former is not None and is_ours(former):
        # It lives and does not answer; two servers on one file would wait for each other.
        end(former)
    _check_disk(folder)
    for attempt in range(ATTEMPTS):
        _pid_file(folder).unlink(missing_ok=True)
        port = _free_port(former.port if former and attempt == 0 else 0)
        with _launched(folder, port) as life:
            state = _await(folder, port, life)
        if state is not None:
            _publish(folder, state)
            return state
    raise RegistryUnavailable(f"the registry in {folder} does not start: {_last_words(folder)}")


def end(state: State) -> None:
    """Ends a server: asks, waits, insists.

    Raises:
        RegistryUnavailable: it belongs to another user, or does not go.
    """
    try:
        for number in (signal.SIGTERM, signal.SIGKILL):
            os.kill(state.pid, number)
            deadline = time.monotonic() + END_SECONDS
            while time.monotonic() < deadline:
                if not is_ours(state):
                    _pid_file(Path(state.folder)).unlink(missing_ok=True)
                    return
                time.sleep(POLL_SECONDS)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise RegistryUnavailable(f"process {state.pid} belongs to another user") from error
    raise RegistryUnavailable(f"process {state.pid} does not stop")


@contextlib.contextmanager
def _launched(folder: Path, port: int) -> Iterator[int]:
    """Launches a server; gives a file descriptor that reports its end of file when it dies.

    The server inherits the other end of a pipe and holds it for as long as it lives.
    """
    life, held = os.pipe()
    try:
        try:
            _launch(folder, port, held)
        finally:
            os.close(held)
        yield life
    finally:
        os.close(life)


def _launch(folder: Path, port: int, held: int) -> None:
    # The server's own daemon mode leaves our session, so neither our end nor Ctrl-C reaches it.
    command = [sys.executable, "-m", "nx_27017.nx_27017", "--daemon", "--data-dir", str(folder)]
    command += ["--host", HOST, "--port", str(port)]
    command += ["--pid-file", str(_pid_file(folder)), "--log-file", str(_log_file(folder))]
    # One that hangs in its launch is found out by whoever waits for it to answer.
    with _log_file(folder).open("a") as log, contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            timeout=START_SECONDS,
            pass_fds=(held,),
        )


def _await(folder: Path, port: int, life: int) -> State | None:
    """The state once the server answers; None once it is clear that it will not."""
    uri = f"mongodb://{HOST}:{port}/?directConnection=true"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if select.select([life], [], [], POLL_SECONDS)[0]:
            return None
        pid = _read_pid(folder)
        if pid is not None and _listens(port) and _ping(uri):
            return State(uri, port, pid, str(folder), f"nx-27017 {version('nx-27017')}")
    return None


def _check_disk(folder: Path) -> None:
    probe = folder / "disk.probe"
    try:
        probe.write_bytes(b"\0" * 65_536)
        probe.unlink()
    except OSError as error:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
        raise RegistryUnavailable(f"cannot write to {folder}: {error.strerror}") from error


def _free_port(wanted: int) -> int:
    """The wanted port if nobody has it, else any."""
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            free: int = probe.getsockname()[1]
            return free
    raise RegistryUnavailable(f"there is no free port on {HOST}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _ping(uri: str) -> bool:
    client: MongoClient[dict[str, object]] = MongoClient(
        uri, serverSelectionTimeoutMS=PING_MS, socketTimeoutMS=PING_MS
    )
    try:
        client.admin.command("ping")
    except PyMongoError:
        return False
    finally:
        client.close()
    return True


def _command_line(pid: int) -> str:
    """The command line of a living process; empty for a dead one, and for a zombie."""
    proc = Path("/proc")
    if (proc / "self").exists():
        with contextlib.suppress(OSError):
            return (proc / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return ""
    found = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True
    )
    return found.stdout


def _read_pid(folder: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        return int(_pid_file(folder).read_text())
    return None


def _publish(folder: Path, state: State) -> None:
    fresh = folder / "server.json.new"
    fresh.write_text(json.dumps(asdict(state), indent=2), encoding="utf-8")
    fresh.replace(_state_file(folder))


def _last_words(folder: Path) -> str:
    """The line of the server's log that says most about its end."""
    with contextlib.suppress(OSError):
        lines = _log_file(folder).read_text(encoding="utf-8", errors="replace").splitlines()
        told = [line for line in lines if line.strip()]
        if told:
            return f"{told[-1].strip()[:300]} (see {_log_file(folder)})"
    return f"it said nothing (see {_log_file(folder)})"


def _state_file(folder: Path) -> Path:
    return folder / "server.json"


def _pid_file(folder: Path) -> Path:
    return folder / "server.pid"


def _log_file(folder: Path) -> Path:
    return folder / "server.log"
