"""What looks at files that nothing here can run: `python -m tests.deployment.linting`.

No container engine and no cluster is at hand where the tests run, so Dockerfile, compose file,
Kubernetes objects, workflows and systemd units are compared with their schemas and read by linters.
One that is not installed is named with how to get it, and counts as no fault.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOYMENT = ROOT / "deployment"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
OVERLAYS = [DEPLOYMENT / "kubernetes", *sorted((DEPLOYMENT / "environments").iterdir())]
UNITS = sorted((DEPLOYMENT / "systemd").glob("farol*"))
KUBERNETES = "1.31"
"""The oldest release whose schema the objects are compared with."""
EXPOSED = 25
"""Tenths of systemd-analyze's exposure that a unit may have; 1 to 10 is none to all."""
EXTRA = "make setup-containers"


@dataclass(frozen=True, slots=True)
class Linter:
    """Something that looks at files.

    Attributes:
        missing: how to get it where it is not here.
        faults: what it finds.
    """

    name: str
    missing: Callable[[], str | None]
    faults: Callable[[], list[str]]


def program(name: str) -> str | None:
    """Where a program is: on the PATH, beside this Python, or where `go install` puts it."""
    places = [str(Path(sys.executable).parent), str(Path.home() / "go" / "bin")]
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *places]))


def _program(name: str, how: str) -> Callable[[], str | None]:
    return lambda: None if program(name) else how


def _module(name: str) -> Callable[[], str | None]:
    return lambda: None if importlib.util.find_spec(name) else EXTRA


def _said(command: Sequence[str | Path], **more: Any) -> list[str]:
    """What a command says where it fails."""
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, **more
    )
    said = (done.stdout + done.stderr).strip()
    return [said or f"exit code {done.returncode}"] if done.returncode else []


def by_schema(schema: str, files: Sequence[Path]) -> Callable[[], list[str]]:
    """Compares YAML files with a schema that check-jsonschema ships."""
    known = ("--builtin-schema", f"vendor.{schema}")
    return lambda: _said([sys.executable, "-m", "check_jsonschema", *known, *files])


def kustomized(overlay: Path) -> list[Any]:
    """The objects that kustomize makes of a folder.

    Raises:
        CalledProcessError: it makes none.
    """
    done = subprocess.run(
        [str(program("kubectl")), "kustomize", overlay],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return list(yaml.safe_load_all(done.stdout))


def against_kubernetes() -> list[str]:
    """Objects that the API server would refuse, unknown fields too: the files', kustomize's too."""
    files = sorted((DEPLOYMENT / "kubernetes").glob("*.yaml"))
    with tempfile.TemporaryDirectory() as folder:
        for overlay in OVERLAYS if program("kubectl") else []:
            files.append(Path(folder) / f"{overlay.name}.yaml")
            files[-1].write_text(yaml.safe_dump_all(kustomized(overlay)), "utf-8")
        checked = [path for path in files if path.name != "kustomization.yaml"]
        command = [str(program("kubernetes-validate")), "--strict", "-k", KUBERNETES]
        return _said([*command, *checked])


def systemd_units() -> list[str]:
    """What systemd says of the units, with programs that are there in the place of theirs."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for unit in UNITS:
            text = unit.read_text("utf-8")
            text = re.sub(r"/opt/farol/\.venv/bin/\w+", sys.executable, text)
            text = text.replace("WorkingDirectory=/opt/farol", "WorkingDirectory=/")
            (Path(folder) / unit.name).write_text(text, "utf-8")
        copies = sorted(Path(folder).iterdir())
        analyze = str(program("systemd-analyze"))
        done = subprocess.run(
            [analyze, "verify", "--man=no", "--generators=no", *copies],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        found += [line for line in done.stderr.splitlines() if "farol" in line]
        for copy in copies:
            if copy.suffix == ".service":
                limit = f"--threshold={EXPOSED}"
                found += _said([analyze, "security", "--offline=true", "--no-pager", limit, copy])
    return found


def scripts() -> list[str]:
    """Shell and JavaScript that is no program."""
    found = _said(["bash", "-n", DEPLOYMENT / "mongo" / "member.sh"])
    if program("node"):
        found += _said([str(program("node")), "--check", DEPLOYMENT / "mongo" / "initiate.js"])
    return found


def alert_rules() -> list[str]:
    """What Prometheus says of its files."""
    return _said([str(program("promtool")), "check", "rules", DEPLOYMENT / "prometheus/alerts.yml"])


LINTERS = (
    Linter(
        "compose specification",
        _module("check_jsonschema"),
        by_schema("compose-spec", [DEPLOYMENT / "compose.yaml"]),
    ),
    Linter(
        "workflow schema",
        _module("check_jsonschema"),
        by_schema("github-workflows", WORKFLOWS),
    ),
    Linter(
        "actionlint",
        _program("actionlint", "go install github.com/rhysd/actionlint/cmd/actionlint@latest"),
        lambda: _said([str(program("actionlint")), "-no-color", *WORKFLOWS]),
    ),
    Linter(
        "hadolint",
        _program("hadolint", EXTRA),
        lambda: _said([str(program("hadolint")), "--no-color", DEPLOYMENT / "Dockerfile"]),
    ),
    Linter("Kubernetes schemas", _program("kubernetes-validate", EXTRA), against_kubernetes),
    Linter("systemd", _program("systemd-analyze", "Debian's systemd"), systemd_units),
    Linter("shell and JavaScript", _program("bash", "bash"), scripts),
    Linter("promtool", _program("promtool", "Debian's prometheus"), alert_rules),
)


def main() -> int:
    """Runs all of them; 1 where one finds something."""
    found = {}
    for one in LINTERS:
        if (missing := one.missing()) is not None:
            print(f"{one.name}: not installed here ({missing})")
            continue
        found[one.name] = one.faults()
        print(f"{one.name}: {'ok' if not found[one.name] else 'faults'}")
    faults = {name: said for name, said in found.items() if said}
    for name, said in faults.items():
        print(f"\n{name}\n" + "\n".join(said))
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
