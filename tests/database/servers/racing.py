"""Writers that begin at the same moment: of a document's next revision, and of what rests on it.

Each function makes its writers begin together a number of times, and gives what came of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

from database.aliases import AliasRepository
from database.driver.client import SyncRegistry
from database.driver.commands import InsertMany, Replace, ReplaceMany
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository
from database.leases import LeaseRepository
from database.promotions import PromotionRepository
from database.repair import repair
from database.students import StudentRepository
from model.errors import Conflict, LeaseHeld
from tests.database.builders import START, at, observation, outcome, promotion

T = TypeVar("T")
COLLECTION = "races"


def won(registries: Sequence[SyncRegistry], races: int) -> list[int]:
    """How many writers were told, in each race, that they had replaced the document.

    All of them replace it at the revision that all have read, so of each race one may win.
    """
    registries[0].execute(
        InsertMany(COLLECTION, [{"_id": f"r{race}", "revision": 1} for race in range(races)])
    )

    def write(writer: int, race: int) -> int:
        after = {"_id": f"r{race}", "revision": 2, "by": writer}
        replacement = Replace({"_id": f"r{race}", "revision": 1}, after)
        done: int = registries[writer].execute(ReplaceMany(COLLECTION, [replacement]))
        return done

    return [sum(race) for race in together(len(registries), races, write)]


def holders(registries: Sequence[SyncRegistry], races: int) -> list[int]:
    """How many were told, in each race for a lease that has ended, that they hold it."""
    ttl = timedelta(minutes=1)
    registries[0].run(LeaseRepository().acquire("retraining", "before", now=START, ttl=ttl))

    def take(writer: int, race: int) -> int:
        try:
            registries[writer].run(
                LeaseRepository().acquire("retraining", f"w{writer}", now=at(race + 1), ttl=ttl)
            )
        except LeaseHeld:
            return 0
        return 1

    return [sum(race) for race in together(len(registries), races, take)]


def promotions_lost(registries: Sequence[SyncRegistry], races: int) -> int:
    """How many promotions were acknowledged and are no step of the champion's alias.

    In each race every writer promotes a version of its own over the champion that it sees.
    """

    def promote(writer: int, race: int) -> int:
        registry = registries[writer]
        champion = registry.run(AliasRepository().find("champion"))
        serving, revision = (champion.version, champion.revision) if champion else (None, 0)
        name = f"w{writer}-{race}"
        wanted = promotion(name, f"v-{name}", serving, at(race))
        try:
            registry.run(PromotionRepository().promote(wanted, expected_revision=revision))
        except Conflict:
            return 0
        return 1

    acknowledged = sum(map(sum, together(len(registries), races, promote)))
    champion = registries[0].run(AliasRepository().get("champion"))
    return acknowledged - champion.revision


def periods_lost(registries: Sequence[SyncRegistry], races: int) -> int:
    """Of how many periods of a student nothing is kept, though each was acknowledged.

    In each race every writer tells another period of the same student.
    """
    registries[0].run(StudentRepository().observe([observation(f"s{r}") for r in range(races)]))

    def tell(writer: int, race: int) -> str:
        period = str(2030 + writer)
        registries[writer].run(StudentRepository().observe([observation(f"s{race}", period)]))
        return period

    told = together(len(registries), races, tell)
    kept = registries[0].run(StudentRepository().get_many([f"s{race}" for race in range(races)]))
    return sum(
        kept[f"s{race}"].in_period(period) is None
        for race, periods in enumerate(told)
        for period in periods
    )


def outcomes_lost(registries: Sequence[SyncRegistry], races: int) -> int:
    """How many labels are not the last outcome that was told, after a full repair.

    In each race every writer tells an outcome of the same student, each observed on another day.
    """
    registries[0].run(StudentRepository().observe([observation(f"s{r}") for r in range(races)]))

    def tell(writer: int, race: int) -> None:
        one = outcome(float(writer % 2), at(writer + 1), student_id=f"s{race}")
        registries[writer].run(record_outcomes([one], now=at(10)))

    together(len(registries), races, tell)
    registries[0].run(repair(now=at(20), full=True))
    labels = registries[0].run(LabelRepository().window(arrived_until=at(20), limit=0))
    last = float((len(registries) - 1) % 2)
    right = [
        one for one in labels if one.outcome == last and len(one.history) == len(registries) - 1
    ]
    return races - len(right)


def together(writers: int, races: int, act: Callable[[int, int], T]) -> list[list[T]]:
    """What each writer gives in each race; all of them begin it at the same moment."""
    start = threading.Barrier(writers)

    def run(writer: int) -> list[T]:
        given = []
        for race in range(races):
            start.wait(60)
            given.append(act(writer, race))
        return given

    with ThreadPoolExecutor(writers) as threads:
        return [list(race) for race in zip(*threads.map(run, range(writers)), strict=True)]
