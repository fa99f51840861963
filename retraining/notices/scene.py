"""What notices are found in: what the registry and this host hold, read at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from model.access import ApiKey
from model.decisions.realised import RealisedGain
from model.promotion import Promotion
from model.run import Lease, Run
from model.watch.alarm import WatchState
from model.watch.job import JobState
from model.watch.performance import Degradation


class ServingFault(StrEnum):
    """What is wrong with serving, the gravest last."""

    REFUSED = "refused"
    """The version that should serve is quarantined; the one before it answers."""

    DEGRADED = "degraded"
    DOWN = "down"
    """No predictions are answered."""


@dataclass(frozen=True, slots=True)
class Serving:
    """How serving goes, where something is wrong with it.

    Attributes:
        fault: what is wrong.
        version: the version that should serve, where it is known.
    """

    fault: ServingFault
    version: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A staged decision, and until when a person may answer it."""

    staged: Promotion
    until: datetime


@dataclass(frozen=True, slots=True)
class Scene:
    """One look.

    Attributes:
        now: of the look (aware UTC).
        task: its name.
        promotions: the decisions of the last days, newest first.
        came: promotions that promised something of which it was measured in the last days whether
            it came, with what came.
        waiting: what waits for a person.
        runs: the runs that were asked for in the last days, newest first.
        watch: which features are alarmed.
        degradations: what fell below its promise beyond chance.
        jobs: the worker's.
        leases: those of the workers, of all tasks.
        ending_keys: API keys that end soon and in whose place no other is.
        unused_keys: API keys that nobody used for long.
        serving: None where nothing is known to be wrong.
        columns: canonical feature name to its description in each language.
    """

    now: datetime
    task: str
    promotions: tuple[Promotion, ...] = ()
    came: tuple[tuple[Promotion, RealisedGain], ...] = ()
    waiting: Waiting | None = None
    runs: tuple[Run, ...] = ()
    watch: WatchState | None = None
    degradations: tuple[Degradation, ...] = ()
    jobs: tuple[JobState, ...] = ()
    leases: tuple[Lease, ...] = ()
    serving: Serving | None = None
    ending_keys: tuple[ApiKey, ...] = ()
    unused_keys: tuple[ApiKey, ...] = ()
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
