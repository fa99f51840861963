"""The generated reference is complete, family by family; prose names options that there are."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.app import create_app
from api.metrics.declared import DECLARED
from api.openapi import document
from deployment.documentation.commands import targets
from deployment.documentation.environment import READ_BY
from deployment.documentation.reference import PAGES as REFERENCE
from deployment.settings import KEYS, SECRETS
from preprocessing.task.columns import Spec
from preprocessing.task.spec import TaskSpec, load_task
from tests.architecture.test_entry_points import MODULES
from tests.architecture.test_habits import SOURCES
from tests.documentation.console import PAGES, ROOT

NAMED = re.compile(r"`(?:\.venv/bin/)?python -m ((?!pytest\b|pip\b|venv\b)\w[\w.]*\w)([^`\n]*)`")
ROW = re.compile(r"^\| (.*) \|$", re.MULTILINE)
BARS = re.compile(r"(?<!\\) \| ")
SET_BY_US = {"COLUMNS", "PROMETHEUS_MULTIPROC_DIR", "TEST_MONGO_URI"}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Page to its text, as a build writes it."""
    folder = tmp_path_factory.mktemp("reference")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MONGO", "FAROL"))}
    home = folder / "home"
    subprocess.run(
        [sys.executable, "-m", "deployment.documentation", "--reference", str(folder / "pages")],
        cwd=ROOT, env=env | {"FAROL_HOME": str(home)}, check=True, timeout=240,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    assert not home.exists(), "a command began"
    return {path.name: path.read_text("utf-8") for path in (folder / "pages").iterdir()}


@cache
def api() -> Mapping[str, Any]:
    """The OpenAPI document."""
    return document(create_app(), load_task("pede_lag"))


def rows(page: str) -> list[list[str]]:
    """The rows of a page's tables, cell by cell."""
    return [BARS.split(row) for row in ROW.findall(page)]


def test_every_page_is_made_and_none_is_committed(reference: Mapping[str, str]) -> None:
    assert reference.keys() == {page.name for page in REFERENCE}
    assert not (ROOT / "docs" / "reference").exists()


def test_every_call_has_its_section(reference: Mapping[str, str]) -> None:
    paths = api()["paths"]
    expected = {f"{way.upper()} {path}" for path, ways in paths.items() for way in ways}

    told = re.findall(r"^### `([A-Z]+ /\S*)`$", reference["http-api.md"], re.MULTILINE)

    assert len(told) == len(set(told))
    assert set(told) == expected


def test_every_schema_has_its_section_and_every_link_to_one_leads_there(
    reference: Mapping[str, str],
) -> None:
    schemas = api()["components"]
    linked = re.findall(r"\(schemas\.md#(schema-\w+)\)", reference["http-api.md"])
    linked += re.findall(r"\]\(#(schema-\w+)\)", reference["schemas.md"])
    there = set(re.findall(r"^\((schema-\w+)\)=$", reference["schemas.md"], re.MULTILINE))

    assert there == {f"schema-{name.lower()}" for name in schemas["schemas"]}
    assert set(linked) <= there


def test_every_command_has_its_help_and_so_has_everything_that_it_can_be_asked_to_do(
    reference: Mapping[str, str],
) -> None:
    page = reference["commands.md"]
    for module in MODULES:
        assert f"\n## `python -m {module}`\n\n```text\nusage: python -m {module} " in page
    told = set(re.findall(r"^### `python -m ([\w.]+) ([\w-]+)`$", page, re.MULTILINE))
    asked = {(module, word) for module in MODULES for word in added_parsers(module)}
    assert asked <= told
    assert len(asked) > 15


def added_parsers(module: str) -> list[str]:
    path = ROOT.joinpath(*module.split("."))
    source = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__main__.py"
    return re.findall(r'add_parser\(\s*"([\w-]+)"', source.read_text("utf-8"))


def test_every_make_target_has_its_row(reference: Mapping[str, str]) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)

    told = {row[0].strip("`").removeprefix("make ") for row in rows(reference["commands.md"])}

    assert {*phony.split()} == targets(ROOT).keys()
    assert {*phony.split()} <= told


@pytest.mark.parametrize("kind", sorted(Spec.__subclasses__(), key=str), ids=lambda k: k.__name__)
def test_every_key_of_a_task_says_what_it_means(
    reference: Mapping[str, str], kind: type[Spec]
) -> None:
    if kind.__module__.startswith("tests.") or kind.__name__.startswith("_"):
        pytest.skip("no part of a task's file by itself")
    sections = re.split(r"^## ", reference["taskspec.md"], flags=re.MULTILINE)
    (section,) = [one for one in sections if one.startswith(f"{kind.__name__}\n")]
    told = {row[0].strip("`"): row[-1] for row in rows(section)}

    keys = {field.alias or name for name, field in kind.model_fields.items()}
    assert keys <= told.keys()
    # Otherwise: a line under Attributes in the docstring of the class.
    assert {key for key in keys if not told[key].strip()} == set()


def test_the_parts_of_a_task_are_reached_from_it(reference: Mapping[str, str]) -> None:
    told = set(re.findall(r"^## (\w+)$", reference["taskspec.md"], re.MULTILINE))

    assert {TaskSpec.__name__, *TaskSpec.model_json_schema()["$defs"]} == told


def test_every_variable_has_its_row_and_no_row_shows_a_secret(
    reference: Mapping[str, str],
) -> None:
    told = {row[0].strip("`"): row for row in rows(reference["environment.md"])}

    # Otherwise: a line under Attributes in the docstring of deployment.settings.Settings.
    assert {name for name in KEYS.values() if not told.get(name, [""])[-1].strip()} == set()
    assert all("secret" in told[name][2] for name in SECRETS)
    assert {*read_from_the_environment()} - SET_BY_US <= told.keys()
    assert READ_BY.keys() <= told.keys()


def read_from_the_environment() -> Iterator[str]:
    """Variables that the product reads by name."""
    for path in SOURCES:
        yield from re.findall(r'env(?:iron)?(?:\.get\(|\[)"([A-Z_]+)"', path.read_text("utf-8"))


def test_every_metric_has_its_row(reference: Mapping[str, str]) -> None:
    told = {row[0].strip("`"): row for row in rows(reference["metrics.md"])}

    assert {metric.name for metric in DECLARED} <= told.keys()
    assert all(set(metric.labels) <= set(re.findall(r"`(\w+)`", told[metric.name][2]))
               for metric in DECLARED)  # fmt: skip


def test_every_alert_has_its_section_and_its_rule(reference: Mapping[str, str]) -> None:
    groups = yaml.safe_load((ROOT / "deployment/prometheus/alerts.yml").read_text("utf-8"))
    rules = [rule for group in groups["groups"] for rule in group["rules"]]

    told = re.split(r"^## ", reference["alert-rules.md"], flags=re.MULTILINE)[1:]

    assert [section.splitlines()[0] for section in told] == [rule["alert"] for rule in rules]
    for rule, section in zip(rules, told, strict=True):
        assert str(rule["expr"]).rstrip() in section


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_prose_names_commands_options_and_targets_that_there_are(
    reference: Mapping[str, str], page: Path
) -> None:
    if page.name == "CHANGELOG.md":
        pytest.skip("tells what was")
    text = page.read_text("utf-8")
    for module, rest in NAMED.findall(text):
        path = ROOT.joinpath(*module.split("."))
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module
        for option in re.findall(r"(?<=\s)--[\w-]+", rest) if module in MODULES else ():
            told = of_module(reference["commands.md"], module)
            assert option in told, f"python -m {module} {option}"
    named = re.findall(r"`make ([a-z][a-z-]*)[^`\n]*`", text)
    assert set(named) - targets(ROOT).keys() == set()


def of_module(page: str, module: str) -> str:
    """All that a command and what it can be asked to do say."""
    begin = page.index(f"\n## `python -m {module}`\n")
    end = page.find("\n## ", begin + 1)
    return page[begin:end] if end > 0 else page[begin:]
