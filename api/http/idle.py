"""uvicorn's connection, whose wait for a further request is timed by one timer.

uvicorn makes a timer after each answer and takes it back with the next request. A busy connection
needs none of them: here one goes on, and looks when it fires how long nothing has come.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class IdleProtocol(HttpToolsProtocol):
    """A connection that is closed once nothing has come on it for uvicorn's keep-alive time."""

    _idle_since: float | None = None
    """By the loop's clock; None while a request is on its way or being answered."""

    _idle_timer: asyncio.TimerHandle | None = None

    def on_response_complete(self) -> None:
        """The time without a request begins, unless one that came meanwhile is next."""
        if self.pipeline:
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        self._idle_since = self.loop.time()
        if self._idle_timer is None:
            self._look_in(self.timeout_keep_alive)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the timer."""
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        super().connection_lost(exc)

    def _unset_keepalive_if_required(self) -> None:
        """Something came; uvicorn calls it before it reads on."""
        self._idle_since = None

    def _look_in(self, seconds: float) -> None:
        self._idle_timer = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        self._idle_timer = None
        if self._idle_since is None:
            return  # The answer that is on its way begins anew.
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_in(left)
        else:
            self.timeout_keep_alive_handler()
