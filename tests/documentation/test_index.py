"""Every page can be found: the index names it, and the README stays short."""

from __future__ import annotations

import re

from deployment.documentation.source import sections
from tests.documentation.console import PAGES, ROOT

INDEX = ROOT / "docs" / "index.md"
KINDS = ["Tutorial", "How-to guides", "Reference", "Explanation", "Runbook", "Decisions"]
LONGEST_README = 90
PICTURES = 4
"""What it is, and three of the screen."""


def test_the_index_has_a_section_for_each_kind_of_page() -> None:
    assert list(sections(INDEX.read_text("utf-8"))) == KINDS


def test_the_index_names_every_page_once_and_no_other() -> None:
    linked = [path for paths in sections(INDEX.read_text("utf-8")).values() for path in paths]
    named = [(INDEX.parent / path).resolve() for path in linked]
    notebooks = (ROOT / "docs" / "notebooks").glob("*.ipynb")
    # The README is above the sections.
    pages = {*PAGES, *notebooks} - {INDEX, ROOT / "README.md"}

    assert len(named) == len(set(named))
    missing = sorted(str(page.relative_to(ROOT)) for page in pages - {*named})
    assert missing == [], "give each a line in docs/index.md"
    assert {*named} - pages == set()


def test_the_readme_takes_a_page_and_a_half() -> None:
    text = (ROOT / "README.md").read_text("utf-8")

    assert len(text.splitlines()) <= LONGEST_README
    assert len(re.findall(r"!\[", text)) == PICTURES
    assert text.count("```console") == 1
    assert "docs/tutorial.md" in text and "docs/index.md" in text
