"""What an extra alone makes run is run by `make test-extras`, and none is forgotten there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.extras import EXTRAS

ROOT = Path(__file__).parents[2]
OF_AN_EXTRA = re.compile(r"the extra|an extra|make setup-|importorskip\(")
WITHOUT_AN_EXTRA = {
    "tests/architecture/test_extras.py",
    "tests/deployment/test_api_image.py",
    "tests/preprocessing/test_influence.py",
}
"""Tests that skip for other reasons, or only name the words."""

NO_TESTS_OF_ITS_OWN = {"dev", "motor", "cloud", "oidc", "coverage", "containers", "supply"}
"""Of these every test runs without, by a stand-in for what they reach, or they are tools."""


def test_every_test_that_needs_an_extra_is_run_with_it() -> None:
    covered = [ROOT / test for extra in EXTRAS.values() for test in extra.tests]
    needing = {
        path
        for path in (ROOT / "tests").rglob("test_*.py")
        if OF_AN_EXTRA.search(path.read_text(encoding="utf-8"))
        and path.relative_to(ROOT).as_posix() not in WITHOUT_AN_EXTRA
    }

    forgotten = {one for one in needing if not {one, *one.parents} & {*covered}}
    assert forgotten == set(), "add them to EXTRAS in tests/extras.py"
    assert all(one.exists() for one in covered)


def test_every_extra_has_its_tests_or_none() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    declared = set(project["project"]["optional-dependencies"])
    assert declared == {*EXTRAS} | NO_TESTS_OF_ITS_OWN


@pytest.mark.parametrize("name", EXTRAS)
def test_make_sets_each_of_them_up(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    (target,) = re.findall(r"^test-extras:(.*?)##", makefile, re.MULTILINE)
    assert f"setup-{name}" in target.split()
