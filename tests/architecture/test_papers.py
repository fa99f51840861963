"""The papers: each promise of those that somebody signs names its test, and all links lead on."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
THREATS = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
PRIVACY, SERVING = (
    (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("privacy.md", "serving.md")
)
PAPERS = sorted(path.relative_to(ROOT).as_posix()
                for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))  # fmt: skip
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
ENEMIES = (
    "Another account on the same host",
    "A web page that is open in the operator's browser",
    "A leaked key of one school",
    "Somebody who can write to the registry",
    "A hostile school file",
)


def rows() -> list[str]:
    """The rows of the tables, without their heads."""
    lines = [line for line in THREATS.splitlines() if line.startswith("| ")]
    return [line for line in lines if not line.startswith("| tries to ")]


@cache
def functions_of(path: Path) -> frozenset[str]:
    """The functions that a file declares."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, kinds))


def test_each_of_the_five_enemies_has_its_section_and_its_table() -> None:
    sections = re.split(r"^## \d\. ", THREATS, flags=re.MULTILINE)[1:]

    assert tuple(section.splitlines()[0] for section in sections) == ENEMIES
    assert all("\n| tries to |" in section and "\nCan still: " in section for section in sections)


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row)[2:50])
def test_what_an_enemy_tries_names_a_test_that_there_is(row: str) -> None:
    named = NAMED.findall(row)

    assert named, "a row without a test promises what nobody looks at"
    missing = [f"{path}::{name}" for path, name in named
               if not (ROOT / path).is_file() or name not in functions_of(ROOT / path)]  # fmt: skip
    assert missing == []


def test_every_route_and_command_that_serves_the_law_is_there() -> None:
    served = {
        (method, re.sub(r"{\w+}", "{}", path))
        for method, path in re.findall(r"^\| `([A-Z]+) (/\S+)` \|", SERVING, re.MULTILINE)
    }
    named = {
        (method, re.sub(r"{\w+}", "{}", path))
        for method, path in re.findall(r"`(GET|POST|PUT|DELETE) (/[^`? ]+)`", PRIVACY)
    }
    commands = set(re.findall(r"python -m ([\w.]+)", PRIVACY))

    assert len(named) > 6 and len(commands) > 1
    assert named - served == set()
    assert {one for one in commands if not command(one)} == set()


def command(name: str) -> bool:
    """Whether there is such a command."""
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


@pytest.mark.parametrize("paper", PAPERS)
def test_every_link_of_a_paper_leads_somewhere_and_the_tests_that_it_names_are_there(
    paper: str,
) -> None:
    page = ROOT / paper
    text = page.read_text("utf-8")
    links = [link for link in LINK.findall(text) if not link.startswith("https://")]
    tests = re.findall(r"`(tests/[\w/.]+)`", text)

    assert [link for link in links if not leads(page, link)] == []
    assert [name for name in tests if not (ROOT / name).exists()] == []


def leads(page: Path, link: str) -> bool:
    """Whether a link's file is there, and the heading that it names."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    return not anchor or anchor in anchors(target.read_text(encoding="utf-8"))


def anchors(text: str) -> set[str]:
    """The anchors of headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
