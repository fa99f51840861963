"""The files operators use name only what exists: settings, metrics, folders, no host."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployment.settings import KEYS

ROOT = Path(__file__).parents[2]
DEPLOYMENT = ROOT / "deployment"
YAML = sorted(p for p in DEPLOYMENT.rglob("*") if p.suffix in {".yaml", ".yml"})
PODS = ("api", "worker", "dashboard")


def documents(path: Path) -> list[Any]:
    return [d for d in yaml.safe_load_all(path.read_text("utf-8")) if d is not None]


def every(node: Any, key: str) -> Iterator[Any]:
    """All values under that key, at any depth."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            if name == key:
                yield value
            yield from every(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from every(value, key)


def pod(name: str) -> Mapping[str, Any]:
    first: Mapping[str, Any] = documents(DEPLOYMENT / "kubernetes" / f"{name}.yaml")[0]
    spec: Mapping[str, Any] = first["spec"]["template"]["spec"]
    return spec


# In a process of its own: preparing the metrics changes the process for good.
PAGE = """
import sys
from pathlib import Path
from api.metrics import HostMetrics, Metrics, prepare
folder = Path(sys.argv[1])
prepare(folder, 0, first=True)
host = HostMetrics(folder)
metrics = Metrics(host, "pede_lag", 0)
metrics.refuse(503)
host.predictions.labels("pede_lag", "v1", "high", "alert").inc()
metrics.labelled("joined", 1)
metrics.generation.set(1)
metrics.serve("v1")
sys.stdout.buffer.write(host.page())
"""


@pytest.fixture(scope="module")
def metric_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("metrics")
    page = subprocess.run(
        [sys.executable, "-c", PAGE, str(folder)], cwd=ROOT, capture_output=True, check=True
    )
    return set(re.findall(r"^(farol_\w+)", page.stdout.decode(), flags=re.MULTILINE))


@pytest.mark.parametrize("path", YAML, ids=lambda p: str(p.relative_to(DEPLOYMENT)))
def test_every_file_is_yaml(path: Path) -> None:
    assert documents(path)


def test_alerts_and_panels_ask_for_metrics_the_api_has(metric_names: set[str]) -> None:
    alerts = documents(DEPLOYMENT / "prometheus" / "alerts.yml")[0]
    board = json.loads((DEPLOYMENT / "grafana" / "farol.json").read_text("utf-8"))
    asked = " ".join([*every(alerts, "expr"), *every(board, "expr")])

    named = set(re.findall(r"\bfarol_\w+", asked))

    assert named and named <= metric_names


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    alerts = documents(DEPLOYMENT / "prometheus" / "alerts.yml")[0]["groups"][0]["rules"]

    assert all(rule["annotations"].keys() == {"summary", "action"} for rule in alerts)


def test_every_variable_that_is_set_is_one_that_is_read() -> None:
    compose = documents(DEPLOYMENT / "compose.yaml")[0]["services"]
    kubernetes = DEPLOYMENT / "kubernetes"
    given = {name for part in PODS for name in compose[part]["environment"]}
    given |= documents(kubernetes / "settings.yaml")[0]["data"].keys()
    given |= documents(kubernetes / "secret.example.yaml")[0]["stringData"].keys()
    given |= {entry["name"] for part in PODS for env in every(pod(part), "env") for entry in env}

    assert given <= {*KEYS.values()}


def test_the_image_holds_every_package_and_each_is_let_through_to_its_build() -> None:
    packages = {p.parent.name for p in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    dockerfile = (DEPLOYMENT / "Dockerfile").read_text("utf-8")
    ignored = (DEPLOYMENT / "Dockerfile.dockerignore").read_text("utf-8")

    copied = set(re.findall(r"^COPY (\w+) \1$", dockerfile, flags=re.MULTILINE))
    let_through = set(re.findall(r"^!(\w+)", ignored, flags=re.MULTILINE))

    assert copied == packages
    assert packages <= let_through


def test_no_image_names_the_host_it_comes_from() -> None:
    images = [image for path in YAML for d in documents(path) for image in every(d, "image")]
    dockerfile = (DEPLOYMENT / "Dockerfile").read_text("utf-8")
    defaults = [re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", image) for image in images]
    defaults += re.findall(r"^ARG BASE=(\S+)$", dockerfile, flags=re.MULTILINE)

    assert len(defaults) > 5
    assert [image for image in defaults if "." in image.split("/")[0] and "/" in image] == []


@pytest.mark.parametrize("name", PODS)
def test_a_pod_runs_without_privileges_on_a_file_system_it_cannot_write(name: str) -> None:
    spec = pod(name)
    (container,) = spec["containers"]

    assert spec["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_acknowledged_predictions_outlive_the_pod_that_took_them() -> None:
    api = documents(DEPLOYMENT / "kubernetes" / "api.yaml")[0]

    assert api["kind"] == "StatefulSet"
    assert [claim["metadata"]["name"] for claim in api["spec"]["volumeClaimTemplates"]] == ["home"]


def test_every_kubernetes_file_is_applied_or_an_example() -> None:
    folder = DEPLOYMENT / "kubernetes"
    applied = documents(folder / "kustomization.yaml")[0]["resources"]

    rest = {p.name for p in folder.iterdir()} - {*applied, "kustomization.yaml"}

    assert rest == {"secret.example.yaml"}
