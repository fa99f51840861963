"""Every route: what the OpenAPI page says of it, what it answers, what the documents say."""

from __future__ import annotations

import ast
import hashlib
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi.routing import iter_route_contexts

from api import openapi
from api.answers.filled import filled
from api.answers.models import QueuedAnswer
from api.app import create_app
from api.http.problems import MEDIA_TYPE
from api.operation import REFUSALS
from api.predict_endpoint import PATH
from api.telling.routes import TELLING, ByItself
from database.ageing.records import AgeingRepository, ServedDayRepository
from database.aliases import CHAMPION, AliasRepository
from database.artifacts import ArtifactRepository
from database.comparing.comparisons import ComparisonRepository
from database.decisions import approval
from database.drift_reports import DriftReportRepository
from database.driver.client import SyncRegistry
from database.helping.effects import EffectRepository
from database.people.people import PersonRepository
from database.predictions import PredictionRepository
from database.runs import RunRepository
from database.students import StudentRepository
from database.versions import ModelVersionRepository
from database.watch.alarms import AlarmRepository
from database.watch.notices import NoticeRepository
from database.watch.run_logs import RunLogRepository
from database.watch.shadows import ShadowRepository
from database.watch.statistics import (
    EstimateRepository,
    HourStatisticsRepository,
    PerformanceRepository,
)
from model.ageing.record import SUBJECT as SUBJECT_AGED
from model.ageing.record import AgeingRecord, KindAge
from model.ageing.served_day import ServedCell, ServedDay
from model.comparing.comparison import (
    ComparedFigure,
    ComparedPeriod,
    ComparisonFinding,
    ComparisonStatus,
    FigureRange,
    NotComparable,
    VersionComparison,
)
from model.drift import DriftReport, FeatureDrift, LeftOut, Unjudged
from model.figures import Share
from model.people.session import begun, token_of
from model.prediction import Prediction
from model.promotion import DecisionStatus, Promotion
from model.run import Run, RunStatus
from model.student import Observation
from model.trust.key_seal import sealed
from model.version import CardFiles, LeakageCheck
from model.watch.alarm import AlarmLevel, FalseAlarms, FeatureAlarm, WatchState
from model.watch.expected import EstimatedFigures, Unsafe, UnsafeReason
from model.watch.performance import (
    SUBJECT,
    Degradation,
    DegradationLook,
    LabelledShare,
    Measure,
    PerformanceRecord,
    PromisedFigure,
    RealisedFigures,
    Span,
)
from model.watch.run_log import LogLine
from model.watch.served import ColumnStatistics, HourStatistics
from model.watch.shadow import LogCursor, ShadowRecord
from preprocessing.task.policies import StatusPolicy
from preprocessing.task.spec import load_task
from tests import local
from tests.api import bundles
from tests.api.conftest import World
from tests.api.keys import keys
from tests.api.server import ROOT, Server, served, until
from tests.api.strict import StrictPage
from tests.database.builders import notice
from tests.effect_reports import REPORT
from tests.people import PASSWORD, guest, person
from tests.trail import entries, settled

FOR_PEOPLE = {"/", "/docs", "/redoc", "/docs/static/{path}", "/openapi.json"}
RECORD = {"inde": 7.5, "ida": 3.0, "pedra": "topazio"}
REASON = {"reason": "a test"}
DAY = f"{datetime.now(UTC) + timedelta(days=2):%F}"
RIGHT = REASON | {"period": "2023"}
TO_DO = {"next_on": DAY, "note": "ask again"}
MARIA = {"name": "maria", "password": PASSWORD}
OTHER_PASSWORD = {"former": PASSWORD, "password": "another lighthouse"}
CODE = guest("joana", bundles.KEY, bundles.NOW)[1]
SCHOOL_FILE = b"RA,IAA,IEG,Defasagem,Cor\nF1,8,9,-1,azul\nF1,8,9,-1,azul\n"
KEPT = hashlib.sha256(SCHOOL_FILE).hexdigest()
CSV = {"content-type": "text/csv"}
NDJSON = {"accept": "application/x-ndjson"}
PARQUET = {"accept": "application/vnd.apache.parquet"}
NOWHERE = {"MONGO_URI": "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200"}


def the_page(task: str = "pede_lag") -> dict[str, Any]:
    return openapi.document(create_app(), load_task(task))


def operations(page: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in page["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


@dataclass(frozen=True, slots=True)
class School:
    """A guarded server, and a client that may do everything."""

    server: Server
    client: httpx.Client
    registry: SyncRegistry

    def labelled(self, student: str) -> School:
        """An outcome of a student is known."""
        said = {"student_id": student, "period": "2023", "outcome": 1}
        assert self.post("/labels", said).json()["accepted"] == 1
        return self

    def objecting(self, student: str) -> School:
        """A student objects to being scored."""
        assert self.post(f"/students/{student}/objection", REASON).is_success
        return self

    def lifted(self, student: str, said: dict[str, str]) -> httpx.Response:
        """An objection is lifted."""
        return self.client.request("DELETE", f"/students/{student}/objection", json=said)

    def righted(self, student: str, **values: Any) -> httpx.Response:
        """Values of a student's record are put right."""
        return self.post(f"/students/{student}/corrections", RIGHT | {"values": values})

    def stage(self, version: str) -> School:
        """Lets a version wait for approval to replace whoever serves."""
        serving = self.registry.run(AliasRepository().get(CHAMPION)).version
        self.registry.run(approval.stage(Promotion(
            f"run of {version}", datetime.now(UTC), "pipeline", "train", DecisionStatus.STAGED,
            version, serving, ("better",),
        )))  # fmt: skip
        return self

    def shadowed(self, version: str) -> School:
        """Lets a version have been tried in the champion's shadow."""
        now = datetime.now(UTC)
        record = ShadowRecord(version, "v1", now, now, LogCursor(now))
        self.registry.run(ShadowRepository().put(record))
        return self

    def measured(self) -> School:
        """The champion was measured, a period was estimated and an hour summed up."""
        at, share = bundles.NOW, Share(0.5, 0.4, 0.6)
        row = RealisedFigures(Span.PERIOD, "2023", 40, 20, 20, share, share, share, 10, share, 0.1)
        self.registry.run(PerformanceRepository().put(PerformanceRecord(
            SUBJECT, "v1", at, at, 40, (PromisedFigure(Measure.RECALL, share),),
            row, (row,), (row,), (row,), (LabelledShare("2023", 40, share),), at,
            (DegradationLook(at, 1, "v1", 40, at, 0.01),),
            (Degradation(Measure.RECALL, 0.7, 0.4, 0.6, 0.5, 20, at, 0.001),),
        )))  # fmt: skip
        self.registry.run(EstimateRepository().keep(EstimatedFigures(
            "v1 2023", "v1", "2023", at, 40, 765, share, share, share, share, 0.5,
            (Unsafe(UnsafeReason.OVERLAP, 0.6, 0.5, ("ida",)),), row,
        )))  # fmt: skip
        column = ColumnStatistics("risk_score", 20, 0.5, 0.1, 0.2, 0.8)
        self.registry.run(HourStatisticsRepository().keep(
            [HourStatistics("20260302T12", at, 20, True, at, ("v1",), (column,))]
        ))  # fmt: skip
        return self

    def aged(self) -> School:
        """Old records were looked for, and a day of predictions was removed."""
        now, at = datetime.now(UTC), bundles.NOW
        found = KindAge("predictions", 30, at, at, 12, at, 12, now)
        self.registry.run(AgeingRepository().put(AgeingRecord(SUBJECT_AGED, now, (found,))))
        cells = (ServedCell("escola a", "alert", 12, 11, 0.4), ServedCell(None, None, 10, 10, 0.2))
        self.registry.run(ServedDayRepository().add(ServedDay("20240301", cells)))
        return self

    def helped(self, **more: Any) -> httpx.Response:
        """S1 gets help."""
        said = {"student_id": "S1", "kind": "tutoring", "start": "2024-03-04"}
        return self.post("/interventions", said | more)

    def with_file(self) -> School:
        """A school file is kept."""
        kept = self.client.post("/files?period=2021", content=SCHOOL_FILE, headers=CSV, timeout=60)
        assert kept.is_success, kept.text
        return self

    def published(self) -> School:
        """The list was published."""
        assert self.post("/lists").is_success
        return self

    def with_people(self) -> School:
        """Maria may sign in, and Joana was invited."""
        maria = sealed(person("maria"), bundles.KEY)
        joana, _ = guest("joana", bundles.KEY, datetime.now(UTC))
        for one in (maria, joana):
            self.registry.run(PersonRepository().add(one))
        return self

    def as_maria(self) -> dict[str, str]:
        """The header of a session of hers."""
        maria = self.registry.run(PersonRepository().of_name("maria"))
        session = begun(maria, uuid.uuid4().hex, datetime.now(UTC))
        return {"Authorization": f"Bearer {token_of(session, bundles.KEY)}"}

    def logged(self) -> School:
        """A run that has told a line, and one whose log is not kept."""
        at = bundles.NOW
        for name in ("logged", "unlogged"):
            run = Run(name, RunStatus.QUEUED, "city", at, reason="a new school")
            self.registry.run(RunRepository().start(run))
        self.registry.run(RunLogRepository().add("logged", [LogLine(at, "window: 40 records")]))
        return self

    def compared(self) -> School:
        """A comparison that was made, and one that could not be."""
        at, span = bundles.NOW, FigureRange(0.5, 0.4, 0.6)
        figure = ComparedFigure("recall", span, span, span)
        finding = ComparisonFinding(
            40, 40, 20, ("2023",), at, 3, 20, 18.5, False, (figure,),
            (ComparedPeriod("2023", 40, 20, (figure,)),), 2_000,
        )  # fmt: skip
        for one in (
            VersionComparison(
                "done", at, "v1", "v2", "a", ComparisonStatus.DONE, at, finding=finding
            ),
            VersionComparison(
                "impossible", at, "v1", "v3", "a", ComparisonStatus.IMPOSSIBLE, at,
                NotComparable.FEW, 7,
            ),
        ):  # fmt: skip
            self.registry.run(ComparisonRepository().ask(one))
        return self

    def effects(self) -> School:
        """It was measured whether the help helps."""
        self.registry.run(EffectRepository().put(REPORT))
        return self

    def post(self, path: str, body: object = None, **more: Any) -> httpx.Response:
        return self.client.post(path, json=body, **more)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.client.get(path, **more)


@pytest.fixture(scope="module")
def school(world: World) -> Iterator[School]:
    registry = world.registry
    registry.run(StudentRepository().observe([
        Observation(f"S{i}", "2023", features, bundles.NOW)
        for i, features in enumerate(bundles.records(20, seed=3))
    ]))  # fmt: skip
    card = CardFiles(
        *(registry.run(ArtifactRepository().put(form)) for form in (b"<html>", b"# Card"))
    )
    leakage = LeakageCheck("auc", 0.99, {"inde": 0.7}, 0.8, {})
    bundles.register(registry, bundles.archive(1.0))
    known = registry.run(ModelVersionRepository().get("v2"))
    registry.run(ModelVersionRepository().register(lambda n: with_card(known, n, card, leakage)))
    for offset in (2.0, 3.0):
        bundles.register(registry, bundles.archive(offset))
    moved = FeatureDrift("inde", "ks", 0.4, 0.01, 0.02, 0.4, 0.2, 0.3, True, 0.1, 0.0, ("x",))
    left_out = LeftOut("2031", 2, Unjudged.FUTURE)
    registry.run(DriftReportRepository().add(DriftReport(
        "d1", bundles.NOW, "v1", 20, ("2023",), (moved,), True, {"recall": 0.8}, {}, ("few",),
        left_out=(left_out,),
    )))  # fmt: skip
    alarms = tuple(
        FeatureAlarm(name, level, 2, bundles.NOW)
        for name, level in (("inde", AlarmLevel.ALARMED), ("ida", AlarmLevel.QUIET))
    )
    state = WatchState(
        "v1", bundles.NOW, "d1", "2023", "0" * 32, alarms, needed=2,
        expected=FalseAlarms(0.1, 365, 33, at_once=False),
    )  # fmt: skip
    registry.run(AlarmRepository().advance("v1", lambda _: state))
    registry.run(NoticeRepository().write([notice(), notice("run_failed:run-1", standing=False)]))
    secret = keys(world.home, "create", "--name", "all", "--scope", "admin")
    with served(world.home, workers=1, auth="keys") as server:
        until(lambda: all(w["version"] for w in server.workers()))
        headers = {"Authorization": f"Bearer {secret}"}
        with local.client(base_url=server.url, headers=headers, timeout=60) as client:
            yield School(server, client, registry)


def with_card(known: Any, number: int, card: CardFiles, leakage: LeakageCheck) -> Any:
    return replace(known, version=f"v{number}", number=number, card=card, leakage=leakage)


CALLS: dict[str, Callable[[School], list[httpx.Response]]] = {
    "predict": lambda s: [
        s.post("/predict", RECORD),
        s.post("/predict", {"student_id": "S0", "ida": 5}),
        s.post("/predict?explain=true", RECORD),
        s.post("/predict?source=dashboard&explain=true", RECORD),
    ],
    "predict_batch": lambda s: [s.post("/predict/batch", {"records": [RECORD, {"inde": 99}, 3]})],
    "predict_bulk": lambda s: [
        s.client.post("/predict/bulk", content=b"ra,inde\nS1,7.5\n", headers=CSV),
        s.client.post("/predict/bulk", content=b"ra,inde\n", headers=CSV | NDJSON),
        s.client.post("/predict/bulk", content=b"inde\n99\n", headers=CSV | PARQUET),
    ],
    "predict_student": lambda s: [s.post("/predict/S1"), s.post("/predict/S1?explain=true")],
    "label": lambda s: [
        s.post("/labels", {"student_id": "S1", "period": "2023", "outcome": 1}),
        s.post("/labels", [{"student_id": "S1"}, "nonsense"]),
        s.client.post("/labels", content=b"student_id,period,outcome\nS1,2023,0\n", headers=CSV),
    ],
    "preview_file": lambda s: [
        s.client.post("/files/preview?period=2021", content=SCHOOL_FILE, headers=CSV)
    ],
    "keep_file": lambda s: [
        s.client.post("/files?period=2021", content=SCHOOL_FILE, headers=CSV, timeout=60)
    ],
    "list_batches": lambda s: [s.get("/batches"), s.get("/batches?limit=1&offset=1")],
    "list_rejects": lambda s: [
        s.get(f"/batches/{s.get('/batches').json()['batches'][0]['batch_id']}/rejects{form}")
        for form in ("", "?format=csv", "?format=csv&lang=en")
    ],
    "trace_student": lambda s: [
        s.with_file().get("/students/F1/origins"),
        s.get("/students/S3/origins?feature=ida&period=2023"),
    ],
    "trace_row": lambda s: [s.with_file().get(f"/files/{KEPT}/rows/1")],
    "list_missing": lambda s: [
        s.get("/outcomes/missing"),
        s.get("/outcomes/missing?period=2023&lang=en"),
        s.get("/outcomes/missing?period=2023&format=json&limit=2"),
    ],
    "get_prediction_log": lambda s: [
        s.get("/predictions/log"),
        s.get("/predictions/log?format=ndjson&period=2023&since=2020-01-01T00:00:00Z"),
    ],
    "students_at_risk": lambda s: [
        s.get("/students/at-risk?limit=3"),
        s.get("/students/at-risk?status=expected&offset=1"),
        s.published().get("/students/at-risk?limit=3"),
    ],
    "students_at_risk_file": lambda s: [
        s.get("/students/at-risk/file"),
        s.get("/students/at-risk/file?format=xlsx&lang=en"),
        s.get("/students/at-risk/file?format=html&status=expected"),
        s.get("/students/at-risk/file?format=parquet"),
    ],
    "get_budgets": lambda s: [s.get("/budgets")],
    "put_budgets": lambda s: [
        s.client.put("/budgets", json={"budgets": [{"lane": "new", "top": 5}]}),
        s.get("/budgets"),
    ],
    "publish_list": lambda s: [
        s.post("/lists"),
        s.post("/lists", {"period": "2023", "lottery": {"band": 0.5}}),
    ],
    "list_published": lambda s: [s.get("/lists")],
    "get_published": lambda s: [s.get(f"/lists/{s.get('/lists').json()['lists'][0]['list_id']}")],
    "get_student": lambda s: [s.get("/students/S1"), s.get("/students/S3?limit=1&offset=1")],
    "assess_student": lambda s: [
        s.get("/students/S1/assessment"),
        s.get("/students/S3/assessment?period=2023"),
    ],
    "get_cohort": lambda s: [s.get("/cohort")],
    "export_student": lambda s: [
        s.get("/students/S1/export"),
        s.get("/students/S3/export"),
        s.get("/students/S1/export?format=html&lang=en"),
    ],
    "object_to_scoring": lambda s: [s.post("/students/S5/objection", REASON) for _ in range(2)],
    "lift_objection": lambda s: [s.lifted("S5", REASON)],
    "correct_student": lambda s: [
        s.righted("S1", inde=1.25, genero="feminino"),
        s.labelled("S7").righted("S7", outcome=0),
    ],
    "seen_by": lambda s: [s.get("/students/S1/seen-by"), s.get("/students/S1/seen-by?limit=1")],
    "erase_student": lambda s: [s.client.delete("/students/S2")],
    "list_erasures": lambda s: [s.client.get("/erasures")],
    "erasure_receipt": lambda s: [s.client.get("/erasures/erasure-1")],
    "readmit_student": lambda s: [s.post("/students/S2/readmit", REASON)],
    "act": lambda s: [
        s.post("/actions", {"student_id": "S1", "kind": "acted", **TO_DO}),
        s.post("/actions", {"student_id": "S3", "kind": "seen", "action_id": "a" * 32}),
        s.post("/actions", {"student_id": "S3", "kind": "seen", "action_id": "a" * 32}),
    ],
    "list_actions": lambda s: [s.get("/actions"), s.get("/actions?student_id=S1&limit=1")],
    "intervene": lambda s: [s.helped(), s.helped(end="2024-06-01", dose=2, note="Tuesdays")],
    "list_interventions": lambda s: [
        s.get("/interventions?since=2024-01-01"),
        s.get("/interventions?student_id=S1&kind=tutoring"),
    ],
    "remove_intervention": lambda s: [
        s.client.delete(f"/interventions/{s.helped().json()['intervention_id']}")
    ],
    "assign": lambda s: [
        s.client.put("/students/S1/assigned", json={"person": "all"}),
        s.client.put("/students/S5/assigned", json={"person": "all"}),
    ],
    "to_do": lambda s: [s.get(f"/todo?until={DAY}"), s.get("/todo?person=nobody")],
    "summarise_help": lambda s: [s.get("/help/summary"), s.get("/help/summary?period=2019")],
    "get_model": lambda s: [s.get("/model")],
    "get_champion": lambda s: [
        s.get("/champion"),
        s.get("/champion?at=1999-01-01T00:00:00Z"),
        s.get("/champion?at=2026-01-01T12:00:00+03:00"),
    ],
    "list_promotions": lambda s: [s.get("/promotions"), s.get("/promotions?limit=1&offset=1")],
    "list_versions": lambda s: [s.get("/models")],
    "get_card": lambda s: [s.get("/models/v3/card"), s.get("/models/v3/card?format=md")],
    "get_bundle": lambda s: [s.get("/models/v1/bundle"), s.get("/models/v2/bundle")],
    "approve": lambda s: [
        s.stage("v4").post("/models/v4/approve", REASON),
        s.post("/models/v1/promote", REASON),
    ],
    "refuse": lambda s: [s.stage("v5").post("/models/v5/refuse", REASON)],
    "set_canary": lambda s: [
        s.post("/models/v4/canary", REASON | {"share": 0.1}),
        s.post("/models/v4/canary", REASON | {"share": 0}),
    ],
    "list_trials": lambda s: [s.shadowed("v4").get("/shadow"), s.get("/shadow?limit=1")],
    "promote": lambda s: [s.post("/models/v2/promote", REASON)],
    "rollback": lambda s: [s.post("/model/rollback", REASON)],
    "get_version": lambda s: [s.get(f"/models/{name}") for name in ("v1", "v2", "v3")],
    "reload": lambda s: [s.post("/model/reload")],
    "train": lambda s: [s.post("/train"), s.post("/train", {"seed": 5})],
    "list_runs": lambda s: [s.get("/runs")],
    "get_run": lambda s: [s.get(f"/runs/{s.post('/train').json()['run_id']}")],
    "get_run_log": lambda s: [s.logged().get("/runs/logged/log"), s.get("/runs/unlogged/log")],
    "compare": lambda s: [s.post("/comparisons", {"first": "v1", "second": "v2"})],
    "list_comparisons": lambda s: [s.compared().get("/comparisons")],
    "get_comparison": lambda s: [s.get("/comparisons/done"), s.get("/comparisons/impossible")],
    "list_drift_reports": lambda s: [s.get("/drift")],
    "get_alarms": lambda s: [s.get("/drift/alarms")],
    "acknowledge_alarm": lambda s: [
        s.post("/drift/alarms/inde/acknowledge", REASON),
        s.get("/drift/alarms"),
    ],
    "list_notices": lambda s: [s.get("/notices"), s.get("/notices?limit=1")],
    "get_drift_report": lambda s: [s.get("/drift/d1")],
    "get_performance": lambda s: [
        s.get("/performance"),
        s.measured().get("/performance?hours=5"),
    ],
    "get_retention": lambda s: [s.get("/retention"), s.aged().get("/retention")],
    "list_served_days": lambda s: [s.get("/retention/days?limit=5")],
    "get_effects": lambda s: [s.get("/effects"), s.effects().get("/effects")],
    "get_drift_page": lambda s: [
        s.get("/drift/d1/page"),
        s.get("/drift/d1/page?language=en"),
        s.get("/drift/d1/page", headers={"accept-language": "en-GB, pt;q=0.5"}),
    ],
    "get_health": lambda s: [s.get("/health")],
    "get_live": lambda s: [s.get("/health/live")],
    "get_ready": lambda s: [s.get("/health/ready")],
    "get_metrics": lambda s: [s.get("/metrics")],
    "get_schema": lambda s: [s.get("/schema")],
    "list_tasks": lambda s: [s.get("/tasks")],
    "sign_in": lambda s: [s.with_people().post("/sessions", MARIA)],
    "get_me": lambda s: [s.get("/me"), s.get("/me", headers=s.as_maria())],
    "change_password": lambda s: [
        s.client.put("/me/password", json=OTHER_PASSWORD, headers=s.as_maria())
    ],
    "sign_out": lambda s: [s.client.delete("/sessions", headers=s.as_maria())],
    "accept_invitation": lambda s: [s.post(f"/invitations/{CODE}", {"password": PASSWORD})],
}
"""Operation to calls that it answers, in an order in which each finds what it needs."""

REFUSED: list[tuple[str, int, Callable[[School], httpx.Response]]] = [
    ("predict", 400, lambda s: s.client.post("/predict", content=b"{")),
    ("predict", 413, lambda s: s.client.post("/predict", content=b" " * 100_000)),
    ("predict", 422, lambda s: s.post("/predict", {"inde": 99})),
    ("predict_batch", 422, lambda s: s.post("/predict/batch", {})),
    ("predict_bulk", 415, lambda s: s.post("/predict/bulk", RECORD)),
    ("predict_bulk", 422, lambda s: s.client.post("/predict/bulk", content=b"a\n", headers=CSV)),
    ("predict_student", 404, lambda s: s.post("/predict/nobody")),
    ("predict_student", 422, lambda s: s.post("/predict/~x")),
    ("predict_student", 410, lambda s: s.post("/predict/S4")),
    ("predict", 410, lambda s: s.post("/predict", {"student_id": "S4", "ida": 5})),
    ("label", 422, lambda s: s.post("/labels", {"labels": 3})),
    ("label", 422, lambda s: s.client.post("/labels", content=b"a\n", headers=CSV)),
    ("preview_file", 415, lambda s: s.post("/files/preview", {})),
    ("preview_file", 422, lambda s: s.client.post("/files/preview", content=b"a\n", headers=CSV)),
    ("keep_file", 422, lambda s: s.client.post("/files?period=x", content=b"a", headers=CSV)),
    ("keep_file", 422, lambda s: s.client.post("/files?events=true", content=b"a", headers=CSV)),
    ("list_batches", 422, lambda s: s.get("/batches?limit=0")),
    ("list_rejects", 404, lambda s: s.get("/batches/none/rejects")),
    ("list_rejects", 422, lambda s: s.get("/batches/none/rejects?format=xlsx")),
    ("trace_student", 404, lambda s: s.get("/students/nobody/origins")),
    ("trace_student", 410, lambda s: s.get("/students/S4/origins")),
    ("trace_student", 422, lambda s: s.get("/students/S1/origins?feature=shoe")),
    ("trace_row", 404, lambda s: s.get(f"/files/{'0' * 64}/rows/1")),
    ("trace_row", 422, lambda s: s.get("/files/none/rows/1")),
    ("list_missing", 422, lambda s: s.get("/outcomes/missing?period=last")),
    ("get_prediction_log", 422, lambda s: s.get("/predictions/log?since=yesterday")),
    ("students_at_risk", 404, lambda s: s.get("/students/at-risk?period=1999")),
    ("students_at_risk", 422, lambda s: s.get("/students/at-risk?limit=0")),
    ("students_at_risk", 422, lambda s: s.get("/students/at-risk?feature=shoe:41")),
    ("students_at_risk_file", 404, lambda s: s.get("/students/at-risk/file?period=1999")),
    ("students_at_risk_file", 422, lambda s: s.get("/students/at-risk/file?format=pdf")),
    ("put_budgets", 422, lambda s: s.client.put("/budgets", json={"budgets": [{"lane": "old"}]})),
    ("publish_list", 404, lambda s: s.post("/lists", {"period": "1999"})),
    ("publish_list", 409, lambda s: s.post("/lists")),
    ("publish_list", 422, lambda s: s.post("/lists", {"lottery": {"band": 2}})),
    ("get_published", 404, lambda s: s.get("/lists/none")),
    ("get_published", 422, lambda s: s.get("/lists/none?limit=0")),
    ("get_student", 404, lambda s: s.get("/students/nobody")),
    ("get_student", 410, lambda s: s.get("/students/S4")),
    ("get_student", 422, lambda s: s.get("/students/batch")),
    ("get_student", 422, lambda s: s.get("/students/S1?limit=0")),
    ("assess_student", 404, lambda s: s.get("/students/nobody/assessment")),
    ("assess_student", 404, lambda s: s.get("/students/S1/assessment?period=1999")),
    ("assess_student", 410, lambda s: s.get("/students/S4/assessment")),
    ("assess_student", 422, lambda s: s.get("/students/batch/assessment")),
    ("get_cohort", 404, lambda s: s.get("/cohort?unit=nowhere")),
    ("export_student", 404, lambda s: s.get("/students/nobody/export")),
    ("export_student", 410, lambda s: s.get("/students/S4/export")),
    ("export_student", 422, lambda s: s.get("/students/at-risk/export")),
    ("predict", 409, lambda s: s.objecting("S6").post("/predict", RECORD | {"student_id": "S6"})),
    ("predict_student", 409, lambda s: s.objecting("S6").post("/predict/S6")),
    ("assess_student", 409, lambda s: s.objecting("S6").get("/students/S6/assessment")),
    ("object_to_scoring", 404, lambda s: s.post("/students/nobody/objection", REASON)),
    ("object_to_scoring", 410, lambda s: s.post("/students/S4/objection", REASON)),
    ("object_to_scoring", 422, lambda s: s.post("/students/S1/objection", {"reason": " "})),
    ("lift_objection", 404, lambda s: s.lifted("S1", REASON)),
    ("lift_objection", 422, lambda s: s.lifted("S1", {})),
    ("correct_student", 404, lambda s: s.righted("nobody", inde=1)),
    ("correct_student", 410, lambda s: s.righted("S4", inde=1)),
    ("correct_student", 422, lambda s: s.righted("S1", inde=99)),
    ("correct_student", 422, lambda s: s.righted("S1", shoe=4)),
    ("correct_student", 422, lambda s: s.righted("S8", outcome=1)),
    ("seen_by", 404, lambda s: s.get("/students/nobody/seen-by")),
    ("seen_by", 422, lambda s: s.get("/students/S1/seen-by?limit=0")),
    ("export_student", 422, lambda s: s.get("/students/S1/export?format=pdf")),
    ("list_erasures", 422, lambda s: s.client.get("/erasures?limit=0")),
    ("erasure_receipt", 404, lambda s: s.client.get("/erasures/erasure-99")),
    ("erase_student", 404, lambda s: s.client.delete("/students/nobody")),
    ("erase_student", 422, lambda s: s.client.delete("/students/~x")),
    ("readmit_student", 404, lambda s: s.post("/students/nobody/readmit", REASON)),
    ("readmit_student", 422, lambda s: s.post("/students/S1/readmit", {})),
    ("act", 404, lambda s: s.post("/actions", {"student_id": "nobody", "kind": "seen"})),
    (
        "act",
        409,
        lambda s: s.post("/actions", {"student_id": "S1", "kind": "seen", "action_id": "a" * 32}),
    ),
    ("act", 410, lambda s: s.post("/actions", {"student_id": "S4", "kind": "seen"})),
    ("act", 422, lambda s: s.post("/actions", {"student_id": "S1", "kind": "helped"})),
    ("list_actions", 422, lambda s: s.get("/actions?limit=0")),
    ("list_actions", 422, lambda s: s.get("/actions?period=x")),
    ("intervene", 404, lambda s: s.helped(student_id="nobody")),
    ("intervene", 404, lambda s: s.helped(intervention_id="b" * 32)),
    ("intervene", 410, lambda s: s.helped(student_id="S4")),
    ("intervene", 422, lambda s: s.helped(kind="magic")),
    ("list_interventions", 422, lambda s: s.get("/interventions?since=yesterday")),
    ("remove_intervention", 404, lambda s: s.client.delete("/interventions/nowhere")),
    ("assign", 404, lambda s: s.client.put("/students/nobody/assigned", json={"person": "a"})),
    ("assign", 410, lambda s: s.client.put("/students/S4/assigned", json={"person": "a"})),
    ("assign", 422, lambda s: s.client.put("/students/S1/assigned", json={})),
    ("to_do", 422, lambda s: s.get("/todo?until=soon")),
    ("summarise_help", 422, lambda s: s.get("/help/summary?period=x")),
    ("get_champion", 422, lambda s: s.get("/champion?at=yesterday")),
    ("get_champion", 422, lambda s: s.get("/champion?at=2026-01-01T12:00:00")),
    ("get_champion", 422, lambda s: s.get("/champion?at=2999-01-01T00:00:00Z")),
    ("get_version", 404, lambda s: s.get("/models/v99")),
    ("get_bundle", 404, lambda s: s.get("/models/v99/bundle")),
    ("get_card", 404, lambda s: s.get("/models/v1/card")),
    ("get_card", 422, lambda s: s.get("/models/v3/card?format=pdf")),
    ("list_promotions", 422, lambda s: s.get("/promotions?limit=0")),
    ("list_promotions", 422, lambda s: s.get("/promotions?offset=-1")),
    ("approve", 404, lambda s: s.post("/models/v99/approve", REASON)),
    ("approve", 409, lambda s: s.post("/models/v1/approve", REASON)),
    ("approve", 422, lambda s: s.post("/models/v1/approve", {})),
    ("refuse", 404, lambda s: s.post("/models/v99/refuse", REASON)),
    ("refuse", 409, lambda s: s.post("/models/v1/refuse", REASON)),
    ("refuse", 422, lambda s: s.post("/models/v1/refuse", {"reason": 5})),
    ("list_trials", 422, lambda s: s.get("/shadow?limit=0")),
    ("set_canary", 404, lambda s: s.post("/models/v99/canary", REASON | {"share": 0.1})),
    ("set_canary", 409, lambda s: s.post("/models/v5/canary", REASON | {"share": 0})),
    ("set_canary", 409, lambda s: s.post("/models/v1/canary", REASON | {"share": 0.1})),
    ("set_canary", 422, lambda s: s.post("/models/v5/canary", REASON | {"share": 0.6})),
    ("set_canary", 422, lambda s: s.post("/models/v5/canary", REASON | {"share": True})),
    ("set_canary", 422, lambda s: s.post("/models/v5/canary", {"share": 0.1})),
    ("promote", 404, lambda s: s.post("/models/v99/promote", REASON)),
    ("promote", 409, lambda s: s.post("/models/v1/promote", REASON)),
    ("promote", 422, lambda s: s.post("/models/v1/promote", {})),
    ("reload", 413, lambda s: s.client.post("/model/reload", content=b" " * 100_000)),
    ("train", 422, lambda s: s.post("/train", {"sed": 3})),
    ("list_runs", 422, lambda s: s.get("/runs?limit=0")),
    ("get_run", 404, lambda s: s.get("/runs/none")),
    ("predict", 422, lambda s: s.post("/predict?source=nowhere", RECORD)),
    ("train", 422, lambda s: s.post("/train", {"reason": " "})),
    ("get_run_log", 404, lambda s: s.get("/runs/none/log")),
    ("compare", 404, lambda s: s.post("/comparisons", {"first": "v1", "second": "v99"})),
    ("compare", 422, lambda s: s.post("/comparisons", {"first": "v1", "second": "v1"})),
    ("compare", 422, lambda s: s.post("/comparisons", {"first": "v1", "second": "../v2"})),
    ("compare", 422, lambda s: s.post("/comparisons", {"first": "v1", "with": "v2"})),
    ("list_comparisons", 422, lambda s: s.get("/comparisons?limit=0")),
    ("get_comparison", 404, lambda s: s.get("/comparisons/none")),
    ("list_drift_reports", 422, lambda s: s.get("/drift?limit=many")),
    ("acknowledge_alarm", 404, lambda s: s.post("/drift/alarms/no_such/acknowledge", REASON)),
    ("acknowledge_alarm", 409, lambda s: s.post("/drift/alarms/ida/acknowledge", REASON)),
    ("acknowledge_alarm", 422, lambda s: s.post("/drift/alarms/inde/acknowledge", {})),
    ("list_notices", 422, lambda s: s.get("/notices?limit=0")),
    ("get_performance", 422, lambda s: s.get("/performance?hours=0")),
    ("get_drift_report", 404, lambda s: s.get("/drift/none")),
    ("get_drift_page", 404, lambda s: s.get("/drift/none/page")),
    ("get_drift_page", 422, lambda s: s.get("/drift/d1/page?language=fr")),
    ("sign_in", 401, lambda s: s.post("/sessions", MARIA | {"password": "wrong"})),
    ("sign_in", 422, lambda s: s.post("/sessions", {"name": "maria"})),
    ("sign_out", 409, lambda s: s.client.delete("/sessions")),
    ("change_password", 409, lambda s: s.client.put("/me/password", json=OTHER_PASSWORD)),
    ("accept_invitation", 404, lambda s: s.post("/invitations/none", {"password": PASSWORD})),
]


def test_every_route_has_a_name_a_summary_an_answer_and_its_errors() -> None:
    page = the_page()
    missing = [
        f"{method} {path}: {lack}"
        for method, path, operation in operations(page)
        for lack in lacks(operation, path, page["components"]["schemas"])
    ]
    names = [operation["operationId"] for _, _, operation in operations(page)]

    assert missing == []
    assert sorted(names) == sorted(set(names))


def lacks(operation: dict[str, Any], path: str, schemas: dict[str, Any]) -> Iterator[str]:
    if not re.fullmatch(r"[a-z]+(_[a-z]+){0,3}", operation["operationId"]):
        yield f"operation id {operation['operationId']}"
    for field in ("summary", "description", "tags"):
        if not operation.get(field):
            yield field
    answered = [code for code in ("200", "202") if code in operation["responses"]]
    if len(answered) != 1:
        yield "the answer's status"
    for code in answered:
        for kind, content in operation["responses"][code].get("content", {"": {}}).items():
            if not holds_something(content.get("schema", {}), schemas):
                yield f"schema of {kind or 'the answer'}"
    yield from (
        f"status {status}" for status in needed(operation, path) if not status_in(operation, status)
    )
    for code, response in operation["responses"].items():
        if code in answered or (code == "503" and "application/json" in response["content"]):
            continue
        if response["content"].keys() != {MEDIA_TYPE} or not response["description"]:
            yield f"problem document of {code}"


def needed(operation: dict[str, Any], path: str) -> set[str]:
    """The statuses of errors that follow from what a route takes."""
    keyed = set() if operation.get("security") == [] else {"401", "503"}
    named = {"404"} if "{" in path else set()
    body = {"400", "408", "413", "415", "422"} if "requestBody" in operation else set()
    checked = any(p["schema"].get("type") == "integer" for p in operation.get("parameters", ()))
    return {"403", "default"} | keyed | named | body | ({"422"} if checked else set())


def status_in(operation: dict[str, Any], status: str) -> bool:
    return status in operation["responses"]


def holds_something(schema: dict[str, Any], schemas: dict[str, Any]) -> bool:
    if "anyOf" in schema:
        return all(holds_something(one, schemas) for one in schema["anyOf"])
    if "$ref" in schema:
        return bool(schemas.get(schema["$ref"].rpartition("/")[2], {}).get("properties"))
    return bool(schema.get("type") == "string")


def test_no_route_is_hidden_from_the_page_but_those_for_people() -> None:
    app = create_app()
    paths = {
        getattr(context, "path_format", getattr(context, "path", None))
        for context in iter_route_contexts(app.routes)
    }

    assert paths - the_page()["paths"].keys() == FOR_PEOPLE
    assert the_page()["paths"].keys() - paths == {PATH}


@pytest.mark.parametrize("task", ["pede_lag", "exam_scores"])
def test_what_the_page_refers_to_is_there_and_what_is_there_is_referred_to(task: str) -> None:
    page = the_page(task)
    referred = set(re.findall(r"#/components/schemas/(\w+)", orjson.dumps(page).decode()))

    assert referred == page["components"]["schemas"].keys()


def test_the_documents_name_every_route_with_its_scope_and_answer(
    school: School, world: World
) -> None:
    text = (ROOT / "docs" / "serving.md").read_text("utf-8")
    held = [
        {"Authorization": f"Bearer {keys(world.home, 'create', '--name', one, '--scope', one)}"}
        for one in ("label", "predict")
    ]

    rows = [
        f"| `{method} {path}` | `{operation['operationId']}` | "
        f"{scope_of(school.server, method, path, *held)} | {answers_of(operation)} |"
        for method, path, operation in operations(the_page())
    ]

    assert [row for row in rows if row not in text] == []


def scope_of(
    server: Server, method: str, path: str, only_label: dict[str, str], only_predict: dict[str, str]
) -> str:
    address = server.url + path.replace("{", "").replace("}", "")
    if local.request(method, address).status_code != 401:
        return "none"
    answer = local.request(method, address, headers=only_label)
    if answer.status_code != 403:
        closed = local.request(method, address, headers=only_predict).status_code == 403
        return "label" if closed else "any"
    return str(answer.json()["detail"].rpartition(" ")[2].rstrip("."))


def answers_of(operation: dict[str, Any]) -> str:
    code = "200" if "200" in operation["responses"] else "202"
    content = operation["responses"][code]["content"]
    if "application/json" not in content:
        return " or ".join(content)
    schema = content["application/json"]["schema"]
    refs = [one["$ref"].rpartition("/")[2] for one in schema.get("anyOf", [schema])]
    return " or ".join(f"`{ref}`" for ref in refs)


def test_every_live_answer_is_what_the_page_declares(school: School) -> None:
    page = StrictPage(school.get("/openapi.json").json())

    assert page.operations.keys() == CALLS.keys(), "an operation without a call, or the reverse"
    answers = [(name, answer) for name, call in CALLS.items() for answer in call(school)]
    faults = [fault for name, answer in answers for fault in page.faults(name, answer)]

    assert [(name, a.status_code) for name, a in answers if not a.is_success] == []
    assert faults == []
    settled(school.server.home)
    done = {entry.action for entry in school.registry.run(entries())}
    own = {name: rule for name, rule in TELLING.items() if isinstance(rule, ByItself)}
    assert [n for n, rule in own.items() if rule.action not in done] == [], "told nothing"


def test_every_route_is_counted_by_its_operation(school: School) -> None:
    called = {
        "list_runs": "/runs", "get_drift_page": "/drift/d1/page", "get_schema": "/schema",
        "list_tasks": "/tasks/pede_lag/tasks",
    }  # fmt: skip
    for path in called.values():
        school.get(path)
    school.get("/nowhere")

    page = school.get("/metrics").text
    counted = dict(re.findall(r'farol_requests_total{operation="(\w+)",status="200".*} (.*)', page))

    assert counted.keys() >= CALLS.keys() - {"train"}
    assert [name for name in called if float(counted[name]) == 0] == []
    assert 'farol_requests_total{operation="none",status="404"' in page
    until(lambda: "farol_registry_read_timestamp_seconds{" in school.get("/metrics").text, 20)


def test_every_refusal_is_a_problem_document_with_a_declared_status(school: School) -> None:
    school.client.delete("/students/S4")
    page = StrictPage(school.get("/openapi.json").json())

    answers = [(name, status, call(school)) for name, status, call in REFUSED]
    faults = [fault for name, _, answer in answers for fault in page.faults(name, answer)]

    assert [(n, s, a.status_code) for n, s, a in answers if a.status_code != s] == []
    assert faults == []


def test_what_needs_a_key_by_the_page_needs_one(school: School) -> None:
    page = school.get("/openapi.json").json()
    strict = StrictPage(page)

    for method, path, operation in operations(page):
        answer = local.request(method, school.server.url + path.replace("{", "").replace("}", ""))

        assert (answer.status_code == 401) == (operation.get("security") != []), path
        assert strict.faults(operation["operationId"], answer) == []


@pytest.mark.slow
def test_a_server_without_registry_or_champion_answers_as_declared(
    school: School, world: World, tmp_path: Path
) -> None:
    page = StrictPage(school.get("/openapi.json").json())
    paths = {"get_model": "/model", "list_versions": "/models", "get_health": "/health"}

    with (
        served(world.home, workers=1, env=NOWHERE) as alone,
        served(tmp_path, workers=1, env=NOWHERE) as bare,
    ):
        until(lambda: alone.get("/health/ready").status_code == 200)
        away = {name: alone.get(path) for name, path in paths.items()}
        unready = {
            name: bare.get(path) for name, path in {**paths, "get_ready": "/health/ready"}.items()
        }
        unready["predict"] = bare.post("/predict", RECORD)

    assert away["get_model"].json()["registry"] == "unavailable"
    assert [a.status_code for a in away.values()] == [200, 503, 200]
    assert {a.status_code for a in unready.values()} == {503}
    answers = [*away.items(), *unready.items()]
    assert [fault for name, answer in answers for fault in page.faults(name, answer)] == []


def test_a_field_that_no_answer_declares_cannot_be_filled_in() -> None:
    with pytest.raises(TypeError, match="QueuedAnswer declares no asked_at, by"):
        filled(QueuedAnswer, None, run_id="1", status="queued", by="x", asked_at=0)


def test_a_field_that_may_be_absent_is_written_somewhere() -> None:
    """Strict answers cannot miss it; what writes it is at least spelled in the API."""
    nodes = [
        node
        for path in (ROOT / "api").rglob("*.py")
        if path.parent.name != "answers"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
    ]
    written = {str(node.value) for node in nodes if isinstance(node, ast.Constant)}
    written |= {str(node.arg) for node in nodes if isinstance(node, ast.keyword)}
    unwritten = [
        f"{name}.{field} may be absent and no handler writes it"
        for name, schema in openapi.answer_schemas(load_task("pede_lag")).items()
        for field in schema.get("properties", {}).keys() - set(schema.get("required", ()))
        if field not in written | StatusPolicy.model_fields.keys()
    ]

    assert unwritten == []


def test_a_field_too_many_or_too_few_is_a_fault(school: School) -> None:
    page = StrictPage(school.get("/openapi.json").json())

    for query in ("", "?explain=true"):
        said = school.post(f"/predict{query}", RECORD).json()
        less = [{name: value for name, value in said.items() if name != one} for one in said]
        for body in (said | {"risk": 0.5}, said | {"base": 1}, *less):
            assert page.faults("predict", httpx.Response(200, json=body)), body.keys() ^ said.keys()


def test_every_status_that_is_declared_has_its_meaning() -> None:
    declared = {code for _, _, o in operations(the_page()) for code in o["responses"]}

    assert declared - {"200", "202", "default"} == {str(status) for status in REFUSALS}


def test_a_prediction_that_the_dashboard_asked_for_is_logged_with_that_source(
    school: School,
) -> None:
    asked = {
        source: school.post(f"/predict{query}", RECORD).json()["prediction_id"]
        for source, query in (("api", ""), ("dashboard", "?source=dashboard"))
    }

    def logged() -> dict[str, Prediction]:
        return school.registry.run(PredictionRepository().get_many(asked.values()))

    until(lambda: len(logged()) == 2, 20)
    assert {source: logged()[key].source.value for source, key in asked.items()} == {
        "api": "api", "dashboard": "dashboard",
    }  # fmt: skip
