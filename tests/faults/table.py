"""What each fault does, in one table: the tests compare it with what they see."""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults.school import Seen


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        name: as operators call it.
        seen: what a host answers while it lasts; None where it answers nothing, or as always.
        worker: what the worker that retrains does.
        after: what becomes of it when it is over.
        test: what makes it happen and sees to all of this, as `<file>::<function>`.
    """

    name: str
    seen: Seen | None
    worker: str
    after: str
    test: str


WELL = Seen(200, 200, 200, "200 ok")

SLOW = Fault(
    "slow registry (0.3 s an answer)",
    WELL,
    "goes on, as slowly",
    "the outboxes are shipped",
    "test_link.py::test_a_slow_registry_delays_no_prediction",
)
HANGING = Fault(
    "registry hangs: connections stay, nothing is answered",
    Seen(200, 503, 200, "200 degraded: registry down"),
    "begins nothing, loses its lease, takes it again",
    "all of it within seconds, by itself",
    "test_link.py::test_a_registry_that_hangs_takes_no_prediction_away",
)
CUT = Fault(
    "registry cut off",
    Seen(200, 503, 200, "200 degraded: registry down"),
    "as where it hangs",
    "all of it within seconds, by itself",
    "test_link.py::test_a_registry_that_is_cut_off_takes_no_prediction_away",
)
TWO_HOSTS = Fault(
    "two hosts, a cut between one of them and the registry",
    CUT.seen,
    "that of the other host takes over when the lease ends; each job is begun once",
    "the host follows the champion and the erasures of meanwhile; records of a student who was "
    "erased meanwhile are not stored",
    "test_hosts.py::test_a_host_that_was_cut_off_follows_what_came_meanwhile",
)
FULL = Fault(
    "disk of FAROL_HOME full, registry elsewhere",
    Seen(200, 200, 200, "200 degraded: outbox failed"),
    "goes on, its lease and jobs are in the registry; one that needs the disk fails, is told in "
    "/health and tried again (not part of the test)",
    "readiness and the outbox come back by themselves",
    "test_disks.py::test_a_full_disk_beside_a_registry_elsewhere_stops_nothing",
)
FULL_AND_AWAY = Fault(
    "the same, and the registry is cut off",
    Seen(503, 503, 503, "503 down: registry down, outbox failed"),
    "as where it is cut off",
    "as soon as either is back",
    "test_disks.py::test_without_disk_and_registry_nothing_is_acknowledged",
)
FULL_EMBEDDED = Fault(
    "disk full, embedded registry",
    None,
    "its jobs fail and are tried again (not part of the test)",
    "meanwhile readiness and /health are 503; /predict is 200 as long as the registry has room in "
    "its own pages, where each is kept, then 503; all come back by themselves",
    "../api/test_full_disk.py::"
    "test_a_full_disk_is_told_by_readiness_and_health_and_the_host_comes_back_by_itself",
)
NO_WRITE = Fault(
    "home that takes no write any more (a disk that fails), registry elsewhere",
    Seen(200, 200, 200, "200 degraded: outbox failed"),
    "as with a full disk",
    "the outbox takes records again by itself",
    "test_disks.py::test_a_home_that_takes_no_write_any_more_stops_nothing",
)
READ_ONLY = Fault(
    "read-only home at the start",
    None,
    "does not start, as no command does: the home and the reason are told",
    "start it again",
    "../deployment/test_home.py::test_a_read_only_home_is_a_wrong_setting_and_no_traceback",
)
CLOCK_FORWARD = Fault(
    "clock of a host set forward by a day",
    WELL,
    "takes its lease anew within ten seconds; what has come due by that clock is begun, once",
    "see the next row",
    "test_clocks.py::test_a_clock_that_is_set_forward_and_back_stops_nobody",
)
CLOCK_BACK = Fault(
    "clock of a host set back by a day",
    WELL,
    "goes on: heartbeats are measured by a clock that nobody sets, and what was recorded more than "
    "an hour ahead is not believed",
    "a worker that died with its lease a day ahead is succeeded after 35 s of silence; until then "
    "/health says that a clock is wrong",
    "test_clocks.py::test_a_clock_that_is_set_forward_and_back_stops_nobody",
)
STOPPED = Fault(
    "worker of the API stopped (SIGSTOP) half-way through a swap",
    WELL,
    "does not notice",
    "uvicorn replaces it within seconds; another worker fetches the version, and all serve it",
    "test_stopped.py::test_a_worker_that_stops_half_way_through_a_swap_holds_up_nobody",
)
KILLED = Fault(
    "worker of the API killed half-way through a swap",
    WELL,
    "does not notice",
    "another worker fetches the version at once, and all serve it",
    "test_stopped.py::test_a_worker_that_stops_half_way_through_a_swap_holds_up_nobody",
)
RUN_KILLED = Fault(
    "retraining run killed at any step",
    None,
    "makes the run again; it is begun by the next worker where the worker died too",
    "the champion serves on, and the next run is clean",
    "../retraining/test_kill.py::"
    "test_a_run_killed_at_any_step_leaves_the_champion_serving_and_the_next_run_clean",
)

FAULTS = (
    SLOW, HANGING, CUT, TWO_HOSTS, FULL, FULL_AND_AWAY, FULL_EMBEDDED, NO_WRITE, READ_ONLY,
    CLOCK_FORWARD, CLOCK_BACK, STOPPED, KILLED, RUN_KILLED,
)  # fmt: skip
