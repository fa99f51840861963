"""Every repository, in the order in which a copy is written.

What is pointed at comes before what points at it.
"""

from __future__ import annotations

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
from database.repository import Documents
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

REPOSITORIES: tuple[type[Documents], ...] = (
    TombstoneRepository,
    ObjectionRepository,
    RectificationRepository,
    LearnedErasedRepository,
    BegunBatchRepository,
    KeptBytesRepository,
    KeptFileRepository,
    BatchRepository,
    PeriodRepository,
    StudentRepository,
    PredictionRepository,
    ActionRepository,
    InterventionRepository,
    AssignmentRepository,
    OutcomeRepository,
    LabelRepository,
    OrphanRepository,
    PendingJoinRepository,
    ArtifactRepository,
    ModelVersionRepository,
    VersionAdoptionRepository,
    PromotionRepository,
    RealisedGainRepository,
    AliasRepository,
    ShadowRepository,
    CanaryRepository,
    ComparisonRepository,
    LookRepository,
    BudgetRepository,
    ListedRowRepository,
    PublishedListRepository,
    RunRepository,
    RunLogRepository,
    DriftReportRepository,
    DriftPictureRepository,
    AlarmRepository,
    UnitHistoryRepository,
    CoverageRepository,
    JobRepository,
    UnnamedArtifactRepository,
    NoticeRepository,
    PerformanceRepository,
    EstimateRepository,
    HourStatisticsRepository,
    EffectRepository,
    AgeingRepository,
    ServedDayRepository,
    AuditRepository,
    TrailSubjectRepository,
    TrailEndRepository,
    TrailRepository,
    TaskRepository,
    KeyAdoptionRepository,
    KeyRevocationRepository,
    ApiKeyRepository,
    KeyUseRepository,
    SpentTokenRepository,
    PersonRepository,
    GuessRepository,
    ErasureRepository,
    HostRepository,
    LeaseRepository,
)
