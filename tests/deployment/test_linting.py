"""Files that nothing here can run are read by what knows their kind, where that is installed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deployment import linting
from tests.deployment.linting import LINTERS, OVERLAYS, Linter, kustomized, program

HAS_KUBECTL = pytest.mark.skipif(program("kubectl") is None, reason="kubectl is not installed")


@pytest.mark.parametrize("linter", LINTERS, ids=lambda one: str(one.name))
def test_a_linter_finds_nothing(linter: Linter) -> None:
    if (missing := linter.missing()) is not None:
        pytest.skip(f"not installed: {missing}")

    assert linter.faults() == []


@HAS_KUBECTL
@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: str(path.name))
def test_every_pod_of_an_installation_runs_hardened_in_its_own_namespace(overlay: Path) -> None:
    objects = kustomized(overlay)
    namespace = "farol" if overlay.name == "kubernetes" else f"farol-{overlay.name}"
    pods = [template(one) for one in objects if template(one)]

    assert {one["metadata"].get("namespace", namespace) for one in objects} == {namespace}
    assert [one["metadata"]["name"] for one in objects if one["kind"] == "Namespace"] == [namespace]
    assert len(pods) == 4
    for pod in pods:
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert not container["securityContext"]["allowPrivilegeEscalation"]
        assert container["resources"]["limits"]["memory"]


@HAS_KUBECTL
def test_an_environment_runs_the_images_of_its_tag_and_its_own_database() -> None:
    for overlay in OVERLAYS[1:]:
        objects = kustomized(overlay)
        images = {template(one)["containers"][0]["image"] for one in objects if template(one)}
        policies = {
            template(one)["containers"][0]["imagePullPolicy"] for one in objects if template(one)
        }
        (settings,) = (one["data"] for one in objects if one["kind"] == "ConfigMap")

        assert images == {f"farol:{overlay.name}", f"farol-api:{overlay.name}"}
        assert policies == {"Always"}
        assert settings["MONGO_DB"] == f"farol_{overlay.name}"
        assert settings["FAROL_AUTH"] == "keys"


def template(one: Mapping[str, Any]) -> Any:
    """The pod of an object that makes pods."""
    spec = one.get("spec", {})
    return spec.get("jobTemplate", {"spec": spec})["spec"].get("template", {}).get("spec")


def test_the_two_installations_of_a_host_share_no_port_tag_or_database() -> None:
    files = [(path / "compose.env").read_text("utf-8").splitlines() for path in OVERLAYS[1:]]
    given = [dict(line.split("=") for line in lines if line[:1].isupper()) for lines in files]

    assert len(given) == 2 and given[0].keys() == given[1].keys()
    assert [name for name in given[0] if given[0][name] == given[1][name]] == []


def test_a_fault_would_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = tmp_path / "farol-open.service"
    unit.write_text("[Service]\nExecStart=/bin/true\nRestart=sometimes\n")
    monkeypatch.setattr(linting, "UNITS", [unit])
    if program("systemd-analyze") is None:
        pytest.skip("not installed: Debian's systemd")

    found = "\n".join(linting.systemd_units())

    assert "sometimes" in found
    assert "exposure" in found.lower() or "UNSAFE" in found


def test_every_workflow_asks_for_rights_by_name_and_runs_what_the_makefile_has() -> None:
    makefile = (linting.ROOT / "Makefile").read_text("utf-8")
    for path in linting.WORKFLOWS:
        workflow = yaml.safe_load(path.read_text("utf-8"))
        steps = [
            step.get("run", "")
            for job in workflow["jobs"].values()
            for step in job.get("steps", ())
        ]
        targets = {line.split()[1] for run in steps for line in run.splitlines()
                   if line.startswith("make ")}  # fmt: skip

        assert workflow["permissions"] == {"contents": "read"}
        assert [one for one in targets if f"\n{one}:" not in makefile] == []


def test_production_gets_only_what_staging_has() -> None:
    workflow = (linting.ROOT / ".github/workflows/promote.yml").read_text("utf-8")

    assert "docker build " not in workflow
    assert 'test "$wanted" = "$(digest "$IMAGES/$name:staging")"' in workflow
