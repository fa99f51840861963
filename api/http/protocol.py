"""uvicorn's connection with deadlines: `uvicorn ... --http api.http.protocol:BoundedProtocol`.

uvicorn waits for ever for a request's headers, for the rest of a body that was answered already,
and for a client that does not read its answer; and it takes headers of any size. A few hundred
connections that send a byte now and then keep their memory and file descriptors for as long as
they like, and a worker that is to stop waits for them.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from api.http.direct import DirectProtocol
from api.http.problems import MEDIA_TYPE, Problem
from api.http.secure_headers import OF_DATA


def _closing(problem: Problem) -> bytes:
    """An answer that no request led to, after which the connection is closed."""
    body = problem.body()
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *OF_DATA,
    ]
    if problem.retry_after is not None:
        headers.append((b"retry-after", str(problem.retry_after).encode()))
    lines = [b": ".join(header) for header in headers]
    return b"\r\n".join([STATUS_LINE[problem.status].rstrip(), *lines, b"", body])


BUSY = _closing(Problem(503, "This worker has as many connections as it takes.", retry_after=1))
INVALID = _closing(Problem(400, "This is not HTTP/1.1."))


class BoundedProtocol(DirectProtocol):
    """One connection, closed when it keeps the worker waiting.

    The body itself has its deadline where it is read (`api.http.body`), so that it gets an answer.
    """

    header_seconds: ClassVar[float] = 10.0
    """From the connection, or the first byte of a further request, to the end of its headers."""

    header_bytes: ClassVar[int] = 64 * 1024

    linger_seconds: ClassVar[float] = 5.0
    """How long a client may go on sending what is no request: blank lines, or the rest of a body
    that was answered, since closing at once could lose the answer."""

    reader_seconds: ClassVar[float] = 60.0
    """How long a client may leave an answer unread."""

    most_connections: ClassVar[int] = 800
    """Per worker; under the 1,024 file descriptors that a process has by default."""

    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _in_headers = True
    _begun = False
    _header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accepts the connection if there is room."""
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            transport.write(BUSY)
            transport.close()
            return
        self._close_in(self.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the deadlines."""
        self._keep()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Reads on; what leaves no request behind that is being answered gets a deadline."""
        super().data_received(data)
        if self._in_headers:
            self._header_bytes += len(data)
            if self._header_bytes > self.header_bytes:
                self.transport.close()
            elif self._begun or self._deadline is None:
                self._begun = False
                self._close_in(self.header_seconds)
        elif self._deadline is None and self.cycle.response_complete:
            self._close_in(self.linger_seconds)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_headers, self._begun, self._header_bytes = True, True, 0

    def on_headers_complete(self) -> None:
        """The request can be answered."""
        self._in_headers = False
        self._keep()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP as other errors are answered."""
        self.transport.write(INVALID)
        self.transport.close()

    def pause_writing(self) -> None:
        """The client does not read."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.reader_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    def _close_in(self, seconds: float) -> None:
        self._keep()
        self._deadline = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _keep(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
