"""Every page as a browser shows it: both languages, light and dark, a desk's screen and a phone's.

One file, so that one process opens one school for all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.dashboard import VIEWS
from tests.browser import looks, stories
from tests.browser.chromium import NARROW, Browser, browser, program
from tests.browser.english import english
from tests.browser.school import School, opened, worker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(program() is None, reason="chromium is not installed (apt: chromium)"),
]

PAGES = tuple(name for name, _, _ in VIEWS)


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Iterator[School]:
    with opened(tmp_path_factory.mktemp("seen"), real_data) as served:
        yield served


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as one:
        yield one


@pytest.mark.parametrize("language", ["pt", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_legible_and_in_the_readers_language_on_every_screen(
    school: School, chromium: Browser, name: str, language: str
) -> None:
    chromium.resize()
    chromium.prefer("light")
    chromium.open(school.page(name, language))

    assert looks.exceptions(chromium) == []
    assert not looks.is_dark(chromium)
    assert looks.pale(chromium) == []
    assert looks.unnamed(chromium) == []
    assert looks.language(chromium) == {"pt": "pt-BR", "en": "en"}[language]

    chromium.prefer("dark")
    chromium.until(lambda: looks.is_dark(chromium), "the page is dark")
    assert looks.pale(chromium) == []

    chromium.resize(NARROW)
    chromium.wait_until_drawn(name)
    assert looks.cut_off(chromium) == []
    if language == "pt":
        assert english(looks.lines(chromium)) == []


def test_every_page_is_reached_with_the_keyboard_alone(school: School, chromium: Browser) -> None:
    chromium.resize()
    chromium.open(school.page(PAGES[0]))
    reached = []
    for _ in range(2 * len(PAGES) + 20):
        chromium.press("Tab")
        reached.append(chromium.evaluate("document.activeElement.getAttribute('href') || ''"))

    assert {href.rpartition("/")[2].partition("?")[0] for href in reached} >= {*PAGES[1:]}
    ring = "getComputedStyle(document.activeElement).outlineStyle"
    assert chromium.evaluate(ring) != "none"


def needs(*pages: str) -> pytest.MarkDecorator:
    """A story is told where its pages are."""
    missing = sorted({*pages} - {*PAGES})
    return pytest.mark.skipif(bool(missing), reason=f"no page {', '.join(missing)}")


@needs("students", "student", "todo")
def test_a_counsellor_goes_from_the_list_to_a_student_and_the_to_do_list_shrinks(
    school: School, chromium: Browser
) -> None:
    chromium.resize()
    chromium.prefer("light")

    student = stories.counsellor(chromium, school)

    assert [one["kind"] for one in stories.told_of(school, student)] == ["acted"]
    assert [one["kind"] for one in stories.given_to(school, student)] == [stories.HELP]
    counted = school.api.get("/help/summary").json()["actions"]
    assert counted["whole"]["acted"] is None


@needs("runs", "versions")
@pytest.mark.timeout(600)
def test_an_engineer_trains_compares_approves_and_rolls_back(
    school: School, chromium: Browser
) -> None:
    chromium.resize()
    chromium.prefer("light")

    with worker(school):
        version = stories.engineer(chromium, school)

    told = [(one["action"], one["challenger"]) for one in stories.decisions(school)[:2]]
    assert told == [("rollback", "v1"), ("approve", version)]
