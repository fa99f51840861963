from __future__ import annotations

from tests.api.conftest import server, world

__all__ = ["server", "world"]
