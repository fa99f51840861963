"""The API's connection with deadlines that a test can wait for."""

from __future__ import annotations

from typing import ClassVar

from api.http.protocol import BoundedProtocol


class ShortProtocol(BoundedProtocol):
    header_seconds: ClassVar[float] = 1.0
    linger_seconds: ClassVar[float] = 1.0


class NarrowProtocol(BoundedProtocol):
    most_connections: ClassVar[int] = 2
