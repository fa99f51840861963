"""What telemetry is told, whoever carries it: `deployment.telemetry` has the one that speaks OTLP.

No name and no attribute may say anything of a person: no student, no path or query, no record, no
client's name, no message of an error that nobody foresaw.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

Told: TypeAlias = str | int | float | bool
Attributes: TypeAlias = Mapping[str, Told]


class TelemetrySpan(Protocol):
    """Something that is being done, from its beginning to its end."""

    def rename(self, name: str) -> None:
        """Calls it otherwise, once more is known."""

    def tell(self, attributes: Attributes) -> None:
        """Adds what became known of it."""

    def fail(self, kind: str) -> None:
        """Says that it failed, by the kind of the error alone."""


class Tracer(Protocol):
    """Begins spans; each ends with its block, and those begun meanwhile are its children."""

    def request(
        self, name: str, headers: Iterable[tuple[bytes, bytes]], attributes: Attributes
    ) -> AbstractContextManager[TelemetrySpan]:
        """A request that is answered; a W3C `traceparent` among its headers is its parent."""

    def call(
        self, name: str, attributes: Attributes, *, alone: bool
    ) -> AbstractContextManager[object]:
        """A call of another system; its error's kind is told.

        Args:
            name: of the call.
            attributes: of it.
            alone: whether it is told where nothing else is going on that it belongs to.
        """

    def work(self, name: str, attributes: Attributes) -> AbstractContextManager[TelemetrySpan]:
        """Work that nobody waits for."""

    def step(self, name: str) -> None:
        """A step of the current work ended now, and began where the one before ended."""
