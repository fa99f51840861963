"""The embedded server's process: its state file, whether it lives, how it starts and ends."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from model.errors import RegistryUnavailable
from model.trust.private import make_private_folder

LONGEST_PATH = 103
"""Bytes of a socket's path: Linux takes 107, macOS 103."""

IDLE_SECONDS = 60.0
"""How long a server stays that nobody is connected to."""

START_SECONDS = 30.0
"""How long a start may take on a busy machine; under a second is usual."""

END_SECONDS = 15.0
POLL_SECONDS = 0.02
PING_MS = 2_000

EDITION = 1
"""Of what the server does beside nx-27017. Raised where a release asks it for what one of before
does not do: that one, which may outlive an upgrade by a minute, is then ended and replaced."""

BUSY_SECONDS = 20.0
"""How long a server that lives and listens may be silent before another one takes its place."""


@dataclass(frozen=True, slots=True)
class State:
    """Where a server was started; `<home>/registry/server.json`.

    Attributes:
        uri: `mongodb://` with the percent-encoded path of the socket as its host.
        socket: that path; empty for a server of before, which listened on a port.
        edition: `EDITION` of the release that started it.
    """

    uri: str
    pid: int
    folder: str
    version: str
    socket: str = ""
    edition: int = 0

    @property
    def does_all(self) -> bool:
        """Whether it listens as this release asks, and does all that it asks."""
        return bool(self.socket) and self.edition >= EDITION


def read_state(folder: Path) -> State | None:
    """The last server's state, or None if there is none or it cannot be read."""
    try:
        told = json.loads(_state_file(folder).read_text(encoding="utf-8"))
        return State(**{f.name: told[f.name] for f in fields(State) if f.name in told})
    except (OSError, ValueError, TypeError):
        return None


def is_ours(state: State) -> bool:
    """Whether that process lives and is a server of that folder; a pid alone may be reused.

    Another account can run a command of any name, so the process must be this account's too.
    """
    return state.folder in _command_line(state.pid) and _is_this_accounts(state.pid)


def answers(state: State) -> bool:
    """Whether the server is ours, is out of other accounts' reach and gives a sign of life."""
    return state.does_all and is_ours(state) and _ping(state.uri)


def answers_at_last(state: State) -> bool:
    """Whether the server gives a sign of life while it lives and listens; a busy one is late."""
    deadline = time.monotonic() + BUSY_SECONDS
    while state.does_all and is_ours(state) and _listens(Path(state.socket)):
        if _ping(state.uri):
            return True
        if time.monotonic() >= deadline:
            return False
    return False


def start(folder: Path, former: State | None, idle_seconds: float = IDLE_SECONDS) -> State:
    """Starts a server on this folder; the caller holds the lock.

    Raises:
        ConfigurationError: a folder for the socket belongs to somebody else.
        RegistryUnavailable: it did not start; the message says why and where its log is.
    """
    if former is not None and is_ours(former):
        # It lives and does not answer, or is of a release that did less. Two servers on one file
        # would wait for each other.
        end(former)
    _check_disk(folder)
    for path in socket_paths(folder):
        _pid_file(folder).unlink(missing_ok=True)
        make_private_folder(path.parent)
        with _launched(folder, path, idle_seconds) as life:
            state = _await(folder, path, life)
        if state is not None:
            _publish(folder, state)
            return state
    raise RegistryUnavailable(f"the registry in {folder} does not start: {_last_words(folder)}")


def socket_paths(folder: Path) -> Iterator[Path]:
    """Where a server of this folder may listen, best first: beside its data, or in `/tmp`.

    The second is for a folder that is too deep, or on a file system that knows no sockets. Both
    follow from the folder alone, so that a server that is started anew listens where it did before.
    """
    beside = folder / "server.sock"
    if len(os.fsencode(beside)) <= LONGEST_PATH:
        yield beside
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    # The folder is made with mode 0700, and refused where it is a link or another account's.
    yield Path("/tmp") / f"farol-{os.geteuid()}-{name}" / "server.sock"  # noqa: S108


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
def _launched(folder: Path, path: Path, idle_seconds: float) -> Iterator[int]:
    """Launches a server; gives a file descriptor that reports its end of file when it dies.

    The server inherits the other end of a pipe and holds it for as long as it lives.
    """
    life, held = os.pipe()
    try:
        try:
            _launch(folder, path, idle_seconds, held)
        finally:
            os.close(held)
        yield life
    finally:
        os.close(life)


def _launch(folder: Path, path: Path, idle_seconds: float, held: int) -> None:
    command = [sys.executable, "-m", "database.embedded.server", "--data-dir", str(folder)]
    command += ["--socket", str(path), "--pid-file", str(_pid_file(folder))]
    command += ["--idle-seconds", str(idle_seconds)]
    # One that hangs in its launch is found out by whoever waits for it to answer.
    with _log_file(folder).open("a") as log, contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            command,
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            timeout=START_SECONDS,
            pass_fds=(held,),
        )


def _await(folder: Path, path: Path, life: int) -> State | None:
    """The state once the server answers; None once it is clear that it will not."""
    uri = f"mongodb://{quote(str(path), safe='')}/?directConnection=true"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if select.select([life], [], [], POLL_SECONDS)[0]:
            return None
        pid = _read_pid(folder)
        if pid is not None and _listens(path) and _ping(uri):
            server = f"nx-27017 {version('nx-27017')}"
            return State(uri, pid, str(folder), server, str(path), EDITION)
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


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        return probe.connect_ex(str(path)) == 0


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
        ["ps", "-ww", "-o", "command=", "-p", str(pid)],  # noqa: S607  its place is the system's
        capture_output=True,
        text=True,
    )
    return found.stdout


def _is_this_accounts(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return (Path("/proc") / str(pid)).stat().st_uid == os.geteuid()
    return not Path("/proc/self").exists()


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
