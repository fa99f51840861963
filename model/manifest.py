"""What a bundle says of itself, and its files, each checked against that."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from model.archive import MANIFEST
from model.errors import BundleError
from model.parsing.values import text
from model.scorers.kinds import scorer_of

FORMAT = 1


@dataclass(frozen=True, slots=True)
class BundleManifest:
    """What a bundle says of itself.

    Attributes:
        digest: SHA-256 of the manifest, which is the bundle's digest.
        files: name to SHA-256.
    """

    digest: str
    task: str
    family: str
    feature_names: tuple[str, ...]
    scorer: str
    files: Mapping[str, str]


def read_manifest(folder: Path, digest: str = "") -> BundleManifest:
    """What the bundle in a folder says of itself; no other file is looked at.

    Args:
        folder: where it lies.
        digest: what the manifest must be; empty takes any.

    Raises:
        BundleError: the manifest is missing, another one, or not readable by this version.
    """
    raw = _read(folder / MANIFEST)
    found = sha256(raw)
    if digest and found != digest:
        raise BundleError(f"{folder.name}: not the bundle that was signed")
    content = parsed(raw, MANIFEST)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise BundleError(f"{MANIFEST} is not of bundle format {FORMAT}")
    try:
        manifest = BundleManifest(
            digest=found,
            task=text(content["task"], f"{MANIFEST}: task"),
            family=text(content["family"], f"{MANIFEST}: family"),
            feature_names=tuple(
                text(name, f"{MANIFEST}: feature_names") for name in content["feature_names"]
            ),
            scorer=text(content["scorer"], f"{MANIFEST}: scorer"),
            files={_plain(name): str(wanted) for name, wanted in content["files"].items()},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"{MANIFEST} is incomplete: {error}") from error
    scorer_of(manifest.scorer)
    return manifest


def read_file(folder: Path, manifest: BundleManifest, name: str) -> bytes:
    """The bytes of one file of a bundle.

    Raises:
        BundleError: it is missing, or not the file that the manifest describes.
    """
    if name not in manifest.files:
        raise BundleError(f"{MANIFEST} names no {name}")
    return _checked(folder / name, manifest.files[name])


def sha256(data: bytes) -> str:
    """The digest of a file, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def parsed(data: bytes, name: str) -> Any:
    """What a JSON file holds.

    Raises:
        BundleError: it is not JSON; the file is named.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BundleError(f"{name} is not JSON: {error}") from error


def _plain(name: str) -> str:
    if "/" in name or "\\" in name or name in {"", ".", ".."}:
        raise BundleError(f"{MANIFEST} names {name!r}, which is no file of the bundle")
    return name


def _checked(path: Path, digest: str) -> bytes:
    data = _read(path)
    if sha256(data) != digest:
        raise BundleError(f"{path.name} is not the file the manifest describes")
    return data


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path.name} cannot be read: {error.strerror}") from error
