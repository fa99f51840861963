"""A way to a registry that can be slow, hang or be cut: a TCP port in front of its socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

BLOCK = 65_536


@dataclass(slots=True)
class Proxy:
    """Passes bytes to and fro until it is told otherwise.

    Attributes:
        uri: of the registry behind it, for `MONGO_URI`.
        delay: seconds that every block of the registry's answers is late.
        passing: cleared, nothing passes, and every connection stays: the registry hangs.
        cut: connections end at once.
        held: a block with these bytes in it is held back for as long as this is so.
        holding: set once something was held back.
    """

    uri: str
    target: str
    delay: float = 0.0
    cut: bool = False
    held: bytes = b""
    passing: threading.Event = field(default_factory=threading.Event)
    holding: threading.Event = field(default_factory=threading.Event)
    open: set[socket.socket] = field(default_factory=set)
    guard: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """The registry answers nobody, and no connection ends."""
        self.passing.clear()
        try:
            yield
        finally:
            self.passing.set()

    @contextmanager
    def slow(self, seconds: float) -> Iterator[None]:
        """Each answer is late."""
        self.delay = seconds
        try:
            yield
        finally:
            self.delay = 0.0

    @contextmanager
    def severed(self) -> Iterator[None]:
        """Nobody reaches the registry, and what was open ends."""
        self.cut = True
        self._end_all()
        try:
            yield
        finally:
            self.cut = False

    @contextmanager
    def holding_back(self, asked: bytes) -> Iterator[None]:
        """Whoever asks for this waits; all else passes."""
        self.held = asked
        self.holding.clear()
        try:
            yield
        finally:
            self.held = b""

    def serve(self, listener: socket.socket) -> None:
        """Takes connections until the listener is closed."""
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if self.cut:
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.target)
            except OSError:
                client.close()
                continue
            with self.guard:
                self.open |= {client, server}
            for one, other, answers in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pump, args=(one, other, answers), daemon=True).start()

    def close(self) -> None:
        """Ends every connection."""
        self.passing.set()
        self.held = b""
        self._end_all()

    def _pump(self, one: socket.socket, other: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while block := one.recv(BLOCK):
                self._wait(block, answers)
                other.sendall(block)
        self._end(one, other)

    def _wait(self, block: bytes, answers: bool) -> None:
        if answers and self.delay:
            time.sleep(self.delay)
        if not answers and self.held and self.held in block:
            self.holding.set()
            while self.held and self.held in block:
                time.sleep(0.005)
        self.passing.wait()

    def _end_all(self) -> None:
        with self.guard:
            found = list(self.open)
        self._end(*found)

    def _end(self, *ended: socket.socket) -> None:
        with self.guard:
            self.open -= set(ended)
        for one in ended:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@contextmanager
def before(uri: str) -> Iterator[Proxy]:
    """A way to the embedded registry of that address; closed at the end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        proxy = Proxy(
            f"mongodb://127.0.0.1:{port}/?directConnection=true",
            unquote(urlsplit(uri).netloc),
        )
        proxy.passing.set()
        thread = threading.Thread(target=proxy.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.close()
            # Closing alone does not wake a thread that waits for the next connection.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)
