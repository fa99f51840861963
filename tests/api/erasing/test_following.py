"""A host follows erasures, and health is told where it cannot, by whichever worker."""

from __future__ import annotations

import asyncio

import pytest

from api.erasing import host as module
from api.erasing.host import HostErasures
from api.erasing.host_files import CarriedOut
from database.erasing.receipts import HostRepository
from tests.api.known.served import Served
from tests.database.builders import at


@pytest.mark.parametrize("leads", [True, False])
def test_what_could_not_be_read_once_is_no_fault_any_more_when_it_can(
    leads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.0)
    served = Served()
    here = HostErasures(served, "h", lambda _: CarriedOut(0, 0), lambda: at(1))

    async def told() -> list[str]:
        following = asyncio.create_task(here.follow(lambda: leads))
        faults = []
        for served.refuses in (True, False):
            await asyncio.sleep(0.01)
            faults.append(here.turns.fault)
        following.cancel()
        return faults

    refused, then = asyncio.run(told())

    assert (refused.endswith(": not allowed"), then) == (True, "")
    assert [one.host for one in served.kept.run(HostRepository().newest(0))] == ["h"]
