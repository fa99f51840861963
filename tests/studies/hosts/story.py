"""Three hosts; one of them, or all, are cut off from the registry for a while, and come back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from database.driver.client import SyncRegistry
from database.labels import LabelRepository
from database.predictions import PredictionRepository
from tests.api.server import until
from tests.faults.conftest import Installation, installed
from tests.faults.school import PERIOD, RECORD, kept
from tests.studies.hosts.host import NetworkHost, host, school_of, worker
from tests.studies.hosts.network import Network, network

HOSTS = 3
STUDENTS = 10
PATIENCE = 90.0

BOUNDS: Mapping[str, float] = {
    "the other hosts serve a promoted version": 5.0,
    "the other hosts refuse an erased student": 5.0,
    "it serves the version of meanwhile": 10.0,
    "it refuses the student erased meanwhile": 10.0,
    "no record of that student waits on it": 15.0,
    "the erasure's receipt is complete": 20.0,
    "what waited on it is in the registry": 15.0,
    "outcomes reported elsewhere meanwhile are joined": 75.0,
    "its health is ok": 15.0,
}
"""Seconds; the first ones from the call, the others from the end of the cut."""


@dataclass(slots=True)
class CutCourse:
    """What was seen of one cut.

    Attributes:
        title: what was cut, and for how long.
        seconds: what of `BOUNDS` came after how long.
        wrong: what is not as it must be.
    """

    title: str
    seconds: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def must(self, holds: bool, what: str) -> None:
        """Notes what does not hold."""
        if not holds:
            self.wrong.append(what)

    @property
    def broken(self) -> list[str]:
        """What is wrong, or came too late."""
        late = [
            f"{what}: {seconds:.1f} s, and {BOUNDS[what]:.0f} s are promised"
            for what, seconds in self.seconds.items()
            if seconds > BOUNDS[what]
        ]
        return self.wrong + late


@dataclass(frozen=True, slots=True)
class CutTown:
    """Three hosts and their registry."""

    net: Network
    hosts: tuple[NetworkHost, ...]
    registry: SyncRegistry


@contextmanager
def town(folder: Path) -> Iterator[CutTown]:
    """Three hosts that serve v1; v2 may follow it. The worker is on the first one."""
    with ExitStack() as stack:
        made: Installation = stack.enter_context(installed(folder / "registry"))
        net = stack.enter_context(network(made.uri, HOSTS))
        hosts = tuple(
            stack.enter_context(host(number, name, folder / f"host-{number}", net.uri))
            for number, name in enumerate(net.hosts)
        )
        stack.enter_context(worker(hosts[0], net.uri))
        yield CutTown(net, hosts, made.registry)


def one_cut_off(here: CutTown, *, seconds: float, version: str, name: str) -> CutCourse:
    """The last host is off the network while others promote, erase and report.

    Args:
        here: the hosts.
        seconds: how long the cut is.
        version: is promoted meanwhile.
        name: of this cut, for the students' ids.
    """
    _, other, cut = here.hosts
    course = CutCourse(f"one host cut off for {seconds:.0f} s")
    schools = [school_of(one) for one in here.hosts]
    gone = f"{name}-gone"
    waits = [f"{name}-{number}" for number in range(STUDENTS)]
    of_gone = [other.predicted(_record(gone))]
    before = cut.versions
    with ExitStack() as stack:
        for school in schools:
            stack.enter_context(school.open())
        began = time.monotonic()
        here.net.cut(cut.number)
        known = {student: cut.predicted(_record(student)) for student in waits}
        of_gone += [cut.predicted(_record(gone)) for _ in range(3)]
        receipt = _meanwhile(course, here, version, gone, known)
        _by_itself(course, cut, before, gone, of_gone)
        time.sleep(max(0.0, began + seconds - time.monotonic()))
        here.net.heal(cut.number)
        _afterwards(course, here, version, gone, of_gone, waits, receipt)
    course.must(not schools[2].statuses.keys() - {200}, f"answered {dict(schools[2].statuses)}")
    course.must(schools[2].broken == 0, "calls to the host that was cut off broke")
    kept(here.registry, *schools)
    stays = here.registry.run(PredictionRepository().known(of_gone))
    course.must(not stays, f"{len(stays)} predictions of the erased student are kept")
    stored = here.registry.run(PredictionRepository().known(list(known.values())))
    course.must(len(stored) == STUDENTS, "predictions that waited are not in the registry")
    return course


def all_cut_off(here: CutTown, *, seconds: float) -> CutCourse:
    """Nobody reaches the registry for a while."""
    course = CutCourse(f"all hosts cut off for {seconds:.0f} s")
    schools = [school_of(one) for one in here.hosts]
    with ExitStack() as stack:
        for school in schools:
            stack.enter_context(school.open())
        for one in here.hosts:
            here.net.cut(one.number)
        time.sleep(seconds)
        ready = {one.call("GET", "/health/ready").status_code for one in here.hosts}
        course.must(ready == {200}, f"readiness is {ready}")
        for one in here.hosts:
            here.net.heal(one.number)
        _await(
            course,
            {"its health is ok": lambda: all(h.health["status"] == "ok" for h in here.hosts)},
        )
    for school in schools:
        course.must(not school.statuses.keys() - {200}, f"answered {dict(school.statuses)}")
    until(lambda: not any(one.waiting for one in here.hosts))
    kept(here.registry, *schools)
    return course


def _meanwhile(
    course: CutCourse, here: CutTown, version: str, gone: str, known: Mapping[str, str]
) -> str:
    """What others do while one is away; the id of the erasure's receipt."""
    asked, other, _ = here.hosts
    promoted = asked.call("POST", f"/models/{version}/promote", {"reason": "better"})
    course.must(promoted.status_code == 200, f"a promotion was answered {promoted.status_code}")
    _await(course, {
        "the other hosts serve a promoted version": lambda: asked.versions | other.versions
        == {version},
    })  # fmt: skip
    erased = asked.call("DELETE", f"/students/{gone}")
    course.must(erased.status_code == 200, f"an erasure was answered {erased.status_code}")
    _await(course, {
        "the other hosts refuse an erased student": lambda: _refused(asked, gone)
        and _refused(other, gone),
    })  # fmt: skip
    outcomes = [{"prediction_id": one, "outcome": 1} for one in known.values()]
    told = other.call("POST", "/labels", outcomes).json()
    course.must(told["orphaned"] == len(outcomes), f"outcomes were answered {told}")
    return str(erased.json()["receipt_id"])


def _by_itself(
    course: CutCourse, cut: NetworkHost, before: set[str | None], gone: str, of_gone: list[str]
) -> None:
    """What the host answers that is away."""
    until(lambda: cut.health["status"] == "degraded")
    ready = cut.call("GET", "/health/ready").status_code
    course.must(ready == 200, f"its readiness is {ready}")
    course.must(cut.versions == before, f"it serves {cut.versions}")
    of_gone.append(cut.predicted(_record(gone)))
    for method, path, body in (
        ("POST", "/models/v1/promote", {"reason": "from a host that is away"}),
        ("DELETE", f"/students/{gone}", None),
        ("POST", "/labels", {"student_id": "nobody", "period": PERIOD, "outcome": 1}),
    ):
        status = cut.call(method, path, body).status_code
        course.must(status == 503, f"{method} {path} was answered {status} while it was away")


def _afterwards(
    course: CutCourse,
    here: CutTown,
    version: str,
    gone: str,
    of_gone: list[str],
    waits: Sequence[str],
    receipt: str,
) -> None:
    asked, _, cut = here.hosts

    def joined() -> bool:
        labels = here.registry.run(LabelRepository().newest(0))
        return {label.student_id for label in labels} >= set(waits)

    def refused() -> bool:
        answer = cut.call("POST", "/predict", _record(gone))
        if answer.status_code == 200:
            of_gone.append(answer.json()["prediction_id"])
        return answer.status_code == 410

    _await(course, {
        "it serves the version of meanwhile": lambda: cut.versions == {version},
        "it refuses the student erased meanwhile": refused,
        "no record of that student waits on it": lambda: gone not in cut.waiting,
        "what waited on it is in the registry": lambda: cut.waiting.isdisjoint(waits),
        "outcomes reported elsewhere meanwhile are joined": joined,
        "its health is ok": lambda: cut.health["status"] == "ok",
        "the erasure's receipt is complete": lambda: bool(
            asked.call("GET", f"/erasures/{receipt}").json()["complete"]
        ),
    })  # fmt: skip


def _await(course: CutCourse, wanted: Mapping[str, Callable[[], bool]]) -> None:
    """Notes when each comes true."""
    began, left = time.monotonic(), dict(wanted)
    while left:
        for what in [what for what, holds in left.items() if holds()]:
            course.seconds[what] = time.monotonic() - began
            del left[what]
        if time.monotonic() - began > PATIENCE:
            course.wrong += [f"{what}: not within {PATIENCE:.0f} s" for what in left]
            return
        time.sleep(0.05)


def _refused(one: NetworkHost, student: str) -> bool:
    return one.call("POST", "/predict", _record(student)).status_code == 410


def _record(student: str) -> dict[str, object]:
    return RECORD | {"student_id": student}
