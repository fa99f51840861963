"""What people do on the pages from one end to the other, as they do it: with the mouse and keys."""

from __future__ import annotations

import re
from typing import Any

from dashboard.texts import Language, load_texts
from database.aliases import CHAMPION, AliasRepository
from tests.browser.chromium import Browser
from tests.browser.school import School

SAY = load_texts(Language.PT)
WORKED_SECONDS = 240.0
"""Within which a worker has made a run, or a comparison."""

HELP = "tutoring"
"""The first kind of help that the task names."""

FIRST_STUDENT = """() => {
  const link = document.querySelector('[data-testid=stMain] a[href*="student="]');
  return link && new URL(link.href).searchParams.get('student');
}"""


def counsellor(page: Browser, school: School) -> str:
    """Finds the first student of the list, says what was done and which help begins; gives the id.

    The to-do list is shorter by one afterwards.
    """
    page.open(school.page("todo"))
    before = unseen(page)
    page.open(school.page("students"))
    student = str(page.until(lambda: page.call(FIRST_STUDENT), "a student is listed"))
    page.click(student)
    page.see(SAY("student.title", student=student))
    page.write(SAY("act.note"), "Falamos com a família.")
    page.click(SAY("act.save"))
    page.see(SAY("act.kept"))
    page.click(SAY("act.help_title"))
    page.click(SAY("act.help_save"))
    page.until(lambda: given_to(school, student), "the help is kept")
    page.open(school.page("todo"))
    page.until(lambda: unseen(page) == before - 1, "the to-do list is shorter by one")
    return student


def unseen(page: Browser) -> int:
    """How many have a place and were seen by nobody, as the page says."""
    heading = re.escape(SAY.sentences["todo.unseen"]).replace(r"\{n\}", r"([\d.]+)")
    page.until(lambda: re.search(heading, page.text()), "the page says who is to be seen")
    found = re.search(heading, page.text())
    assert found is not None
    return int(found[1].replace(".", ""))


def told_of(school: School, student: str) -> list[dict[str, Any]]:
    """What the registry has of the student's actions, as the API gives them."""
    found: list[dict[str, Any]] = school.api.get(f"/actions?student_id={student}").json()["actions"]
    return found


def given_to(school: School, student: str) -> list[dict[str, Any]]:
    """What the registry has of the help that the student gets, as the API gives it."""
    path = f"/interventions?student_id={student}"
    found: list[dict[str, Any]] = school.api.get(path).json()["interventions"]
    return found


def engineer(page: Browser, school: School) -> str:
    """Asks for a run, compares what it made with v1, approves it, and rolls back; gives which.

    The worker must be up; it makes the run and the comparison.
    """
    page.open(school.page("runs"))
    page.write(SAY("history.reason"), "Chegaram notas novas.")
    page.click(SAY("history.train"))
    page.until(lambda: runs(school)[0]["status"] == "staged", "a version waits", WORKED_SECONDS)
    second = str(runs(school)[0]["challenger"])
    page.open(school.page("versions"))
    page.click(SAY("versions.tab_two"))
    page.click(SAY("compare.ask"))
    page.see(SAY("compare.asked"))
    page.until(lambda: compared(school), "the worker has compared", WORKED_SECONDS)
    page.open(school.page("overview"))
    page.see(SAY("waiting.title"))
    page.write(SAY("history.reason"), "Conferido com a coordenação.")
    page.click(SAY("waiting.approve"))
    page.until(lambda: champion(school) == second, f"{second} is the champion")
    page.open(school.page("runs"))
    page.write(SAY("runs.back_reason"), "A anterior era melhor.")
    page.click(SAY("history.rollback"))
    page.until(lambda: champion(school) == "v1", "v1 serves again")
    return second


def runs(school: School) -> list[dict[str, Any]]:
    """The runs, newest first, as the API lists them."""
    found: list[dict[str, Any]] = school.api.get("/runs").json()["runs"]
    return found


def compared(school: School) -> list[dict[str, Any]]:
    """The comparisons that the worker has come to an end with."""
    found: list[dict[str, Any]] = school.api.get("/comparisons").json()["comparisons"]
    return [one for one in found if one["status"] != "waiting"]


def champion(school: School) -> str:
    """Who serves, as the registry says."""
    alias = school.registry.run(AliasRepository().find(CHAMPION))
    return "" if alias is None else alias.version


def decisions(school: School) -> list[dict[str, Any]]:
    """The ledger, newest first, as the API lists it."""
    found: list[dict[str, Any]] = school.api.get("/promotions").json()["promotions"]
    return found
