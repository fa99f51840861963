"""Every alert: it fires when it must and is quiet when it must be, and its runbook is written."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.app import ROUTERS
from tests.architecture.test_papers import command
from tests.deployment.test_watching import faults

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deployment" / "prometheus"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
RULES: Mapping[str, Mapping[str, Any]] = {
    rule["alert"]: rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
}
TESTS = sorted(PROMETHEUS.glob("*.test.yml"))
CASES: Sequence[Mapping[str, Any]] = [
    case for path in TESTS for case in yaml.safe_load(path.read_text("utf-8"))["tests"]
]
PARTS = ("**What it means.**", "**Look at.**", "**Do.**", "**Over when.**")


def checked(*arguments: str) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed; on Debian: apt-get install prometheus")
    done = subprocess.run(
        ["promtool", *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_promtool_finds_each_alert_firing_and_quiet_as_its_tests_say(path: Path) -> None:
    checked("test", "rules", path.name)


def test_promtool_reads_the_settings_and_the_rules() -> None:
    checked("check", "config", "prometheus.yml")


@pytest.mark.parametrize("alert", RULES)
def test_an_alert_is_tried_firing_and_quiet(alert: str) -> None:
    tried = [one for c in CASES for one in c["alert_rule_test"] if one["alertname"] == alert]

    assert {bool(one["exp_alerts"]) for one in tried} == {True, False}


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_a_case_is_made_of_what_is_emitted(case: Mapping[str, Any]) -> None:
    series = [one["series"] for one in case["input_series"]]

    assert [fault for one in series if not one.startswith("up{") for fault in faults(one)] == []


def section(alert: str) -> str:
    found = re.search(rf"^### {alert}\n(.*?)(?=^##|\Z)", RUNBOOK, re.MULTILINE | re.DOTALL)
    assert found, f"docs/runbook.md has no section {alert}"
    return found[1]


@pytest.mark.parametrize("alert", RULES)
def test_an_alert_leads_to_its_section_of_the_runbook(alert: str) -> None:
    told = section(alert)

    assert RULES[alert]["annotations"]["runbook"] == f"docs/runbook.md#{alert.lower()}"
    assert [part for part in PARTS if part not in told] == []


def test_the_runbook_has_no_section_of_an_alert_that_there_is_not() -> None:
    assert set(re.findall(r"^### (\w+)$", RUNBOOK, re.MULTILINE)) == RULES.keys()


def test_every_command_and_route_of_the_runbook_is_there() -> None:
    commands = set(re.findall(r"python -m ([\w.]+)", RUNBOOK))
    named = {
        (method, re.sub(r"{\w+}", "{}", path))
        for method, path in re.findall(r"`(GET|POST|PUT|DELETE) (/[^`? ]*)", RUNBOOK)
    }
    served = {
        (method, re.sub(r"{\w+(:path)?}", "{}", route.path))
        for router in ROUTERS
        for route in router.routes
        for method in getattr(route, "methods", ())
    } | {("POST", "/predict")}

    assert len(commands) > 8 and len(named) > 8
    assert [one for one in sorted(commands) if not command(one)] == []
    assert named - served == set()
