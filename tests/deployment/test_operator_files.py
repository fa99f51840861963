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


def stage(name: str) -> str:
    """What the Dockerfile says of one of its stages."""
    text = (DEPLOYMENT / "Dockerfile").read_text("utf-8")
    return text.partition(f" AS {name}\n")[2].partition("\nFROM ")[0]


def test_the_full_image_holds_every_package_and_each_is_let_through_to_its_build() -> None:
    packages = {p.parent.name for p in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    dockerfile = stage("full")
    ignored = (DEPLOYMENT / "Dockerfile.dockerignore").read_text("utf-8")

    copied = set(re.findall(r"^COPY (\w+) \1$", dockerfile, flags=re.MULTILINE))
    let_through = set(re.findall(r"^!(\w+)", ignored, flags=re.MULTILINE))

    assert copied == packages
    assert packages <= let_through


@pytest.mark.parametrize("image", ["api", "full"])
def test_an_image_runs_without_rights_and_is_asked_whether_it_is_alive(image: str) -> None:
    assert (DEPLOYMENT / "Dockerfile").read_text("utf-8").count(f"FROM ground AS {image}\n") == 1
    assert "\nUSER 10001\n" in stage(image)
    assert "useradd --system --uid 10001 " in stage("ground")
    assert "\nHEALTHCHECK " in stage("ground") and "/health/live" in stage("ground")


def test_the_members_of_the_replica_set_are_those_that_everybody_is_told() -> None:
    services = documents(DEPLOYMENT / "compose.yaml")[0]["services"]
    members = sorted(name for name in services if name.startswith("mongo"))
    uri = services["api"]["environment"]["MONGO_URI"]

    assert services["initiate"]["environment"]["MONGO_MEMBERS"].split(",") == members
    assert all(f"{name}:27017" in uri for name in members)
    assert "replicaSet=farol" in uri
    assert "--replSet farol --keyFile" in (DEPLOYMENT / "mongo" / "member.sh").read_text("utf-8")
    assert services["initiate"]["depends_on"].keys() == {*members}
    assert all(services[name]["hostname"] == name for name in members)
    # Only the first makes the administrator; the others copy it.
    makes = [
        name for name in members if "MONGO_INITDB_ROOT_PASSWORD" in services[name]["environment"]
    ]
    assert makes == members[:1]


def test_every_container_that_stays_tells_how_it_is_or_why_not() -> None:
    services = documents(DEPLOYMENT / "compose.yaml")[0]["services"]
    silent = {name for name, one in services.items() if "healthcheck" not in one}

    # The API's is the image's; `initiate` ends.
    assert silent == {"api", "initiate"}


def test_every_volume_of_farol_s_is_on_a_folder_that_its_account_owns_in_the_image() -> None:
    services = documents(DEPLOYMENT / "compose.yaml")[0]["services"]
    image = (DEPLOYMENT / "Dockerfile").read_text("utf-8")
    own = set(re.findall(r"--home-dir (\S+) --create-home farol", image))
    own |= set(re.findall(r"install --directory --owner=farol --mode=0700 (\S+)", image))
    mounted = {
        mount.split(":")[1]
        for service in services.values()
        if "farol" in service["image"]
        for mount in service["volumes"]
    }

    assert mounted == own


def test_nothing_of_the_containers_listens_beyond_the_host() -> None:
    services = documents(DEPLOYMENT / "compose.yaml")[0]["services"]
    ports = [port for one in services.values() for port in one.get("ports", ())]

    assert len(ports) == 4
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert not any("ports" in one for name, one in services.items() if name.startswith("mongo"))


def test_the_api_scales_with_its_load_and_an_apply_does_not_undo_it() -> None:
    api, *others = documents(DEPLOYMENT / "kubernetes" / "api.yaml")
    (scaler,) = (one for one in others if one["kind"] == "HorizontalPodAutoscaler")
    (budget,) = (one for one in others if one["kind"] == "PodDisruptionBudget")

    assert "replicas" not in api["spec"]
    assert scaler["spec"]["scaleTargetRef"]["kind"] == api["kind"]
    assert scaler["spec"]["scaleTargetRef"]["name"] == api["metadata"]["name"]
    assert scaler["spec"]["minReplicas"] >= 2 and budget["spec"]["maxUnavailable"] == 1
    assert "cpu" in api["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]


def test_no_image_names_the_host_it_comes_from() -> None:
    images = [image for path in YAML for d in documents(path) for image in every(d, "image")]
    dockerfile = (DEPLOYMENT / "Dockerfile").read_text("utf-8")
    defaults = [re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", image) for image in images]
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
