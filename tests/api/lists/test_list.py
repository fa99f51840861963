"""The list of students: lanes, places, search and filters, downloads, what was published."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import openpyxl
import pytest
from pyarrow import parquet

from database import indexes
from database.driver.client import SyncRegistry, open_registry
from database.embedded import lifecycle
from database.helping.actions import ActionRepository
from database.helping.assignments import AssignmentRepository
from database.lists.published import ListedRowRepository, PublishedListRepository
from database.students import StudentRepository
from model.helping.action import Action, ActionKind
from model.helping.intervention import Assignment
from model.student import Observation
from preprocessing.lists.draw import winners
from tests import local
from tests.api import bundles
from tests.api.keys import make_key
from tests.api.server import Server, served
from tests.trail import entries, settled

NOW = datetime(2025, 2, 1, tzinfo=UTC)
SCHOOLS = {"A": "Escola A", "B": "Escola B"}


@dataclass(frozen=True, slots=True)
class School:
    """The API with a key for everything, and one for school A that may act."""

    server: Server
    registry: SyncRegistry
    keys: dict[str, str]

    def ask(self, method: str, path: str, body: object = None, key: str = "all") -> httpx.Response:
        headers = {"X-API-Key": self.keys[key]}
        return local.request(method, self.server.url + path, json=body, headers=headers, timeout=10)

    def page(self, query: str = "", key: str = "all") -> Any:
        answer = self.ask(
            "GET", f"/students/at-risk?{query}" + "&limit=1000" * ("limit" not in query), key=key
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def budgets(self, *budgets: dict[str, Any]) -> Any:
        return self.ask("PUT", "/budgets", {"budgets": list(budgets)}).json()


def students() -> list[Observation]:
    """Ten in each school, every second one behind already; A's are the more urgent."""
    return [
        Observation(
            student_id=f"{name}-{n}",
            period="2024",
            features={
                "inde": round(2.0 + n / 10 + (name == "B") / 2, 1),
                "ida": 4.0,
                "fase": 3.0,
                "pedra": "quartzo" if n % 2 else "agata",
                "defasagem": -1.0 if n % 2 else 0.0,
            },
            observed_at=NOW,
            units={"escola": school},
            unit=school.lower(),
        )
        for name, school in SCHOOLS.items()
        for n in range(10)
    ]


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    home = tmp_path_factory.mktemp("lists")
    uri = lifecycle.ensure_running(home)
    try:
        with open_registry(uri, "farol") as registry:
            registry.run(indexes.ensure_indexes())
            bundles.promote(registry, bundles.register(registry, bundles.archive()))
            registry.run(StudentRepository().observe(students()))
            odd = Observation("=1+1", "2024", {"inde": 2.0, "ida": 4.0}, NOW)
            registry.run(StudentRepository().observe([odd]))
            keys = {
                "all": make_key(home, "--scope", "read,admin"),
                "a": make_key(home, "--scope", "read,act", "--unit", "escola a"),
            }
            with served(home, workers=1, auth="keys") as running:
                yield School(running, registry, keys)
    finally:
        lifecycle.stop(home)


def ids(page: Any) -> list[str]:
    return [student["student_id"] for student in page["students"]]


def test_each_student_has_a_lane_and_a_rank_in_it(school: School) -> None:
    page = school.page()

    ranks: dict[tuple[str, str], list[int]] = {}
    for student in page["students"]:
        place = (student["lane"], student["units"].get("escola", ""))
        ranks.setdefault(place, []).append(student["rank"])
    assert ranks["known", "Escola A"] == ranks["new", "Escola B"] == [1, 2, 3, 4, 5]
    assert {s["lane"] for s in page["students"] if s["student_id"] in ("A-1", "B-3")} == {"known"}
    rooms = {(one["lane"], one["unit"]): one["students"] for one in page["lanes"]}
    assert rooms == {
        ("new", ""): 1,
        **{(lane, f"escola {name}"): 5 for lane in ("known", "new") for name in "ab"},
    }
    assert ids(school.page("lane=new&unit=Escola%20A")) == [f"A-{n}" for n in (0, 2, 4, 6, 8)]


def test_a_budget_says_who_is_within_and_each_key_sets_its_own(school: School) -> None:
    told = school.budgets(
        {"lane": "known", "top": 2}, {"lane": "new", "unit": "ESCOLA B", "share": 0.4}
    )
    assert told["budgets"] == [
        {"lane": "known", "unit": "", "top": 2, "share": None},
        {"lane": "new", "unit": "escola b", "top": None, "share": 0.4},
    ]
    refused = school.ask("PUT", "/budgets", {"budgets": [{"lane": "known", "top": 9}]}, "a")
    assert refused.status_code == 404
    own = {"budgets": [{"lane": "known", "unit": "Escola A", "top": 1}]}
    seen = school.ask("PUT", "/budgets", own, "a").json()["budgets"]
    assert {(one["lane"], one["unit"]) for one in seen} == {("known", ""), ("known", "escola a")}
    assert len(school.ask("GET", "/budgets").json()["budgets"]) == 3

    page = school.page("within=true")

    known = {i for i, s in zip(ids(page), page["students"], strict=True) if s["lane"] == "known"}
    assert known == {"A-1", "B-1", "B-3"}
    assert {i for i in ids(page) if i[0] == "B"} == {"B-0", "B-1", "B-2", "B-3"}
    assert [one["student_id"] for one in school.page("within=true", "a")["students"]] == ids(
        school.page("within=true&unit=Escola%20A")
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"budgets": [{"lane": "all", "top": 1}]}, "budgets.0.lane"),
        ({"budgets": [{"lane": "new", "top": 1, "share": 0.1}]}, "budgets.0"),
        ({"budgets": [{"lane": "new", "top": 1}, {"lane": "new", "top": 2}]}, "budgets"),
        ({"budgets": [{"lane": "new", "top": True}]}, "budgets.0.top"),
        ({}, "budgets"),
    ],
)
def test_a_wrong_budget_is_named(school: School, body: object, field: str) -> None:
    answer = school.ask("PUT", "/budgets", body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_students_are_found_by_their_id_and_by_what_they_have(school: School) -> None:
    assert ids(school.page("search=%20b-7")) == ["B-7"]
    found = ids(school.page("search=b-&feature=fase:3&feature=pedra:QUARTZO&limit=2"))
    assert found == ["B-1", "B-3"]
    assert ids(school.page("feature=inde:3,2")) == ["B-7"]
    assert ids(school.page("status=expected&search=nobody")) == []
    for wrong in ("feature=fase", "feature=shoe:41", "feature=fase:many"):
        assert school.ask("GET", f"/students/at-risk?{wrong}").status_code == 422


def test_what_was_done_and_who_looks_after_whom_stand_beside_the_student(school: School) -> None:
    run = school.registry.run
    for number, kind in enumerate((ActionKind.SEEN, ActionKind.ACTED)):
        at = NOW.replace(hour=number)
        run(ActionRepository().add(Action(f"x{number}", "A-1", "2024", kind, at, "Ana")))
    run(ActionRepository().add(Action("old", "A-3", "2023", ActionKind.ACTED, NOW, "Ana")))
    run(AssignmentRepository().put(Assignment("A-3", "Rui", "Ana", NOW)))

    rows = {s["student_id"]: s for s in school.page()["students"]}

    assert (rows["A-1"]["done"], rows["A-1"]["assigned"]) == ("acted", None)
    assert (rows["A-3"]["done"], rows["A-3"]["assigned"]) == (None, "Rui")
    assert ids(school.page("done=true")) == ["A-1"]
    assert len(ids(school.page("done=false"))) == len(rows) - 1


def test_a_spreadsheet_in_portuguese_has_semicolons_commas_and_no_formula(school: School) -> None:
    answer = school.ask("GET", "/students/at-risk/file")

    assert answer.headers["content-disposition"].startswith('attachment; filename="farol-2024-')
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == school.page()["total"]
    assert "'=1+1" in [row["Aluno"] for row in rows]
    first = school.page()["students"][0]
    shown = f"{first['risk_score'] * 100:.1f}".replace(".", ",").removesuffix(",0")
    assert rows[0]["Risco (%)"] == shown
    assert {row["Lista"] for row in rows} == {"já em risco", "casos novos"}
    assert {row["escola"] for row in rows} == {"Escola A", "Escola B", ""}

    english = school.ask("GET", "/students/at-risk/file?lang=en&unit=Escola%20A&lane=new", key="a")
    table = list(csv.DictReader(io.StringIO(english.content.decode("utf-8-sig"))))
    assert [row["Student"] for row in table] == [f"A-{n}" for n in (0, 2, 4, 6, 8)]
    settled(school.server.home)
    audit = next(e for e in school.registry.run(entries()) if e.action == "download")
    assert (audit.action, audit.subject, "A-" in audit.detail) == ("download", "list", False)


def test_indicators_and_categories_in_a_file_have_the_words_of_the_task(school: School) -> None:
    for language, name in (
        ("pt", "Índice de Desenvolvimento Educacional"),
        ("en", "Education ind"),
    ):
        text = school.ask("GET", f"/students/at-risk/file?format=html&lang={language}").text

        assert name in text and "inde:" not in text


def test_a_key_for_a_school_reads_its_own_middle_and_not_everybodys(school: School) -> None:
    def middles(key: str) -> dict[str, Any]:
        told = school.ask("GET", "/schema", key=key).json()
        return {one["name"]: one["middle"] for one in (*told["features"], *told["derived"])}

    own, every = middles("a"), middles("all")
    assessed = school.ask("GET", "/students/A-3/assessment", key="a").json()

    assert own["inde"] == 2.45 and every["inde"] not in (None, 2.45)
    assert own["pedra"] is None
    assert assessed["middle"] == {n: value for n, value in own.items() if value is not None}


def test_a_workbook_holds_texts_as_texts_and_numbers_as_numbers(school: School) -> None:
    answer = school.ask("GET", "/students/at-risk/file?format=xlsx&lang=pt")

    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    header, *rows = list(sheet.iter_rows())
    named = {cell.value: place for place, cell in enumerate(header)}
    assert len(rows) == school.page()["total"]
    odd = next(row for row in rows if row[named["Aluno"]].value == "=1+1")
    assert odd[named["Aluno"]].data_type == "s"
    assert odd[named["Risco (%)"]].data_type == "n"
    assert sheet.freeze_panes == "A2"


def test_a_program_gets_parquet_by_name_or_by_what_it_accepts(school: School) -> None:
    path, kind = "/students/at-risk/file", "application/vnd.apache.parquet"
    named = school.ask("GET", f"{path}?format=parquet")
    headers = {"X-API-Key": school.keys["all"], "accept": f"{kind}, text/csv;q=0.5"}
    accepted = local.get(school.server.url + path, headers=headers, timeout=10)

    assert (named.headers["content-type"], accepted.headers["content-type"]) == (kind, kind)
    table, students = parquet.read_table(io.BytesIO(accepted.content)), school.page()["students"]
    assert {"rank", "escola", "risk_score"} < {*table.column_names}
    assert table["student_id"].to_pylist() == [one["student_id"] for one in students]
    assert table["rank"].to_pylist() == [one["rank"] for one in students]
    risks = [round(one["risk_score"] * 100, 1) for one in students]
    assert table["risk_score"].to_pylist() == risks
    assert school.ask("GET", path).headers["content-type"].startswith("text/csv")


def test_a_page_to_print_is_whole_and_loads_nothing(school: School) -> None:
    answer = school.ask("GET", "/students/at-risk/file?format=html&lang=pt")

    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    text = answer.text
    assert text.count("<thead>") == 2 and "@page{size:A4 landscape" in text
    assert all(f">{student}<" in text for student in ids(school.page()))
    assert "<script" not in text and "http" not in text
    nobody = school.ask("GET", "/students/at-risk/file?format=html&lang=en&search=nobody").text
    assert "No student with these filters" in nobody and "<table" not in nobody


def test_what_is_published_is_kept_and_the_next_list_tells_what_changed(school: School) -> None:
    school.budgets({"lane": "known", "top": 2}, {"lane": "new", "top": 2})
    assert school.ask("POST", "/lists", {}, "a").status_code == 403
    published = school.ask("POST", "/lists", {"period": "2024"}).json()
    later = students()[19]
    worse = {**later.features, "inde": 9.9, "ida": 9.0}
    school.registry.run(StudentRepository().observe([Observation(
        later.student_id, "2024", worse, NOW.replace(month=3), units=later.units, unit=later.unit,
    )]))  # fmt: skip

    page = school.page("search=B-")

    rows = {s["student_id"]: s for s in page["students"]}
    moved = rows["B-9"]
    assert page["published"]["list_id"] == published["list_id"]
    assert (moved["rank_before"], moved["rank"]) != (None, moved["rank_before"])
    assert moved["score_before"] != pytest.approx(moved["risk_score"])
    assert published["students"] == 21
    mine = school.ask("GET", f"/lists/{published['list_id']}?limit=1000", key="a").json()
    assert {row["student_id"][0] for row in mine["rows"]} == {"A"}
    assert (mine["students"], {one["unit"] for one in mine["lanes"]}) == (10, {"escola a"})
    assert sum(row["listed"] for row in mine["rows"]) == 4


def test_a_draw_stands_and_can_be_drawn_again_from_what_was_recorded(school: School) -> None:
    school.budgets({"lane": "known", "top": 2}, {"lane": "new", "top": 2})
    asked = {"lottery": {"band": 0.5}}
    mine = school.ask("POST", "/lists", {"lottery": {"band": 0.5, "seed": 42}})
    assert (mine.status_code, mine.json()["errors"][0]["field"]) == (422, "lottery")
    drawn = school.ask("POST", "/lists", asked).json()

    rows = school.registry.run(ListedRowRepository().of_list(drawn["list_id"]))
    assert drawn["places"] == {
        f"{lane}:escola {name}": 1 for lane in ("known", "new") for name in "ab"
    }
    for stratum, places in drawn["places"].items():
        taking = [row.student_id for row in rows if row.stratum == stratum]
        won = {row.student_id for row in rows if row.stratum == stratum and row.won}
        assert won == winners(drawn["list_id"], drawn["seed"], stratum, taking, places)
        assert {row.rank for row in rows if row.stratum == stratum} == {2, 3}
    listed = {row.student_id for row in rows if row.listed}
    assert set(ids(school.page("within=true"))) - {"=1+1"} == listed - {"=1+1"}

    assert school.ask("POST", "/lists", asked).status_code == 409
    assert school.ask("POST", "/lists", {"replaces": "another"}).status_code == 409
    other = school.ask("POST", "/lists", {"replaces": drawn["list_id"]}).json()
    kept = school.registry.run(PublishedListRepository().get(drawn["list_id"]))
    assert (other["band"], other["replaces"], kept.seed) == (0.0, drawn["list_id"], drawn["seed"])
    assert len(school.ask("GET", "/lists").json()["lists"]) >= 2
