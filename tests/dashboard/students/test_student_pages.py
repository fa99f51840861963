"""The list, the page of a student and what is typed there, over a real API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import streamlit as st
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from database.driver.client import open_registry
from database.embedded import lifecycle
from database.indexes import ensure_indexes
from database.students import StudentRepository
from model.student import Observation
from tests.api import bundles
from tests.api.server import Server, served, until

pytestmark = pytest.mark.slow

STUDENTS = 30
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class School:
    """An API with a champion, and the students that it knows."""

    server: Server
    uri: str


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    home = tmp_path_factory.mktemp("farol")
    uri = lifecycle.ensure_running(home)
    try:
        with open_registry(uri, "farol") as registry:
            registry.run(ensure_indexes())
            bundles.promote(registry, bundles.register(registry, bundles.archive()))
            registry.run(StudentRepository().observe([
                Observation(f"RA_{i}", period, features, bundles.NOW)
                for period in ("2022", "2023")
                for i, features in enumerate(bundles.records(STUDENTS, seed=int(period)))
            ]))  # fmt: skip
        with served(home, workers=1) as server:
            until(lambda: all(one["version"] for one in server.workers()))
            yield School(server, uri)
    finally:
        lifecycle.stop(home)


@pytest.fixture(autouse=True)
def environment(school: School, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name, value in {
        "MONGO_URI": school.uri,
        "FAROL_HOME": str(school.server.home),
        "FAROL_AUTH": "off",
        "FAROL_API_URL": school.server.url,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(ContextProxy, "ip_address", property(lambda _: None))
    yield monkeypatch
    st.cache_resource.clear()
    st.cache_data.clear()


def show(first: str) -> None:
    from dashboard.dashboard import main

    main(first)


def page(name: str, language: str = "en", **asked: str) -> AppTest:
    app = AppTest.from_function(show, args=(name,), default_timeout=60)
    for key, value in {"lang": language, **asked}.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    shown = (app.header, app.subheader, app.markdown, app.caption, app.info, app.warning,
             app.success, app.error)  # fmt: skip
    return "\n".join(str(element.value) for kind in shown for element in kind)


def links(app: AppTest) -> list[str]:
    return [one.proto.query_string for one in app.get("page_link")]


def test_every_row_leads_to_the_page_of_its_student_and_no_more_than_a_page_is_drawn() -> None:
    app = page("students", "pt")

    rows = [asked for asked in links(app) if "student=" in asked]
    assert 0 < len(rows) <= 20 and len(set(rows)) == len(rows)
    assert all("lang=pt" in asked for asked in rows)
    assert len([b for b in app.button if b.label == "Visto"]) == len(rows)
    assert "meio da escola" in words(app)
    assert "↑" not in words(app)


def test_a_student_has_an_address_and_is_told_in_both_languages_against_the_others() -> None:
    english, portuguese = page("student", student="RA_7"), page("student", "pt", student="RA_7")

    told = words(english)
    assert "Student RA\\_7" in told
    assert "It is what the model would say and no cause" in told or "by itself" in told
    assert "middle of the students in 2023" in told
    assert "Índice de Desenvolvimento Educacional" in words(portuguese)
    assert "Nada do que" in words(portuguese) or "não uma causa" in words(portuguese)


def test_of_an_unknown_student_and_of_none_the_page_says_what_to_do() -> None:
    assert "Nothing is known of this student" in words(page("student", student="nobody"))
    assert page("student").text_input(key="student_asked").label == "The student's id"


def test_what_was_typed_stays_where_the_api_went_away_meanwhile(
    school: School, environment: pytest.MonkeyPatch
) -> None:
    app = page("student", student="RA_7")
    note = next(one for one in app.text_area if one.label == "Note")
    note.set_value("spoke with the family").run()

    environment.setenv("FAROL_API_URL", NOWHERE)
    app.run()
    assert "The API does not answer" in words(app) and not app.text_area
    environment.setenv("FAROL_API_URL", school.server.url)
    app.run()

    kept = next(one for one in app.text_area if one.label == "Note")
    assert not app.exception
    assert kept.value == "spoke with the family"


def test_what_was_done_is_kept_from_the_page_and_empties_the_form() -> None:
    app = page("student", student="RA_8")
    note = next(one for one in app.text_area if one.label == "Note")
    note.set_value("called the parents").run()

    next(b for b in app.button if b.label == "Keep").click().run()

    assert not app.exception
    assert "Kept." in words(app)
    assert app.dataframe[0].value["note"].tolist() == ["called the parents"]
    assert next(one for one in app.text_area if one.label == "Note").value == ""
    assert "Nothing for today." in words(page("todo"))


def test_a_student_is_put_right_and_objects_from_the_page_and_the_list_says_so() -> None:
    app = page("student", student="RA_9")
    field = "right::RA_9:"
    app.selectbox(key=field + "field").set_value("inde").run()
    app.number_input(key=field + "value:inde").set_value(1.5).run()
    app.text_area(key=field + "why").set_value("another row").run()
    app.button(key="correct:RA_9").click().run()
    assert not app.exception
    assert "Put right." in words(app)
    assert any("another row" in str(table.value.to_dict()) for table in app.dataframe)

    app.button(key="object:RA_9").click().run()
    assert "Say why." in words(app)
    app.text_area(key="objection::RA_9:False").set_value("asked by the mother").run()
    app.button(key="object:RA_9").click().run()
    assert not app.exception
    told = words(app)
    assert "There is an objection since" in told
    assert "asked by the mother" in told
    assert "1 student objects to scoring" in words(page("students"))
    assert "RA\\_9" in words(page("students", "pt"))

    app.toggle(key="seen_by:RA_9").set_value(True).run()
    assert not app.exception
    assert any("kept an objection" in str(table.value.to_dict()) for table in app.dataframe)
