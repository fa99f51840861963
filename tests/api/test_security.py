"""Who is let in, without a server."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from api.key_trust import KeyTrust
from api.problems import Problem
from api.security import KeyRing
from database.operations import Op
from model.access import Scope
from model.errors import RegistryUnavailable
from model.key_file import KeyFile
from tests.api.bundles import KEY

T = TypeVar("T")


def test_with_authentication_off_only_this_machine_is_answered(tmp_path: Path) -> None:
    ring = KeyRing(NoRegistry(), "off", lambda: 0.0, trust(tmp_path))

    local = ring.known({"headers": [], "client": ("::1", 5)}, Scope.ADMIN)
    with pytest.raises(Problem) as refused:
        ring.known({"headers": [], "client": ("10.1.2.3", 5)}, Scope.PREDICT)

    assert local is not None
    assert refused.value.status == 403


def trust(home: Path) -> KeyTrust:
    return KeyTrust(KeyFile(home), KEY, served_before=False, now=lambda: datetime.now(UTC))


class NoRegistry:
    async def run(self, op: Op[T]) -> T:
        raise RegistryUnavailable("away")

    async def ping(self) -> None:
        raise RegistryUnavailable("away")

    async def close(self) -> None:
        pass
