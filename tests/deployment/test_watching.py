"""Rules and panels name what the code declares, and what is declared is emitted and watched."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from api.app import operations
from api.metrics.declared import DECLARED, NO_ROUTE, OF_REGISTRY, OF_WORKERS, PREDICT
from api.metrics.kinds import DeclaredMetric
from api.predict_endpoint import described

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deployment" / "prometheus" / "alerts.yml"
BOARDS = sorted((ROOT / "deployment" / "grafana" / "boards").glob("*.json"))
FROM_PROMETHEUS = {"instance", "job"}
SELECTOR = re.compile(r"\b(farol_\w+)\s*(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Asked:
    """One expression of a rule or a panel, and where it stands."""

    where: str
    expression: str


def expressions() -> list[Asked]:
    groups = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    asked = [Asked(r["alert"], str(r["expr"])) for g in groups for r in g["rules"]]
    for path in BOARDS:
        board = json.loads(path.read_text("utf-8"))
        for panel in board["panels"]:
            where = f"{path.stem}: {panel['title']}"
            asked += [Asked(where, target["expr"]) for target in panel.get("targets", ())]
        asked += [Asked(v["name"], str(v["query"])) for v in board["templating"]["list"]]
    return asked


def metric_of(name: str) -> DeclaredMetric | None:
    return next((metric for metric in DECLARED if name in metric.exposed), None)


def values_of(metric: DeclaredMetric, label: str) -> frozenset[str] | None:
    """All the values that a label may have; None where it may have any."""
    if label == "operation":
        return frozenset({*operations(), PREDICT, NO_ROUTE})
    return metric.values.get(label)


def faults(expression: str) -> Iterator[str]:
    """What an expression names that nothing declares."""
    grouped = {
        label.strip() for part in GROUPING.findall(expression) for label in part.split(",")
    } - {""}
    known = set(FROM_PROMETHEUS)
    for name, matchers in SELECTOR.findall(expression):
        metric = metric_of(name)
        if metric is None:
            yield f"no metric {name}"
            continue
        known |= metric.exposed_labels
        for label, operator, value in MATCHER.findall(matchers):
            if label not in metric.exposed_labels | FROM_PROMETHEUS:
                yield f"{name} has no label {label}"
            else:
                yield from _impossible(metric, label, operator, value)
    yield from (f"nothing has the label {label}" for label in sorted(grouped - known))


def _impossible(metric: DeclaredMetric, label: str, operator: str, value: str) -> Iterator[str]:
    possible = values_of(metric, label)
    if possible is None or value.startswith("$"):
        return
    wished = value.split("|") if "~" in operator else [re.escape(value)]
    for pattern in wished:
        if not any(re.fullmatch(pattern, one) for one in possible):
            yield f"{metric.name}: {label} is never {pattern}"


@pytest.mark.parametrize("asked", expressions(), ids=lambda a: f"{a.where}: {a.expression[:40]}")
def test_every_rule_and_panel_asks_for_what_is_declared(asked: Asked) -> None:
    if asked.where == "datasource":
        return

    assert list(faults(asked.expression)) == []


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("farol_gone > 0", "no metric farol_gone"),
        ('farol_refused_total{status="507"}', "farol_refused: status is never 507"),
        ('farol_refused_total{status=~"507|5.."}', "farol_refused: status is never 507"),
        ("sum by (school) (farol_refused_total)", "nothing has the label school"),
        ('farol_home_free_bytes{task="x"}', "farol_home_free_bytes has no label task"),
        ('farol_requests_total{operation="runs"}', "farol_requests: operation is never runs"),
        ('farol_recall{kind!="hoped"}', "farol_recall: kind is never hoped"),
    ],
)  # fmt: skip
def test_what_nothing_emits_is_found(expression: str, fault: str) -> None:
    assert list(faults(expression)) == [fault]


def test_every_metric_is_watched_by_a_rule_or_a_panel() -> None:
    text = " ".join(one.expression for one in expressions())

    assert {m.name for m in DECLARED if not any(n in text for n in m.exposed)} == set()


def test_every_fact_of_the_loop_has_a_rule_or_says_in_a_panel_what_a_rule_needs() -> None:
    groups = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    rules = " ".join(str(r["expr"]) for g in groups for r in g["rules"])

    parts = ("drift", "runs", "retraining", "worse", "labels", "approval", "requests", "started")

    assert [p for p in parts if not re.search(rf"farol_\w*{p}", rules)] == []


def test_a_registry_that_was_never_read_is_told_of_too() -> None:
    """What has no value is older than nothing: the rule needs a metric that is always there."""
    groups = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    rule = next(r for g in groups for r in g["rules"] if r["alert"] == "FarolLoopUnread")

    always, read = re.split(r"\s+or\s+", str(rule["expr"]))[1].split(" unless ")

    workers = {name for metric in OF_WORKERS for name in metric.exposed}
    assert {name for name, _ in SELECTOR.findall(always)} <= workers
    assert [name for name, _ in SELECTOR.findall(read)] == ["farol_registry_read_timestamp_seconds"]


def test_predict_is_refused_with_the_statuses_that_its_page_tells() -> None:
    told = {str(code) for code in described().responses if str(code).isdecimal()}
    refused = next(metric for metric in OF_WORKERS if metric.name == "farol_refused")

    # A body that is not declared as JSON is turned away before the endpoint, by `api.http.origin`.
    assert refused.values["status"] == {c for c in told if int(c) >= 400} - {"415"} | {"500"}


# In a process of its own: preparing the metrics changes the process for good.
PAGE = """
import sys
from pathlib import Path
from api.metrics import declared
from api.metrics.files import prepare
from api.metrics.host import HostMetrics
from api.metrics.task import Metrics
folder = Path(sys.argv[1])
prepare(folder, 0)
host = HostMetrics(folder)
metrics = Metrics(host, "pede_lag", 0)
metrics.expect(["list_runs"])
metrics.refuse(503)
host.limited.labels("calls").inc()
metrics.labelled("joined", 1)
metrics.serve("v1")
metrics.served_file({("v1", "high", "alert"): 1}, 1, 1)
metrics.flush()
host.started.labels("0").set(1)
host.home_free.set(1)
sys.stdout.buffer.write(host.page())
"""


def test_every_metric_of_a_worker_is_on_the_page(tmp_path: Path) -> None:
    page = subprocess.run(
        [sys.executable, "-c", PAGE, str(tmp_path)], cwd=ROOT, capture_output=True, check=True
    )

    found = set(re.findall(r"^(farol_\w+)", page.stdout.decode(), flags=re.MULTILINE))

    assert found == {name for metric in OF_WORKERS for name in metric.exposed}
    assert not found & {name for metric in OF_REGISTRY for name in metric.exposed}


def test_no_metric_has_a_label_that_a_scrape_sets_itself() -> None:
    assert [m.name for m in DECLARED if m.exposed_labels & FROM_PROMETHEUS] == []


def test_no_two_metrics_have_one_name() -> None:
    names = [name for metric in DECLARED for name in metric.exposed]

    assert len(names) == len(set(names))


def test_every_alert_has_a_name_of_its_own() -> None:
    groups = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    alerts = [rule["alert"] for group in groups for rule in group["rules"]]

    assert len(set(alerts)) == len(alerts)
