"""The worker's job that keeps collections bounded, and what bounds each of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from database.adoption import VersionAdoptionRepository
from database.ageing.records import AgeingRepository, ServedDayRepository
from database.aliases import AliasRepository
from database.api_keys import (
    ApiKeyRepository,
    KeyAdoptionRepository,
    KeyRevocationRepository,
    KeyUseRepository,
)
from database.artifacts import ArtifactRepository
from database.audit import AuditRepository
from database.batches import BatchRepository, BegunBatchRepository
from database.comparing.comparisons import ComparisonRepository
from database.decisions.realised import RealisedGainRepository
from database.drift_reports import DriftReportRepository
from database.erasing.learned import LearnedErasedRepository
from database.erasing.receipts import ErasureRepository, HostRepository
from database.helping.actions import ActionRepository
from database.helping.assignments import AssignmentRepository
from database.helping.effects import EffectRepository
from database.helping.interventions import InterventionRepository
from database.kept.files import KeptBytesRepository, KeptFileRepository
from database.labelling.pending import PendingJoinRepository
from database.labels import LabelRepository, OrphanRepository
from database.leases import LeaseRepository
from database.lists.budgets import BudgetRepository
from database.lists.published import ListedRowRepository, PublishedListRepository
from database.looks import LookRepository
from database.outcomes import OutcomeRepository
from database.people.guesses import GuessRepository
from database.people.people import PersonRepository
from database.people.spent import SpentTokenRepository
from database.predictions import PredictionRepository
from database.promotions import PromotionRepository
from database.repository import Documents, Repository
from database.rights.objections import ObjectionRepository
from database.rights.rectifications import RectificationRepository
from database.runs import RunRepository
from database.students import PeriodRepository, StudentRepository
from database.tasks import TaskRepository
from database.tombstones import TombstoneRepository
from database.trail.trail import TrailEndRepository, TrailRepository, TrailSubjectRepository
from database.unit_history import UnitHistoryRepository
from database.versions import ModelVersionRepository
from database.watch.alarms import AlarmRepository
from database.watch.canaries import CanaryRepository
from database.watch.coverage import CoverageRepository
from database.watch.jobs import JobRepository
from database.watch.notices import NoticeRepository
from database.watch.pages import DriftPictureRepository
from database.watch.run_logs import RunLogRepository
from database.watch.shadows import ShadowRepository
from database.watch.statistics import (
    EstimateRepository,
    HourStatisticsRepository,
    PerformanceRepository,
)
from database.watch.unnamed_artifacts import UnnamedArtifactRepository
from retraining.worker.context import AtWork

FORGOTTEN = timedelta(days=30)
"""A job that has been due for so long is of a host, or of a release, that is gone."""

NEWEST: Mapping[str, type[Repository[Any]]] = {
    "drift_reports": DriftReportRepository,
    "runs": RunRepository,
}
"""Key of the task's `retention` to the collection of which so many are kept, the newest ones."""

BOUNDED: Mapping[type[Documents], str] = {
    StudentRepository: "as many as there are students",
    PeriodRepository: "as many as there are periods",
    PredictionRepository: "what was answered; retention.predictions_days, or an erasure",
    ActionRepository: "the record of what people did; retention.actions_days, or an erasure",
    InterventionRepository: "the record of what help was given, as above",
    AssignmentRepository: "at most as many as there are students",
    ObjectionRepository: "one a student who objects; lifted, or erased with the student",
    RectificationRepository: "one a value that was put right by hand; nothing but an erasure",
    OutcomeRepository: "facts that labels are made from; what never joins: retention.orphans_days",
    LabelRepository: "one a student and period; retention.outcomes_days",
    OrphanRepository: "1,000 an API client; retention.orphans_days",
    PendingJoinRepository: "removed once it is paid",
    BatchRepository: "one a school file",
    BegunBatchRepository: "one a school file",
    KeptFileRepository: "one a school file; retention.files_days",
    KeptBytesRepository: "removed with its file",
    ArtifactRepository: "what no version names is removed",
    UnnamedArtifactRepository: "removed with its artifact, or once a version names it",
    ModelVersionRepository: "the history of what served; one a comparison",
    VersionAdoptionRepository: "one a signing key",
    PromotionRepository: "the ledger; one a comparison",
    RealisedGainRepository: "one a promotion",
    AliasRepository: "two",
    LookRepository: "one a period: the error budget that is spent",
    UnitHistoryRepository: "one",
    BudgetRepository: "one",
    PublishedListRepository: "one a change of champion, period or budgets; effects need it",
    ListedRowRepository: "one a student of a published list",
    CoverageRepository: "one",
    AlarmRepository: "one a champion",
    ShadowRepository: "the newest 50",
    DriftPictureRepository: "the newest 400",
    NoticeRepository: "forgotten after 400 days",
    PerformanceRepository: "one",
    EstimateRepository: "the newest 200",
    HourStatisticsRepository: "the newest 1,440 hours",
    ComparisonRepository: "the newest 200",
    EffectRepository: "one",
    CanaryRepository: "one a version that was tried",
    RunLogRepository: "the newest 100",
    JobRepository: "one a duty, and of some one a host; forgotten after 30 days",
    AgeingRepository: "one",
    ServedDayRepository: "one a day whose predictions were removed",
    AuditRepository: "the audit log of releases before the trail; nothing adds to it",
    TrailRepository: "the audit trail; nothing deletes it but `shorten`, which says so in it",
    TrailSubjectRepository: "one a subject of a block; goes with the block",
    TrailEndRepository: "one a chain",
    TombstoneRepository: "one an erased student or prediction",
    LearnedErasedRepository: "one an erased student and version that learned from the student",
    ErasureRepository: "one an erasure; nothing deletes it",
    HostRepository: "one a host; forgotten 400 days after it was seen last",
    TaskRepository: "one a task",
    ApiKeyRepository: "one a key",
    KeyUseRepository: "one a key",
    KeyAdoptionRepository: "one",
    KeyRevocationRepository: "one a revoked key, and one a change of what a person may do",
    PersonRepository: "one a person",
    SpentTokenRepository: "forgotten when the session would have been over",
    GuessRepository: "forgotten after an hour; an address somebody signed in from, after 30 days",
    LeaseRepository: "one a task, and the runs'",
}
"""Why the collections that `NEWEST` does not bound do not only ever grow, or are meant to."""


def keep_bounded(here: AtWork) -> str:
    """Removes what is older than the newest records of which the task keeps so many."""
    told = []
    for key, kind in NEWEST.items():
        kept: int = getattr(here.task.retention, key)
        dropped = here.registry.run(kind().keep_newest(kept))
        told.append(f"{key}: {dropped} beyond the newest {kept} removed")
    before = here.clock() - FORGOTTEN
    jobs = here.registry.run(JobRepository().all())
    nobodys = [job.name for job in jobs if job.next_at is not None and job.next_at < before]
    forgotten = here.registry.run(JobRepository().forget(nobodys))
    return "; ".join([*told, f"jobs: {forgotten} forgotten"])
