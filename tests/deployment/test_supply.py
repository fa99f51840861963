"""What Farol is built of: licences told, locks with hashes, an image that is made alike."""

from __future__ import annotations

import re
from email.message import Message
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployment.supply.__main__ import LOCKS, PAGE, ROOT, current_page
from deployment.supply.licences import COPYLEFT, licence_of
from deployment.supply.locks import locked
from deployment.supply.page import rows_of, written
from model.errors import ConfigurationError


class Told(Distribution):
    """A library that tells what a test says."""

    def __init__(self, *lines: tuple[str, str], text: str = "") -> None:
        self._message, self._text = Message(), text
        for name, value in (("Name", "made-up"), *lines):
            self._message[name] = value

    @property
    def metadata(self) -> Any:
        return self._message

    @property
    def files(self) -> Any:
        return [_Licence(self._text)] if self._text else None

    def read_text(self, filename: str) -> str | None:
        raise NotImplementedError

    def locate_file(self, path: Any) -> Any:
        raise NotImplementedError


class _Licence:
    name = "LICENSE.txt"

    def __init__(self, text: str) -> None:
        self._text = text

    def read_text(self, encoding: str) -> str:
        return self._text


def test_every_library_of_the_locks_has_its_licence_on_the_page_and_the_page_is_up_to_date() -> (
    None
):
    page = PAGE.read_text("utf-8")

    assert rows_of(page).keys() == locked(LOCKS).keys()
    # Otherwise: python -m deployment.supply licences
    assert page == current_page()


def test_a_library_without_a_licence_to_be_told_is_named() -> None:
    with pytest.raises(ConfigurationError, match="not installed here: new-one"):
        written({"known": "run", "new-one": "dev"}, {"known": "MIT"}, {})
    with pytest.raises(ConfigurationError, match="made-up: tells no licence"):
        licence_of(Told(("License", "see the file " * 20)))


@pytest.mark.parametrize(
    ("told", "licence"),
    [
        (Told(("License-Expression", "MIT OR Apache-2.0"), ("License", "x")), "MIT OR Apache-2.0"),
        (Told(("License", "Apache License 2.0")), "Apache-2.0"),
        (Told(("Classifier", "License :: OSI Approved :: MIT License")), "MIT"),
        (
            Told(
                ("License", "BSD"),
                text="Redistribution and use in source and binary forms ... endorse or promote",
            ),
            "BSD-3-Clause",
        ),
        (Told(("License", "BSD")), "BSD"),
        (Told(text="Apache License\n Version 2.0"), "Apache-2.0"),
    ],
)
def test_a_licence_is_told_by_the_most_exact_of_what_a_package_says(
    told: Told, licence: str
) -> None:
    assert licence_of(told) == licence


def test_what_runs_is_under_licences_that_let_a_school_run_and_hand_it_on() -> None:
    licences, needed = rows_of(PAGE.read_text("utf-8")), locked(LOCKS)
    strict = {n for n in needed if re.search(r"\b(A|L)?GPL", licences[n])}

    assert {name for name in strict if needed[name] == "run"} == set()
    assert all(f"- `{name}`" in PAGE.read_text("utf-8") for name in strict)
    assert COPYLEFT.search("MPL-2.0") and not COPYLEFT.search("SIMPLE")


@pytest.mark.parametrize("path", sorted(LOCKS.glob("*.txt")), ids=lambda path: path.stem)
def test_every_line_of_a_lock_is_pinned_with_hashes(path: Path) -> None:
    entries = re.split(r"\n(?=\S)", path.read_text("utf-8").strip())

    assert [
        one for one in entries if not re.match(r"[\w.-]+==\S+.*\\\n +--hash=sha256:", one)
    ] == []


def test_known_weaknesses_are_asked_for_in_a_workflow_and_stop_no_landing() -> None:
    landing = (ROOT / ".ci" / "run").read_text("utf-8")
    workflow = yaml.safe_load((ROOT / ".github/workflows/supply.yml").read_text("utf-8"))
    steps = [step.get("run") for step in workflow["jobs"]["supply"]["steps"]]

    assert "make lint" in landing
    assert "make audit" not in landing and "pip-audit" not in landing
    assert {"make audit", "make sbom"} <= set(steps)


def test_the_landing_scans_the_code_by_every_rule_of_bandit() -> None:
    configured = (ROOT / "pyproject.toml").read_text("utf-8")

    assert re.search(r'^    "S",', configured, re.MULTILINE)


def test_an_image_holds_no_moment_at_which_it_was_built() -> None:
    dockerfile = (ROOT / "deployment" / "Dockerfile").read_text("utf-8")
    compiled = dockerfile.count("-m compileall ")

    assert "--require-hashes" in dockerfile and "--no-compile" in dockerfile
    assert compiled == dockerfile.count("--invalidation-mode unchecked-hash") == 4
    assert "ARG SOURCE_DATE_EPOCH" in dockerfile
    assert "/var/log/apt" in dockerfile


def test_the_image_gets_the_folders_within_deployment_too() -> None:
    ignored = (ROOT / "deployment" / "Dockerfile.dockerignore").read_text("utf-8")

    assert "\n!deployment/**/*.py\n" in ignored
