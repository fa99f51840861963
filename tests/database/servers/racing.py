"""Writers that race for the next revision of one document, as a promotion or a lease does."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from database.driver.client import SyncRegistry
from database.driver.commands import InsertMany, Replace, ReplaceMany

COLLECTION = "races"


def won(registries: Sequence[SyncRegistry], races: int) -> list[int]:
    """How many writers were told, in each race, that they had replaced the document.

    All of them replace it at the revision that all have read, so of each race one may win.
    """
    wins = [[0] * races for _ in registries]
    together = threading.Barrier(len(registries))

    def write(writer: int, registry: SyncRegistry) -> None:
        for race in range(races):
            after = {"_id": f"r{race}", "revision": 2, "by": writer}
            together.wait()
            wins[writer][race] = registry.execute(
                ReplaceMany(COLLECTION, [Replace({"_id": f"r{race}", "revision": 1}, after)])
            )

    registries[0].execute(
        InsertMany(COLLECTION, [{"_id": f"r{race}", "revision": 1} for race in range(races)])
    )
    writers = [threading.Thread(target=write, args=pair) for pair in enumerate(registries)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    return [sum(race) for race in zip(*wins, strict=True)]
