"""What the worker does for a task, each with its name, its times and its work: the one declaration.

The name is the job's in the registry, in `/health`, in the metrics and, as `job.<name>`, in the
dashboard's texts. `tests/retraining/test_every_duty.py` names what an entry lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from apscheduler.triggers.base import BaseTrigger

from database.driver.client import SyncRegistry
from preprocessing.task.spec import TaskSpec
from retraining.ageing.duty import age_records
from retraining.comparing.duty import compare_versions
from retraining.helping.duty import measure_effects
from retraining.lists.duty import publish_lists
from retraining.measuring.coverage import count_coverage
from retraining.measuring.job import watch_performance
from retraining.shadow.duty import follow_trials
from retraining.worker.context import AtWork
from retraining.worker.drifting import check_drift
from retraining.worker.due import BACK_OFF, BackOff
from retraining.worker.maintenance.artifacts import remove_unnamed
from retraining.worker.maintenance.erasures import carry_out_erasures
from retraining.worker.maintenance.kept_files import look_at_kept_files
from retraining.worker.maintenance.orphans import join_late, look_at_orphans
from retraining.worker.maintenance.outboxes import look_at_outboxes
from retraining.worker.maintenance.retention import keep_bounded
from retraining.worker.maintenance.trail import anchor_trail, check_trail
from retraining.worker.runs import last_requested, retrain, retrain_if_called_for
from retraining.worker.settling import settle_approval
from retraining.worker.telling import tell_people
from retraining.worker.times import at, scheduled
from retraining.worker.tracking import track

Work = Callable[[AtWork], str]
"""Does the work and says in a sentence what was done, without personal data. It raises what
`retraining.worker.outcome` declares, or any FarolError: then it failed and is tried again."""

Plain = Callable[[SyncRegistry, TaskSpec, bytes, datetime], str]
"""Work that needs a registry, the task, the signing key and the time, and nothing of the worker."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One job that each task has.

    Attributes:
        name: its job's.
        times: gives its schedule of a task; raises ConfigurationError where the task's line is
            wrong.
        work: does it.
        on_every_host: each host does it for its own files, whichever worker has the lease.
        back_off: how it is tried again when it failed.
        before: gives when it was done last by a release that recorded no jobs.
    """

    name: str
    times: Callable[[TaskSpec], BaseTrigger]
    work: Work
    on_every_host: bool = False
    back_off: BackOff = BACK_OFF
    before: Callable[[SyncRegistry], datetime | None] | None = None


def plain(work: Plain) -> Work:
    """The work of a function that knows nothing of the worker."""

    def do(here: AtWork) -> str:
        return work(here.registry, here.task, here.signing_key, here.clock())

    return do


DUTIES: tuple[Duty, ...] = (
    Duty("retrain", scheduled("retrain"), retrain, before=last_requested),
    Duty("drift", scheduled("drift"), check_drift),
    Duty("triggers", at("*/15 * * * *"), retrain_if_called_for),
    Duty("approval", at("5 * * * *"), settle_approval),
    Duty("performance", at("20 * * * *"), plain(watch_performance)),
    Duty("lists", at("*/10 * * * *"), plain(publish_lists)),
    Duty("coverage", at("35 * * * *"), plain(count_coverage)),
    Duty("effects", at("20 4 * * *"), plain(measure_effects)),
    Duty("trials", at("*/5 * * * *"), plain(follow_trials)),
    Duty("comparisons", at("* * * * *"), plain(compare_versions)),
    Duty("notices", at("* * * * *"), tell_people),
    Duty("tracking", at("*/5 * * * *"), track),
    Duty("late", at("* * * * *"), plain(join_late)),
    Duty("orphans", at("20 3 * * *"), look_at_orphans),
    Duty("files", at("25 3 * * *"), look_at_kept_files),
    Duty("retention", at("40 3 * * *"), keep_bounded),
    Duty("ageing", at("45 3 * * *"), plain(age_records)),
    Duty("outboxes", at("10 */6 * * *"), look_at_outboxes, on_every_host=True),
    Duty("trail", at("* * * * *"), anchor_trail, on_every_host=True),
    Duty("trail_check", at("10 2 * * *"), check_trail, on_every_host=True),
    Duty("erasures", at("*/10 * * * *"), carry_out_erasures, on_every_host=True),
    Duty("artifacts", at("50 3 * * sun"), remove_unnamed),
)


def planned(task: TaskSpec, duties: Sequence[Duty] = DUTIES) -> Mapping[str, BaseTrigger]:
    """Name of each duty to its times.

    Raises:
        ConfigurationError: a line of the task's schedule is no crontab line; the key is named.
    """
    return {duty.name: duty.times(task) for duty in duties}
