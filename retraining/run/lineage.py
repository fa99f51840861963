"""What a version must remember to be made again or answered for: code, libraries, leakage."""

from __future__ import annotations

import subprocess
from importlib import metadata
from pathlib import Path

from model.version import LeakageCheck
from preprocessing.leakage import LeakageReport
from preprocessing.task.spec import TaskSpec

LIBRARIES = ("numpy", "scikit-learn", "scipy", "lightgbm", "xgboost-cpu", "xgboost", "catboost")


def library_versions() -> dict[str, str]:
    """Installed libraries that a model's numbers depend on."""
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # An extra that is not installed had no part in the model.
    return versions


def leakage_check(report: LeakageReport, task: TaskSpec) -> LeakageCheck:
    """What the guard measured, with the overrides that were in effect."""
    return LeakageCheck(
        metric=report.metric,
        limit=task.leakage.alone,
        alone=dict(report.alone),
        together=report.together,
        accepted=dict(report.accepted),
        skipped=report.skipped,
    )


def leakage_override(report: LeakageReport) -> str | None:
    """The accepted features with their reasons in one line; None where there are none."""
    accepted = (f"{name}: {why}" for name, why in sorted(report.accepted.items()))
    return "; ".join(accepted) or None


def code_version(root: Path) -> str:
    """`git describe` of the checkout, or the package's version where there is none."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--tags", "--dirty"],  # noqa: S607  whose place varies
            cwd=root,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
        return described.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return _package_version()


def _package_version() -> str:
    try:
        return metadata.version("farol")
    except metadata.PackageNotFoundError:
        return "unknown"
