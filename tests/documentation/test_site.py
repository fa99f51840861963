"""The site: made without a warning, read and searched without a server or the internet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from deployment.documentation.building import build, can_build
from deployment.documentation.notebook import cells
from deployment.documentation.reference import PAGES as REFERENCE
from deployment.documentation.source import adapted, assemble, with_contents
from tests.browser.chromium import browser, program
from tests.documentation.console import PAGES, ROOT

FETCHED = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\ssrc=\"((?:https?:)?//[^\"]+)"
    r"|<link\b[^>]*rel=\"(?:stylesheet|preload|icon)\"[^>]*href=\"((?:https?:)?//[^\"]+)"
)
FOUND = """
[...document.querySelectorAll(".search a")].some(a => a.href.endsWith("docs/registry.html"))
"""
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
needs_sphinx = pytest.mark.skipif(
    not can_build(), reason="Sphinx is not installed: make setup-docs"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site."""
    folder = tmp_path_factory.mktemp("documentation")
    assemble(ROOT, folder / "source")
    first = build(folder / "source", folder / "site")
    assert first is not None, "Sphinx warns: see above"
    return first.parent


@pytest.mark.slow
@needs_sphinx
def test_every_page_is_on_the_site_and_nothing_of_it_is_fetched_from_elsewhere(site: Path) -> None:
    sources = [path.relative_to(ROOT).with_suffix(".html") for path in (*PAGES, *NOTEBOOKS)]
    generated = [Path("docs/reference", page.name).with_suffix(".html") for page in REFERENCE]

    assert [path for path in (*sources, *generated) if not (site / path).is_file()] == []
    fetched = {
        str(path.relative_to(site)): found
        for path in site.rglob("*.html")
        if (found := FETCHED.findall(path.read_text("utf-8")))
    }
    assert fetched == {}
    styles = "".join(path.read_text("utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"@import|url\(['\"]?(?:https?:)?//", styles) == []


@pytest.mark.slow
@needs_sphinx
@pytest.mark.skipif(program() is None, reason="chromium is not installed (apt: chromium)")
def test_the_search_finds_a_page_from_the_folder_alone(site: Path) -> None:
    with browser() as one:
        one.send("Page.navigate", url=f"{(site / 'search.html').as_uri()}?q=tombstone")
        one.until(lambda: one.evaluate(FOUND), "the search finds the page of the registry")


@pytest.mark.slow
@needs_sphinx
@pytest.mark.parametrize(
    "wrong",
    ["[nowhere](none.md)", "[nothing](#no-such-heading)", "![no picture](none.png)"],
)
def test_a_link_that_leads_nowhere_fails_the_build(wrong: str, tmp_path: Path) -> None:
    page = tmp_path / "source" / "docs" / "index.md"
    page.parent.mkdir(parents=True)
    page.write_text("# A page\n\nWith a text.\n", encoding="utf-8")
    assert build(tmp_path / "source", tmp_path / "site") is not None

    page.write_text(f"# A page\n\n{wrong}\n", encoding="utf-8")

    assert build(tmp_path / "source", tmp_path / "site") is None


def test_the_index_becomes_the_navigation_with_the_generated_pages_under_reference() -> None:
    index = "# All\n\n## Tutorial\n- [one](one.ipynb)\n\n## Reference\n- [two](../two.md#x)\n"

    contents: Mapping[str, list[str]] = {
        caption: entries.split()
        for caption, entries in re.findall(
            r":caption: (\w+)\n\n(.*?)```",
            with_contents(adapted(index), ["reference/api.md"]),
            re.DOTALL,
        )
    }

    assert contents == {"Tutorial": ["one.md"], "Reference": ["../two.md", "reference/api.md"]}


def test_a_diagram_that_only_a_script_could_draw_is_shown_as_text() -> None:
    assert adapted("```mermaid\nflowchart LR\n```\n") == "```text\nflowchart LR\n```\n"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_what_it_showed(path: Path) -> None:
    found = cells(path)

    assert [cell.text for cell in found if cell.outputs] == []
    assert {cell.kind for cell in found} == {"markdown", "code"}
    assert all(cell.text.strip() for cell in found)
