"""The files operators use name only what exists: settings, metrics, folders, no host."""

from __future__ import annotations

import re
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


@pytest.mark.parametrize("path", YAML, ids=lambda p: str(p.relative_to(DEPLOYMENT)))
def test_every_file_is_yaml(path: Path) -> None:
    assert documents(path)


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    alerts = documents(DEPLOYMENT / "prometheus" / "alerts.yml")[0]["groups"][0]["rules"]

    assert all(rule["annotations"].keys() == {"summary", "action", "runbook"} for rule in alerts)


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
