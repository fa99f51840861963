"""A FerretDB on SQLite files of its own, on a socket in its folder."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.database.servers.building import build

START_SECONDS = 60.0
PING_MS = 500


class NotStarted(Exception):
    """The server was built and does not answer."""


class FerretDB:
    """One server and its data.

    Attributes:
        uri: where it listens, also after it was started again.
        made: databases that have their collections and indexes.
    """

    def __init__(self, folder: Path, *, synced: bool = True) -> None:
        self._program = build()
        self._pragma = "" if synced else "?_pragma=synchronous(off)"
        self._folder = folder
        self._socket = folder / "s.sock"
        self._log = folder / "server.log"
        self.made: set[str] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self.uri = f"mongodb://{quote(str(self._socket), safe='')}/?directConnection=true"

    @property
    def pid(self) -> int:
        """The process that runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Starts it, and waits until it answers.

        Raises:
            NotStarted: it does not; the message is the end of its log.
        """
        data = self._folder / "data"
        data.mkdir(exist_ok=True)
        self._socket.unlink(missing_ok=True)
        command = [str(self._program), "-unix", str(self._socket), "-data"]
        command.append(f"file:{data}/{self._pragma}")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise NotStarted(self._log.read_text("utf-8", errors="replace")[-2_000:])
            time.sleep(0.02)

    def answers(self) -> bool:
        """Whether it gives a sign of life."""
        client: MongoClient[dict[str, object]] = MongoClient(
            self.uri, serverSelectionTimeoutMS=PING_MS, socketTimeoutMS=PING_MS
        )
        with contextlib.suppress(PyMongoError), client:
            client.admin.command("ping")
            return True
        return False

    def kill(self) -> None:
        """Ends it as a power cut of its process would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Asks it to end, and waits for that."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def running(*, synced: bool = True) -> Iterator[FerretDB]:
    """A server with empty data, until the end of the block.

    Args:
        synced: its files are synced after each write, as FerretDB does by itself.

    Raises:
        NotBuilt: it cannot be built here.
        NotStarted: it does not answer.
    """
    # A socket's path holds 107 bytes; those of pytest's folders are longer.
    with tempfile.TemporaryDirectory(prefix="ferretdb-") as folder:
        server = FerretDB(Path(folder), synced=synced)
        try:
            server.start()
            yield server
        finally:
            server.stop()
