"""The pages as a reader sees them, over a real registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from dashboard.texts import Language
from dashboard.views.drift import page_of
from database.api_keys import ApiKeyRepository
from database.comparing.comparisons import ComparisonRepository
from database.drift_reports import DriftReportRepository
from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import Op
from database.embedded import lifecycle
from database.helping.effects import EffectRepository
from database.indexes import ensure_indexes
from database.people.people import PersonRepository
from database.people.spent import SpentTokenRepository
from database.predictions import PredictionRepository
from database.runs import RunRepository
from database.students import StudentRepository
from database.versions import ModelVersionRepository
from database.watch.alarms import AlarmRepository
from database.watch.jobs import JobRepository
from database.watch.run_logs import RunLogRepository
from drift.check import run_drift_check
from model.access import ApiKey, Scope
from model.comparing.comparison import (
    ComparedFigure,
    ComparisonFinding,
    ComparisonStatus,
    FigureRange,
    VersionComparison,
)
from model.decisions.cause import RunCause, TriggerKind
from model.people.password import Passwords
from model.people.session import begun, session_in
from model.prediction import RiskStatus, Scale
from model.run import Run, RunStatus, RunStep
from model.student import Units
from model.trust.key_seal import digest_of, sealed
from model.watch.job import HOST, JobState
from model.watch.run_log import LogLine
from preprocessing.task.policies import WatchPolicy
from retraining.measuring.job import watch_performance
from tests.drift.school import KEY, NOW, TASK, School, cohort, found_school, graduate, serve
from tests.effect_reports import REPORT
from tests.people import PASSWORD, guest, person
from tests.trail import entries

SCRIPT = str(Path(__file__).parents[2] / "dashboard" / "dashboard.py")
PAGES = (
    "overview", "students", "todo", "student", "data", "manager", "drift", "performance", "helping",
    "predictions", "trying", "runs", "versions", "history", "worker", "audit", "erasures",
)  # fmt: skip


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("registry")
    yield lifecycle.ensure_running(home, idle_seconds=600)
    lifecycle.stop(home)


@pytest.fixture
def db(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    name = f"d{abs(hash(str(tmp_path))) % 10**12}"
    task = tmp_path / "school.yaml"
    task.write_text(TASK, "utf-8")
    for key, value in {
        "MONGO_URI": uri,
        "MONGO_DB": name,
        "FAROL_HOME": str(tmp_path),
        "FAROL_TASK": str(task),
        "FAROL_AUTH": "off",
        # Nobody listens there.
        "FAROL_API_URL": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(key, value)
    come_from(monkeypatch, None)
    yield name
    st.cache_resource.clear()
    st.cache_data.clear()


def come_from(monkeypatch: pytest.MonkeyPatch, address: str | None) -> None:
    """AppTest has no connection whose address could be asked for."""
    monkeypatch.setattr(ContextProxy, "ip_address", property(lambda _: address))


@pytest.fixture
def opened(uri: str, db: str) -> Iterator[SyncRegistry]:
    with open_registry(uri, db) as registry:
        registry.run(ensure_indexes())
        yield registry


@pytest.fixture(scope="module")
def read_only(uri: str, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Databases that several tests read and none writes to, to the home they are read from."""
    homes = {name: tmp_path_factory.mktemp(name) for name in ("empty", "filled")}
    for name in homes:
        with open_registry(uri, name) as registry:
            registry.run(ensure_indexes())
            if name == "filled":
                fill(registry)
    return homes


@pytest.fixture
def empty(db: str, read_only: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages read a registry without a document."""
    monkeypatch.setenv("MONGO_DB", "empty")
    monkeypatch.setenv("FAROL_HOME", str(read_only["empty"]))


@pytest.fixture
def filled(
    uri: str, db: str, read_only: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[SyncRegistry]:
    """The pages read the school of `fill`, which nobody may change."""
    monkeypatch.setenv("MONGO_DB", "filled")
    monkeypatch.setenv("FAROL_HOME", str(read_only["filled"]))
    with open_registry(uri, "filled") as registry:
        yield registry


def fill(opened: SyncRegistry) -> School:
    """A school with a champion, a drifted new period, outcomes, predictions and a run."""
    school = found_school(opened)
    newer = cohort(200, "2024", seed=5, shift=-1.5)
    opened.run(StudentRepository().observe(newer))
    serve(opened, school, newer[:40], at=NOW - timedelta(days=1))
    graduate(opened, school, newer, seed=3, now=NOW)
    run_drift_check(opened, school.task, now=NOW, signing_key=KEY)
    started = NOW - timedelta(days=60)
    opened.run(
        RunRepository().start(
            Run(
                "run-1", RunStatus.RUNNING, "schedule", started, started,
                steps=(RunStep("fit", started),), challenger="v1",
            )
        )
    )  # fmt: skip
    return school


def show(first: str) -> None:
    from dashboard.dashboard import main

    main(first)


def page(name: str, language: str = "en") -> AppTest:
    app = AppTest.from_function(show, args=(name,), default_timeout=60)
    app.query_params["lang"] = language
    return app.run()


def words(app: AppTest) -> str:
    shown = (app.header, app.subheader, app.markdown, app.caption, app.info, app.warning,
             app.success, app.error, app.code)  # fmt: skip
    return "\n".join(str(element.value) for kind in shown for element in kind)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.usefixtures("empty")
def test_an_empty_registry_says_what_to_do_and_breaks_no_page(name: str) -> None:
    app = page(name)

    assert not app.exception
    commands = {
        "overview": "python -m retraining.pipeline",
        "students": "/predict",
        "data": "python -m preprocessing.ingest",
        "manager": "python -m retraining.pipeline",
        "todo": "http://127.0.0.1:9",
        "student": "Student",
        "drift": "python -m drift.check",
        "trying": "The API does not answer",
        "runs": "python -m retraining.pipeline",
        "performance": "python -m retraining.worker",
        "helping": "python -m retraining.worker",
        "predictions": "/predict",
        "versions": "python -m retraining.pipeline",
        "history": "python -m retraining.pipeline",
        "worker": "python -m retraining.worker",
        "audit": "Nothing was told",
        "erasures": "The API does not answer",
    }
    assert commands[name] in words(app)


def addresses() -> None:
    import streamlit as st

    from dashboard.dashboard import _pages
    from dashboard.texts import Language, load_texts

    for listed in _pages("overview", lambda *_: None, load_texts(Language.EN)):
        st.text(f"/{listed.url_path} {listed.title} {listed._visibility}")


def test_every_page_has_an_address_of_its_name_and_is_listed_once() -> None:
    """`/overview` opened "Page not found": Streamlit serves its default page at `/` alone."""
    app = AppTest.from_function(addresses, default_timeout=60).run()

    assert not app.exception
    split = [element.value.split() for element in app.text]
    told = [(path, " ".join(title), visibility) for path, *title, visibility in split]
    assert [path for path, _, _ in told] == ["/", *(f"/{name}" for name in PAGES)]
    visible = [title for _, title, visibility in told if visibility == "visible"]
    assert visible == [
        "Overview", "Students", "To do", "Student", "Data", "Manager", "Drift", "Performance",
        "Does the help help?", "Predictions", "What-if", "Runs", "Versions", "History", "Worker",
        "Audit", "Erasures",
    ]  # fmt: skip


@pytest.mark.usefixtures("filled")
def test_the_script_streamlit_runs_shows_the_overview() -> None:
    app = AppTest.from_file(SCRIPT, default_timeout=60).run()

    assert not app.exception
    assert "v1" in words(app)


@pytest.mark.usefixtures("filled")
def test_the_overview_says_who_serves_in_words() -> None:
    app = page("overview")

    assert not app.exception
    assert "Champion in the registry: v1" in words(app)
    assert "The API does not answer; whether v1 serves is not known." in words(app)
    assert "the model finds **74**" in words(app)
    assert {m.label: m.value for m in app.metric}["Outcomes known"] == "200"
    assert "v1 took over" in words(app)


@pytest.mark.usefixtures("filled")
def test_the_overview_speaks_portuguese() -> None:
    app = page("overview", "pt")

    assert "Campeã no registro: v1" in words(app)
    assert "o modelo encontra **74**" in words(app)


@pytest.mark.usefixtures("filled")
def test_students_are_listed_by_risk_from_the_log_when_the_api_is_away() -> None:
    app = page("students")

    assert not app.exception
    assert "The API does not answer" in words(app)
    scores = app.dataframe[0].value["risk"].tolist()
    assert len(scores) == 40 and scores == sorted(scores, reverse=True)


@pytest.mark.usefixtures("filled")
def test_the_schools_of_the_list_are_looked_up_once_a_minute_and_not_at_every_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_up, read = [], StudentRepository.units

    def counted(students: StudentRepository) -> Op[dict[str, Units]]:
        looked_up.append(students)
        return read(students)

    monkeypatch.setattr(StudentRepository, "units", counted)

    app = page("students").run()
    assert not app.exception and len(looked_up) == 1
    monkeypatch.setattr("dashboard.students.filters.SCHOOLS_FOR", timedelta(0))
    app.run()
    assert len(looked_up) == 2


def test_students_of_whom_too_little_is_known_have_a_table_of_their_own(
    opened: SyncRegistry,
) -> None:
    fill(opened)
    (latest,) = opened.run(PredictionRepository().newest(1))
    unknown = replace(
        latest, prediction_id="little", student_id="RA-little", known_weight=0.05,
        status=RiskStatus.INSUFFICIENT, created_at=NOW,
    )  # fmt: skip
    opened.run(PredictionRepository().add_many([unknown]))

    app = page("students", "pt")

    assert not app.exception
    assert "De quem se sabe pouco" in words(app)
    urgent, little = (frame.value for frame in app.dataframe)
    assert "RA-little" not in urgent["aluno"].tolist()
    assert little["aluno"].tolist() == ["RA-little"]
    assert little["conhecido"].tolist() == ["5 %"]


def test_a_numeric_task_is_listed_by_concern_and_shows_no_risk(opened: SyncRegistry) -> None:
    fill(opened)
    served = opened.run(PredictionRepository().newest(3))
    opened.run(
        PredictionRepository().add_many(
            [
                replace(
                    p, prediction_id=f"value-{i}", student_id=f"V-{i}", risk_score=value,
                    scale=Scale.VALUE_LOW, interval=(value - 20, value + 20), threshold=60.0,
                    created_at=NOW,
                )
                for i, (p, value) in enumerate(zip(served, (71.0, 48.0, 59.0), strict=True))
            ]
        )
    )  # fmt: skip

    listed = page("students").dataframe[0].value
    latest = page("predictions").dataframe[0].value

    values = listed[listed["student"].str.startswith("V-")]
    assert values["predicted"].tolist() == [48.0, 59.0, 71.0]
    assert values["interval"].tolist()[0] == "28.0 - 68.0"
    assert values["risk"].isna().all()
    assert latest.loc[latest["student"] == "V-1", "predicted"].tolist() == [48.0]


@pytest.mark.parametrize(
    ("language", "said"), [("en", "The help helps, by lot"), ("pt", "A ajuda ajuda, pelo sorteio")]
)
def test_the_helping_page_answers_first_and_tells_what_could_be_seen(
    opened: SyncRegistry, language: str, said: str
) -> None:
    opened.run(EffectRepository().put(REPORT))

    app = page("helping", language)

    assert not app.exception and said in words(app)
    lanes, needed, outlook = (frame.value for frame in app.dataframe)
    assert (len(lanes), len(needed), len(outlook)) == (3, 2, 2)


@pytest.mark.usefixtures("filled")
def test_the_drift_page_names_what_drifted_and_shows_performance_now() -> None:
    app = page("drift")

    assert not app.exception
    assert "differ from the training of v1 in 2 features: ieg, model's prediction" in words(app)
    performance, tests = (frame.value for frame in app.dataframe)
    assert performance.set_index("").loc["Finds", "when trained"] == "0.740"
    assert tests["feature"].tolist()[:2] in (
        ["ieg", "model's prediction"],
        ["model's prediction", "ieg"],
    )


@pytest.mark.parametrize("language", list(Language))
def test_the_report_can_be_downloaded_as_a_page_in_the_readers_language(
    filled: SyncRegistry, language: Language
) -> None:
    (report,) = filled.run(DriftReportRepository().newest(1))

    made = page_of(report, filled, language)

    assert "<svg" in made
    assert ("What has changed in the data" in made) is (language is Language.EN)


@pytest.mark.parametrize(
    ("language", "said", "button", "expect"),
    [
        (
            "en",
            "ieg, model's prediction: in alarm since",
            "Acknowledge",
            "expect at most 0.01 false alarms a year",
        ),
        (
            "pt",
            "ieg, previsão do modelo: alarme desde",
            "Marcar como visto",
            "no máximo 0,01 alarmes falsos por ano",
        ),
    ],
)
def test_the_drift_page_shows_alarms_with_a_button_that_acts_through_the_api(
    opened: SyncRegistry, language: str, said: str, button: str, expect: str
) -> None:
    school = found_school(opened)
    opened.run(StudentRepository().observe(cohort(300, "2024", seed=5, shift=-1.5)))
    run_drift_check(opened, school.task, now=NOW, signing_key=KEY)

    app = page("drift", language)
    shown = words(app)
    (pressed,) = (one for one in app.button if one.label == button)
    silent = pressed.click().run()

    assert not silent.exception
    assert said in shown and expect in shown
    assert {"en": "Write a reason first", "pt": "Escreva um motivo"}[language] in words(silent)


def test_an_acknowledged_alarm_names_who_knows_of_it_and_offers_no_button(
    opened: SyncRegistry,
) -> None:
    school = found_school(opened)
    opened.run(StudentRepository().observe(cohort(300, "2024", seed=5, shift=-1.5)))
    run_drift_check(opened, school.task, now=NOW, signing_key=KEY)
    for feature in ("ieg", "risk_score"):
        opened.run(AlarmRepository().acknowledge(feature, by="ana", reason="a new survey", now=NOW))

    app = page("drift")

    assert "acknowledged by ana" in words(app) and "a new survey" in words(app)
    assert not [one for one in app.button if one.label == "Acknowledge"]


@pytest.mark.parametrize(
    ("language", "said", "expected"),
    [
        ("en", "v1 does as promised", "were expected to be found;"),
        ("pt", "v1 cumpre o prometido", "esperava-se encontrar"),
    ],
)
def test_the_performance_page_tells_of_the_promise_what_was_expected_and_what_was_served(
    opened: SyncRegistry, language: str, said: str, expected: str
) -> None:
    school = fill(opened)
    watch_performance(opened, school.task, KEY, NOW)

    app = page("performance", language)

    assert not app.exception
    assert said in words(app) and expected in words(app)
    assert app.dataframe[0].value.shape[0] >= 4


@pytest.mark.parametrize(
    ("language", "waiting", "named"),
    [
        ("en", "Nothing to compare yet", "3 records of 2031, a future period"),
        ("pt", "Ainda não há o que comparar", "3 registros de 2031, um período futuro"),
    ],
)
def test_the_drift_page_says_that_there_is_nothing_to_compare_yet_and_names_the_try_outs(
    opened: SyncRegistry, language: str, waiting: str, named: str
) -> None:
    school = found_school(opened)
    serve(opened, school, cohort(3, "2031", seed=5), at=NOW - timedelta(days=1))
    strict = school.task.model_copy(update={"drift": WatchPolicy(min_records=301)})
    run_drift_check(opened, strict, now=NOW, signing_key=KEY)

    shown, overview = page("drift", language), page("overview", language)

    assert not shown.exception and not overview.exception
    assert waiting in words(shown) and named in words(shown)
    assert "python -m preprocessing.ingest" in words(shown)
    assert {"en": "waiting for data", "pt": "aguarda dados"}[language] in {
        metric.value for metric in overview.metric
    }


@pytest.mark.usefixtures("filled")
def test_the_predictions_page_lists_the_latest_first() -> None:
    app = page("predictions")

    assert not app.exception
    assert "The latest 40 of 40." in words(app)
    assert app.dataframe[0].value["student"].tolist()[0] == "RA-39"


@pytest.mark.usefixtures("filled")
def test_the_history_holds_the_ledger() -> None:
    app = page("history")

    assert not app.exception
    (ledger,) = (frame.value for frame in app.dataframe)
    assert ledger["challenger"].tolist() == ["v1"]


def test_a_run_is_shown_with_its_steps_and_its_log_and_acting_asks_for_a_reason_first(
    opened: SyncRegistry,
) -> None:
    fill(opened)
    opened.run(RunLogRepository().add("run-1", [LogLine(NOW, "cross-fit 1/5")]))

    app = page("runs")
    steps, _, ran = (frame.value for frame in app.dataframe)
    start = next(one for one in app.button if one.label == "Train now")
    silent = start.click().run()

    assert not silent.exception
    assert steps["step"].tolist() == ["fit"] and ran["last step"].tolist() == ["fit"]
    assert "cross-fit 1/5" in words(app)
    assert "v1 took over" in words(app)
    assert "Write a reason first" in words(silent)
    reason = next(one for one in app.text_input if one.label.startswith("Reason"))
    reason.set_value("a new school")
    away = next(one for one in app.button if one.label == "Train now").click().run()
    assert "The API does not answer" in words(away)


def test_the_managers_page_tells_promised_and_come_and_links_to_what_help_did(
    opened: SyncRegistry,
) -> None:
    school = fill(opened)
    watch_performance(opened, school.task, KEY, NOW)

    english, portuguese = page("manager"), page("manager", "pt")

    assert not english.exception and not portuguese.exception
    years = english.dataframe[0].value
    assert years["period"].tolist() == ["2024"] and years["model"].tolist() == ["v1"]
    assert "Of 100 students who end up at risk, Farol flags" in words(english)
    assert "A ajuda ajuda?" in words(portuguese)


def test_two_versions_are_compared_on_the_page_of_versions(opened: SyncRegistry) -> None:
    school = fill(opened)
    v2 = replace(school.version, version="v2", number=2)
    opened.run(ModelVersionRepository().add(v2))
    span = FigureRange(0.5, 0.4, 0.6)
    figure = ComparedFigure("auc", span, span, FigureRange(0.1, 0.05, 0.15))
    found = ComparisonFinding(90, 90, 40, ("2024",), NOW, 0, 40, 30.0, False, (figure,), (), 2_000)
    one = VersionComparison("c", NOW, "v1", "v2", "a", ComparisonStatus.DONE, NOW, finding=found)
    opened.run(ComparisonRepository().ask(one))

    app = page("versions", "pt")
    asked = next(one for one in app.button if one.label == "Comparar").click().run()

    assert not app.exception and not asked.exception
    assert "v2 está à frente além do acaso em: Ordena (AUC)." in words(app)
    assert "não responde" in words(asked)


def test_the_worker_page_tells_when_each_job_is_due_and_what_failed_in_both_languages(
    opened: SyncRegistry,
) -> None:
    failed = JobState(
        "drift", "host/1", NOW + timedelta(minutes=4), NOW, NOW, ok=False, failures=2,
        detail="disk is full", retry_at=NOW + timedelta(minutes=4),
    )  # fmt: skip
    own = JobState(f"outboxes{HOST}school-pc", "school-pc/1", NOW + timedelta(hours=2))
    for job in (failed, own):
        opened.run(JobRepository().put(job))

    english, portuguese = page("worker"), page("worker", "pt")

    assert not english.exception and not portuguese.exception
    rows = english.dataframe[0].value
    assert rows["job"].tolist() == [
        "Check drift", "Ship predictions that a host was left with (school-pc)"
    ]  # fmt: skip
    assert rows["state"].tolist() == ["failed", "not yet"]
    assert "Check drift: failed (2 times in a row). disk is full" in words(english)
    assert portuguese.dataframe[0].value["situação"].tolist() == ["falhou", "ainda não"]


def test_the_page_of_runs_says_what_started_each_in_the_readers_language(
    opened: SyncRegistry,
) -> None:
    cause = RunCause(TriggerKind.DRIFT, "drift in inde", "mudança em inde")
    run = Run("run-1", RunStatus.KEPT, "drift", NOW, cause=cause)
    opened.run(RunRepository().start(run))

    english, portuguese = page("runs"), page("runs", "pt")

    assert english.dataframe[0].value["why"].tolist() == ["drift: drift in inde"]
    assert portuguese.dataframe[0].value["por quê"].tolist() == [
        "mudança nos dados: mudança em inde"
    ]


def with_key(name: str, secret: str, language: str = "en") -> AppTest:
    app = page(name, language)
    app.text_input(key="api_key").set_value(secret)
    return app.run()


def add_key(
    opened: SyncRegistry,
    secret: str,
    scope: Scope,
    *,
    signed_with: bytes = KEY,
    tasks: tuple[str, ...] = (),
    units: tuple[str, ...] = (),
) -> str:
    key = ApiKey(secret[-6:], "counsellor", digest_of(secret), frozenset({scope}), NOW)
    key = replace(key, tasks=tasks, units=units)
    opened.run(ApiKeyRepository().add(sealed(key, signed_with)))
    return key.key_id


@pytest.fixture
def keys_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAROL_AUTH", "keys")
    monkeypatch.setenv("FAROL_SIGNING_KEY", KEY.decode())


@pytest.mark.parametrize("secret", ["", pytest.param("farol_guess", marks=pytest.mark.slow)])
def test_without_a_key_nothing_of_a_student_is_shown_on_any_page(
    opened: SyncRegistry, keys_on: None, secret: str
) -> None:
    fill(opened)

    shown = {name: with_key(name, secret) for name in PAGES}

    for name, app in shown.items():
        assert not app.exception, name
        assert not app.dataframe and not app.metric and not app.header, name
        assert ("Sign in with your name" if not secret else "not known") in words(app), name
        assert "RA-" not in words(app), name


def test_a_key_with_the_scope_read_opens_the_pages_with_the_api_away(
    opened: SyncRegistry, keys_on: None
) -> None:
    fill(opened)
    add_key(opened, "farol_reader", Scope.READ)

    app = with_key("students", "farol_reader")

    assert not app.exception
    assert len(app.dataframe[0].value) == 40
    assert "farol_reader" not in str(app.query_params)


def test_a_key_of_another_scope_or_one_that_nobody_signed_opens_nothing(
    opened: SyncRegistry, keys_on: None
) -> None:
    fill(opened)
    add_key(opened, "farol_predict", Scope.PREDICT)
    add_key(opened, "farol_insert", Scope.ADMIN, signed_with=b"another installation's")

    lacking, inserted = with_key("students", "farol_predict"), with_key("students", "farol_insert")

    assert not lacking.dataframe and not inserted.dataframe
    assert "scope read is lacking" in words(lacking)
    assert "not signed by this installation" in words(inserted)


@pytest.mark.usefixtures("filled")
def test_with_keys_off_another_machine_is_shown_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    come_from(monkeypatch, "10.1.2.3")

    app = page("students")

    assert not app.dataframe
    assert "only this machine" in words(app)


def test_a_revoked_key_closes_the_page_at_its_next_run(opened: SyncRegistry, keys_on: None) -> None:
    fill(opened)
    key_id = add_key(opened, "farol_leaver", Scope.READ)
    app = with_key("students", "farol_leaver", "pt")
    shown = len(app.dataframe)

    opened.run(ApiKeyRepository().revoke(key_id, NOW, KEY))
    app.run()

    assert (shown, len(app.dataframe)) == (1, 0)
    assert "foi revogada" in words(app)


def test_a_registry_that_is_away_is_a_message_and_not_a_trace(
    db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGO_URI", "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200")

    app = page("overview")

    assert not app.exception
    assert "The registry does not answer" in words(app)


def test_a_wrong_setting_is_a_message_that_names_it(
    db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "many")

    app = page("overview")

    assert not app.exception
    assert "PORT" in words(app)


def test_with_several_tasks_the_reader_chooses_one_and_sees_that_one(
    opened: SyncRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(opened)
    monkeypatch.setenv("FAROL_TASKS", "pede_lag")

    app = page("versions")
    (choice,) = (box for box in app.sidebar.selectbox if box.label == "Task")
    first = words(app) + str([list(frame.value.index) for frame in app.dataframe])
    choice.select("pede_lag")
    second = words(app.run())

    assert choice.options == ["A little task", "Lag behind the ideal phase, one year ahead (PEDE)"]
    assert "python -m retraining.pipeline" not in first
    assert "python -m retraining.pipeline" in second
    assert app.query_params["task"] == "pede_lag"


def test_a_key_of_another_task_does_not_open_the_page(opened: SyncRegistry, keys_on: None) -> None:
    fill(opened)
    add_key(opened, "farol_other-task", Scope.READ, tasks=("pede_lag",))

    assert "not for this task" in words(with_key("versions", "farol_other-task"))


def test_a_key_of_some_schools_opens_the_list_alone_and_never_the_log(
    opened: SyncRegistry, keys_on: None
) -> None:
    fill(opened)
    add_key(opened, "farol_one-school", Scope.READ, units=("Escola A",))

    closed = with_key("drift", "farol_one-school")
    listed = with_key("students", "farol_one-school")

    assert "for some schools only" in words(closed)
    assert len(closed.dataframe) == 0
    assert "for some schools only" not in words(listed)
    assert "RA-" not in words(listed) + str([frame.value for frame in listed.dataframe])


def sign_in(app: AppTest, name: str, password: str = PASSWORD) -> AppTest:
    app.text_input(key="entry_name").set_value(name)
    app.text_input(key="entry_password").set_value(password)
    next(one for one in app.button if one.label == "Sign in").click()
    return app.run()


@pytest.mark.slow
def test_a_person_signs_in_is_put_out_in_the_middle_of_an_action_and_loses_nothing(
    opened: SyncRegistry, keys_on: None
) -> None:
    fill(opened)
    maria = sealed(person("maria", Scope.ADMIN, password_hash=Passwords().hashed(PASSWORD)), KEY)
    opened.run(PersonRepository().add(maria))
    wrong = sign_in(page("runs"), "maria", "a wrong password")
    assert "The name or the password is wrong" in words(wrong)

    app = sign_in(wrong, "maria")
    assert not app.exception and not app.query_params.get("api_key")
    assert "Signed in as Maria Silva" in words(app)
    assert app.text_input(key="rollback_reason").value == ""
    session = begun(maria, "", NOW)
    token = app.session_state["entry_sent"]
    spent = session_in(token, KEY, datetime.now(UTC))
    assert spent is not None and spent.person_id == session.person_id

    opened.run(SpentTokenRepository().spend(spent.session_id, spent.until, NOW))
    app.text_input(key="rollback_reason").set_value("seen with the school")
    next(one for one in app.button if one.label == "Roll back").click()
    app = app.run()
    assert "Your session is over" in words(app) and "What you typed is kept" in words(app)
    assert not app.header and not app.dataframe

    app = sign_in(app, "maria")
    assert app.text_input(key="rollback_reason").value == "seen with the school"
    assert "ask again" in app.toast[0].value
    next(one for one in app.button if one.label == "Sign out").click()
    app = app.run()
    assert "Sign in with your name" in words(app)
    assert "rollback_reason" not in app.session_state
    done = [event.action for event in opened.run(entries())]
    assert done.count("sign-in") == 2 and done.count("sign-out") == 1


@pytest.mark.slow
def test_somebody_who_was_invited_sets_a_password_and_sees_the_own_school_alone(
    opened: SyncRegistry, keys_on: None
) -> None:
    fill(opened)
    joana, code = guest("joana", KEY, datetime.now(UTC))
    joana = sealed(replace(joana, units=("Escola A",), language="en", signature=""), KEY)
    opened.run(PersonRepository().add(joana))
    app = AppTest.from_function(show, args=("overview",), default_timeout=60)
    app.query_params["lang"], app.query_params["invitation"] = "pt", code
    app = app.run()
    assert "Bem-vindo ao Farol, Joana Silva" in words(app)

    for field in ("password", "again"):
        app.text_input(key=f"entry_{field}").set_value(PASSWORD)
    app.button[0].click()
    app = app.run()

    assert not app.exception
    assert "Signed in as Joana Silva" in words(app)
    assert "for some schools only" not in words(app), "the list of students came first"
    assert "invitation" not in app.query_params


@pytest.mark.slow
def test_an_address_that_the_organisation_vouches_for_signs_its_person_in(
    opened: SyncRegistry, keys_on: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.run(PersonRepository().add(sealed(person("ana", email="ana@escola.org"), KEY)))
    said = {"is_logged_in": True, "email": "Ana@escola.org", "iat": datetime.now(UTC).timestamp()}
    monkeypatch.setattr("dashboard.entry.form.find_spec", lambda _: "installed")

    monkeypatch.setattr(st, "user", said)
    unverified = words(page("overview"))
    monkeypatch.setattr(st, "user", said | {"email_verified": True})
    known = words(page("overview"))
    monkeypatch.setattr(st, "user", said | {"email_verified": True, "email": "x@escola.org"})
    stranger = words(page("overview"))

    assert "does not say that it verified" in unverified
    assert "Signed in as Ana Silva" in known
    assert "Nobody with the address x@escola.org was invited" in stranger
