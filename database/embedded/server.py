"""The embedded server's own process: nx-27017 on a socket that only its owner can reach.

`python -m database.embedded.server`, started by `database.embedded.process` and by nobody else.
nx-27017 listens on ports only, where every account of the host is a client; its handler of one
connection is run here on a Unix socket instead. It knows no end of its own either: here it ends
when nobody has been connected for a while, for its starter may have been killed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop
from nx_27017.daemon import daemonize
from nx_27017.handler import NeoSQLiteHandler
from nx_27017.server import handle_client

from database.embedded.bulk_writes import write_in_bulk
from database.embedded.counts import count_quickly
from database.embedded.deletions import delete_by_indexes
from database.embedded.encoded_answers import encode_once
from database.embedded.index_keys import leave_keys_out
from database.embedded.look_ups import answer_look_ups
from database.embedded.plans import explain_plans
from database.embedded.slow_commands import tell_of_slow_commands
from database.embedded.sqlite_files import SECURE_DELETE
from model.trust.private import UMASK

BACKLOG = 1_024
"""A full queue refuses a client of a Unix socket at once, where a port lets it wait."""

MOST_AT_ONCE = 128
"""Commands that are under way or wait for another one of their database. With asyncio's own few
threads nobody was left to answer a ping then, and a busy server was taken for a dead one."""

LOOKS_A_MINUTE = 60

FIRST_VISIT_SECONDS = 60.0
"""How long the first client may take; the starter is one, on a machine that may be busy."""


@dataclass(slots=True)
class Visits:
    """How many clients are connected, and since when there has been none.

    >>> visits = Visits(idle_seconds=5, since=100)
    >>> visits.is_over(at=110), visits.is_over(at=161)
    (False, True)
    >>> visits.come()
    >>> visits.is_over(at=1_000)
    False
    >>> visits.go(at=1_000)
    >>> visits.is_over(at=1_004), visits.is_over(at=1_006)
    (False, True)
    """

    idle_seconds: float
    since: float
    connected: int = 0
    any_came: bool = False

    def come(self) -> None:
        """Counts a client that connects."""
        self.connected += 1
        self.any_came = True

    def go(self, at: float) -> None:
        """Counts a client off, and notes when the last one left."""
        self.connected -= 1
        self.since = at

    def is_over(self, at: float) -> bool:
        """Whether nobody has been connected for the idle time."""
        patience = self.idle_seconds if self.any_came else FIRST_VISIT_SECONDS
        return not self.connected and at - self.since >= patience


def overwrite_what_is_deleted(handler: NeoSQLiteHandler) -> None:
    """Makes every database that is opened from here on overwrite with zeros what is deleted.

    SQLite does so by itself only where it was compiled to, and nx-27017 has no option for it.
    """
    opens = handler._open_db_conn

    def open_securely(db_name: str) -> Any:
        opened = opens(db_name)
        opened.db.execute(SECURE_DELETE)
        return opened

    handler._open_db_conn = open_securely


def main(argv: Sequence[str]) -> int:
    """Serves until SIGTERM or until nobody has been connected for the idle time."""
    parser = argparse.ArgumentParser(prog="python -m database.embedded.server", description=__doc__)
    parser.add_argument("--data-dir", required=True, type=Path)
    parser.add_argument("--socket", required=True, type=Path)
    parser.add_argument("--pid-file", required=True, type=Path)
    parser.add_argument("--idle-seconds", required=True, type=float)
    options = parser.parse_args(argv)
    os.umask(UMASK)
    # It leaves the starter's session, so neither the starter's end nor Ctrl-C reaches it.
    daemonize()
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s [%(process)d] %(message)s"
    )
    with contextlib.ExitStack() as stack:
        stack.callback(_clear, options)
        options.pid_file.write_text(str(os.getpid()))
        handler = NeoSQLiteHandler(data_dir=str(options.data_dir))
        overwrite_what_is_deleted(handler)
        write_in_bulk(handler)
        encode_once(handler)
        answer_look_ups(handler)
        count_quickly(handler)
        delete_by_indexes(handler)
        leave_keys_out(handler)
        explain_plans(handler)
        tell_of_slow_commands(handler)
        stack.callback(handler.close_all)  # Empties the write-ahead log.
        # Leaving the runner waits for what is being written.
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(handler, options.socket, options.idle_seconds))
    return 0


def _clear(options: argparse.Namespace) -> None:
    """Removes what tells of this server, and a folder that was made for its socket alone."""
    for path in (options.socket, options.pid_file):
        path.unlink(missing_ok=True)
    if options.socket.parent != options.data_dir:
        options.socket.parent.rmdir()


async def _serve(handler: NeoSQLiteHandler, path: Path, idle_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(MOST_AT_ONCE))
    visits = Visits(idle_seconds, loop.time())
    asked_to_stop = asyncio.Event()

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.come()
        try:
            await handle_client(reader, writer, handler)
        finally:
            visits.go(loop.time())

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop.set)
    path.unlink(missing_ok=True)  # Of a server that was killed; the starter holds the lock.
    server = await asyncio.start_unix_server(visit, path, backlog=BACKLOG)
    path.chmod(0o600)
    while not asked_to_stop.is_set() and not visits.is_over(loop.time()):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asked_to_stop.wait(), idle_seconds / LOOKS_A_MINUTE)
    # A client that comes from here on is refused, and starts a server of its own.
    server.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
