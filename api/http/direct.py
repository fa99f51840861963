"""Requests that a connection answers itself, without ASGI, where the application offers to.

What ASGI takes for one request (a task, an event, two messages, every header checked) is more than
a score takes. The application's lifespan leaves what it answers so in the state that uvicorn gives
to each connection; another server ignores it, and every request goes the ordinary way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from api.http.idle import IdleProtocol
from api.http.secure_headers import Header

DIRECT = "farol.direct"
"""Where the state of the lifespan has what is answered so: a URL, as it is sent, to a `Direct`."""

Address = tuple[str, int] | None
Answered = Callable[[int, bytes, bytes], None]
"""Takes the status, header lines, and the body; called once, and never before `Direct` returns."""

Ordinary = Mapping[str, object]
"""What the scope of a request is told that goes the ordinary way."""

Direct = Callable[[list[Header], Address, bytes, Answered], Ordinary | None]
"""Begins to answer a POST by its headers, the client's address and the body; None once it has."""


class _NobodyWaits:
    """What uvicorn would wake; it lets a connection that is lost tell who waits for a body."""

    def set(self) -> None: ...


_NOBODY = _NobodyWaits()


class DirectCycle(RequestResponseCycle):
    """What uvicorn has to know of a request that is answered so: whether its answer is out."""

    def __init__(self, *, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.disconnected = False
        self.response_complete = False
        self.message_event = _NOBODY  # type: ignore[assignment]


class DirectProtocol(IdleProtocol):
    """uvicorn's connection, which answers by itself what the application offers to.

    A request goes the ordinary way where another one of the connection is not answered yet, where
    its body does not come with its headers, and where anything about it is unusual.
    """

    _direct: Direct | None = None
    _parts: list[bytes]
    _defaults: object = None
    _default_lines = b""

    def data_received(self, data: bytes) -> None:
        """Reads on; a request whose body is still coming goes the ordinary way."""
        super().data_received(data)
        if self._direct is not None:
            self._go_ordinary(b"".join(self._parts), {})

    def on_message_begin(self) -> None:
        """A request begins; its scope is made once it goes the ordinary way."""
        self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_headers_complete(self) -> None:
        """The request can be answered."""
        direct = self._offered()
        if direct is None:
            self._begin_ordinary()
        else:
            self._direct, self._parts = direct, []

    def on_body(self, body: bytes) -> None:
        """A part of the body came."""
        if self._direct is None:
            super().on_body(body)
        else:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        """The request is there."""
        direct = self._direct
        if direct is None:
            super().on_message_complete()
            return
        body = b"".join(self._parts)
        cycle = DirectCycle(keep_alive=self.parser.should_keep_alive())
        told = direct(self.headers, self.client, body, partial(self._write, cycle))
        if told is None:
            self._direct, self.cycle = None, cycle
        else:
            self._go_ordinary(body, told)
            super().on_message_complete()

    def _offered(self) -> Direct | None:
        offered: Mapping[bytes, Direct] | None = self.app_state.get(DIRECT)
        if offered is None or (direct := offered.get(self.url)) is None:
            return None
        unusual = (
            self.parser.get_method() != b"POST"
            or self.parser.get_http_version() != "1.1"
            or self.expect_100_continue
            or self.access_log
            or self.limit_concurrency is not None
            or self.flow.write_paused
            or (self.cycle is not None and not self.cycle.response_complete)
            or self.parser.should_upgrade()
        )
        return None if unusual else direct

    def _begin_ordinary(self) -> None:
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers  # The scope has this list.
        super().on_headers_complete()

    def _go_ordinary(self, body: bytes, told: Ordinary) -> None:
        self._direct = None
        self._begin_ordinary()
        self.scope.update(told)  # type: ignore[typeddict-item]
        if body:
            super().on_body(body)

    def _write(self, cycle: DirectCycle, status: int, lines: bytes, body: bytes) -> None:
        if cycle.response_complete:
            raise RuntimeError("a request is answered once")
        cycle.response_complete = True
        if cycle.disconnected or self.transport.is_closing():
            return
        end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        length = b"content-length: %d\r\n" % len(body)
        self.transport.write(
            b"".join((STATUS_LINE[status], self._default(), lines, length, end, body))
        )
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _default(self) -> bytes:
        """The header lines of every answer, which uvicorn makes anew each second."""
        defaults = self.server_state.default_headers
        if defaults is not self._defaults:
            self._defaults = defaults
            self._default_lines = b"".join(b"%b: %b\r\n" % header for header in defaults)
        return self._default_lines
