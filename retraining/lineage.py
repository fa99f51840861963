"""What it takes to make a version again: code and libraries."""

from __future__ import annotations

import subprocess
from importlib import metadata
from pathlib import Path

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


def code_version(root: Path) -> str:
    """`git describe` of the checkout, or the package's version where there is none."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--tags", "--dirty"],
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
