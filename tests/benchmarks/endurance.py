"""Everything that happens to an installation, at once and long: nothing acknowledged is lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import httpx

from database.driver.client import SyncRegistry, open_registry
from database.driver.paging import in_parts
from database.embedded import lifecycle
from database.predictions import PredictionRepository
from tests.benchmarks.contestants import RECORD
from tests.benchmarks.paced import GOES, Paced, pacing
from tests.benchmarks.scenarios import COUNT_TIMEOUT_MS, DATABASE, WORKERS, Stage

SUSTAINED = 6_249
"""Requests a second of `docs/soak.md`, full load for a minute."""

SHARE = 0.7
STAYING = 2_000
PERIOD = "2024"
MOVE_SECONDS = 60.0
ERASE_SECONDS = 10.0
LOOK_SECONDS = 10.0
GROWTH = 1.25
"""Of the largest worker, between the half and the end: more is no flat memory."""

MOST_ERASED = 1_000
ERASE_TIMEOUT = 120.0


@dataclass(slots=True)
class Course:
    """What was done meanwhile.

    Attributes:
        moves: promotions and rollbacks.
        erased: students, to the predictions their receipts count.
        repeated: erasures that were answered by 503 and asked for again.
        slowest: seconds of the slowest erasure.
        killed: workers of the API.
        restarts: of the registry.
        failures: what did not go as it must.
        memory: MiB of the largest worker, every ten seconds.
    """

    moves: int = 0
    erased: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    slowest: float = 0.0
    killed: int = 0
    restarts: int = 0
    failures: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Act:
    """Something that is done again and again, or once."""

    at: float
    every: float
    do: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is in the registry afterwards.

    Attributes:
        stays: predictions of students who stay.
        of_erased: predictions of erased students.
        missing: ids of the sample that are not there.
    """

    stays: int
    of_erased: int
    missing: int


def everything(stage: Stage, *, minutes: float, rate: float | None) -> dict[str, str]:
    """Load below the sustained rate with promotions, erasures, a restart and a kill."""
    seconds, wanted = int(minutes * 60), rate or SHARE * SUSTAINED
    course, before = Course(), stage.kept()
    going = min(MOST_ERASED, max(1, int(seconds / ERASE_SECONDS)))
    body = {**RECORD, "period": PERIOD}
    with pacing(
        stage.server.url, body, stage.scores, connections=stage.connections, seconds=seconds,
        rate=wanted, stay=STAYING, go=going,
    ) as load:  # fmt: skip
        _perform(acts(stage, course, seconds, going), seconds)
        found = load.result()
    drained = stage.drain()
    with open_registry(
        lifecycle.ensure_running(stage.home), DATABASE, timeout_ms=COUNT_TIMEOUT_MS
    ) as registry:
        kept = _kept(registry, found, going, list(course.erased), stage.kept() - before)
    broken = broken_promises(found, course, kept, stage.connections)
    return _figures(found, course, kept, broken, seconds, wanted, drained)


def acts(stage: Stage, course: Course, seconds: float, going: int) -> list[Act]:
    """What is done, and when."""
    return [
        Act(MOVE_SECONDS / 2, MOVE_SECONDS, partial(_move, stage, course)),
        Act(ERASE_SECONDS, ERASE_SECONDS, partial(_erase, stage, course, going)),
        Act(LOOK_SECONDS, LOOK_SECONDS, partial(_look, stage, course)),
        Act(seconds / 3, float("inf"), partial(_restart, stage, course)),
        Act(seconds * 2 / 3, float("inf"), partial(_kill, stage, course)),
    ]


def broken_promises(found: Paced, course: Course, kept: Kept, connections: int) -> list[str]:
    """What was promised and is not so; pure.

    Args:
        found: what the callers saw.
        course: what was done meanwhile.
        kept: what is in the registry.
        connections: of the load; each may lose one answer where its worker is killed.
    """
    unanswered = connections * course.killed
    beyond = kept.stays - found.stays
    half, end = (
        (course.memory[len(course.memory) // 2], course.memory[-1]) if course.memory else (1, 1)
    )
    codes = [code for code in found.statuses if code not in (200, 410, 503)]
    checks = {
        "not one prediction was acknowledged": not found.stays,
        f"{-beyond} acknowledged predictions are not in the registry": beyond < 0,
        f"{beyond} predictions more than were acknowledged": beyond > unanswered,
        f"{kept.missing} of the sample are not in the registry": kept.missing > 0,
        f"{kept.of_erased} predictions of erased students": kept.of_erased > 0,
        f"{found.wrong} scores that are not their version's": found.wrong > 0,
        f"answered {codes}": bool(codes),
        f"{found.bare} answers of 5xx that do not say when to try again": found.bare > 0,
        f"{found.sockets} connections broke": found.sockets > unanswered,
        f"the largest worker grew from {half:.0f} to {end:.0f} MiB": end > GROWTH * half,
    }
    return course.failures + [told for told, broken in checks.items() if broken]


def _perform(todo: Sequence[Act], seconds: float) -> None:
    """Does each thing at its time; what is late is done late, and once."""
    began = time.monotonic()
    while (now := time.monotonic() - began) < seconds - 5:
        due = min(todo, key=lambda act: act.at)
        if due.at > now:
            time.sleep(min(0.2, due.at - now))
            continue
        due.do()
        due.at = max(due.at + due.every, time.monotonic() - began)


def _base(stage: Stage) -> str:
    return stage.server.url.removesuffix("/predict")


def _move(stage: Stage, course: Course) -> None:
    first, second = stage.scores
    wanted = second if course.moves % 2 == 0 else first
    path = f"/models/{wanted}/promote"
    _answered(course, "a promotion", lambda: _post(stage, path, {"reason": "endurance"}))
    course.moves += 1


def _post(stage: Stage, path: str, body: dict[str, str]) -> httpx.Response:
    return httpx.post(f"{_base(stage)}{path}", json=body, timeout=ERASE_TIMEOUT)


def _erase(stage: Stage, course: Course, going: int) -> None:
    number = len(course.erased)
    if number >= going:
        return
    student, started = f"{GOES}{number}", time.monotonic()
    url = f"{_base(stage)}/students/{student}"
    answer = _answered(course, "an erasure", lambda: httpx.delete(url, timeout=ERASE_TIMEOUT))
    course.slowest = max(course.slowest, time.monotonic() - started)
    if answer is not None:
        course.erased[student] = sum(answer.json()["deleted"].values())


def _answered(
    course: Course, what: str, call: Callable[[], httpx.Response]
) -> httpx.Response | None:
    """The answer, however often it must be asked for; None where it is none of ours."""
    deadline, last = time.monotonic() + ERASE_TIMEOUT, ""
    while time.monotonic() < deadline:
        try:
            answer = call()
        except httpx.TransportError as error:  # Its worker was killed.
            last = type(error).__name__
        else:
            if answer.is_success:
                return answer
            last = f"{answer.status_code} {answer.text[:200]}"
            if answer.status_code != 503:
                break
        course.repeated += 1
        time.sleep(0.5)
    course.failures.append(f"{what} was answered {last}")
    return None


def _look(stage: Stage, course: Course) -> None:
    course.memory.append(max(stage.server.memory_of_workers()[:WORKERS]))


def _restart(stage: Stage, course: Course) -> None:
    lifecycle.stop(stage.home)
    lifecycle.ensure_running(stage.home)
    course.restarts += 1


def _kill(stage: Stage, course: Course) -> None:
    workers = httpx.get(f"{_base(stage)}/health", timeout=30).json()["workers"]
    os.kill(workers[0]["pid"], signal.SIGKILL)
    course.killed += 1


def _kept(
    registry: SyncRegistry, found: Paced, going: int, erased: Sequence[str], new: int
) -> Kept:
    of = PredictionRepository().of_students
    stay_on = [f"{GOES}{i}" for i in range(going) if f"{GOES}{i}" not in set(erased)]
    of_erased = len(registry.run(of(erased, [PERIOD])))
    left = len(registry.run(of(stay_on, [PERIOD])))
    missing = 0
    for part in in_parts(list(found.sample)):
        missing += len(set(part) - registry.run(PredictionRepository().known(part)))
    return Kept(new - of_erased - left, of_erased, missing)


def _figures(
    found: Paced,
    course: Course,
    kept: Kept,
    broken: Sequence[str],
    seconds: float,
    wanted: float,
    drained: float,
) -> dict[str, str]:
    answered = sum(found.statuses.values())
    memory = course.memory or [0.0]
    points = ", ".join(f"{memory[i]:.0f} MiB" for i in (0, len(memory) // 2, -1))
    codes = ", ".join(f"{code}: {number:,}" for code, number in found.statuses.items())
    return {
        "seconds": f"{seconds}",
        "requests/s: wanted, answered": f"{wanted:,.0f}, {answered / seconds:,.0f}",
        "answers": codes,
        "p50, p99": f"{found.p50:.1f} ms, {found.p99:.1f} ms",
        "promotions": f"{course.moves}",
        "registry restarted, workers killed": f"{course.restarts}, {course.killed}",
        "students erased": f"{len(course.erased)} (slowest {course.slowest:.1f} s; calls asked for "
        f"again: {course.repeated})",
        "acknowledged, of students who stay": f"{found.stays:,}",
        "of these in the registry": f"{kept.stays:,} (answers that a killed worker took along are "
        "there too)",
        "looked up one by one, missing": f"{len(found.sample):,}, {kept.missing}",
        "acknowledged, of students who were erased or were to be": f"{found.goes:,}",
        "of erased students in the registry": f"{kept.of_erased}",
        "scores that are not their version's": f"{found.wrong}",
        "connections that broke": f"{found.sockets}",
        "drained after": f"{drained:.0f} s",
        "largest worker at start, half, end": points,
        BROKEN: "; ".join(broken) or NONE,
    }


BROKEN, NONE = "promises broken", "none"
