"""Stored bytes that no version names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class UnnamedArtifact:
    """An artifact that nothing named when it was looked for.

    Attributes:
        artifact: its SHA-256.
        since: when that was found first (aware UTC).
    """

    artifact: str
    since: datetime
