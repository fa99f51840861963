"""How fast the pages of a city are: `python -m tests.studies.city_pages [--students 100000]`.

Everybody is scored twice. A browser opens the dashboard as the first after its start, then goes
from page to page as a reader does, by the links of the menu; at last another browser opens it.
A page is drawn when it has been at rest for three looks, which takes 0.2 s by itself.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import psutil

from dashboard.dashboard import VIEWS
from tests.browser.chromium import Browser, browser
from tests.browser.school import dashboard
from tests.studies.city_year import served_city

ROUNDS, MEBIBYTE = 2, 2**20

SHOWN = "document.querySelector('[data-testid=stHeading]') !== null"
LINKS = "document.querySelectorAll('[data-testid=stSidebarNavLink]')"
GO = f"place => {LINKS}[place].click()"
IS_AT = f"place => {LINKS}[place].pathname === location.pathname"


def main() -> int:
    """Prints one line per page."""
    parser = argparse.ArgumentParser(prog="city_pages", description=__doc__)
    parser.add_argument("--schools", type=int, default=200)
    parser.add_argument("--students", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where a city is kept, and found again")
    parser.add_argument("--stay", action="store_true", help="serve until interrupted afterwards")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        served_city(given.folder or Path(name), given.schools, given.students) as city,
    ):
        if not city.scores.exists():
            for _ in range(2):
                city.score()
        env = {**city.env, "FAROL_AUTH": "off", "PORT": city.api.url.rpartition(":")[2]}
        with dashboard(city.home, env) as url, browser() as page:
            page.resize()
            _open(page, url, "the first after the dashboard's start")
            _visit(page)
            with browser() as another:
                _open(another, url, "another reader")
            print(f"dashboard: {_memory('dashboard') / MEBIBYTE:.0f} MB", flush=True)
            print(f"API: {_memory('uvicorn') / MEBIBYTE:.0f} MB in all workers", flush=True)
            if given.stay:
                print(url, city.api.url, city.home, flush=True)
                time.sleep(86_400)
    return 0


def _open(page: Browser, url: str, who: str) -> None:
    started = time.perf_counter()
    page.send("Page.navigate", url=f"{url}/?lang=en")
    page.until(lambda: page.evaluate(SHOWN), "something is shown")
    first = time.perf_counter() - started
    _drawn(page)
    whole = time.perf_counter() - started
    print(f"{who}: first content {first:.2f} s, whole {whole:.2f} s", flush=True)


def _visit(page: Browser) -> None:
    names = [name for name, _, _ in VIEWS]
    for turn in range(ROUNDS):
        for place in (*range(1, len(names)), 0):
            name = names[place]
            started = time.perf_counter()
            page.call(GO, place)
            page.until(lambda at=place: page.call(IS_AT, at), f"{name} is the page")  # type: ignore[misc]
            _drawn(page)
            seconds = time.perf_counter() - started
            print(f"visit {turn + 1} of {name}: {seconds:.2f} s, {_said(page)}", flush=True)


def _drawn(page: Browser) -> None:
    try:
        page.wait_until_drawn()
    except TimeoutError as error:
        print(error, flush=True)


def _said(page: Browser) -> str:
    """The first alert of a page, in case it shows one in place of itself."""
    alert = "document.querySelector('[data-testid=stAlert]')"
    return str(page.evaluate(f"{alert} ? {alert}.innerText.slice(0, 80) : ''"))


def _memory(program: str) -> int:
    """Unique bytes of the processes of a program that were started here, and of their children."""
    found = {
        process
        for parent in psutil.Process().children(recursive=True)
        if program in parent.cmdline()
        for process in (parent, *parent.children(recursive=True))
    }
    return sum(int(process.memory_full_info().uss) for process in found)


if __name__ == "__main__":
    sys.exit(main())
