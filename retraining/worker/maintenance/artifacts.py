"""The worker's job that removes stored bytes which no version names.

A run that dies between storing a bundle and registering its version leaves some; a run that comes
after it may store the same bytes again, which then are not written but found, and name them. So
this is done under the lease that runs hold, while none can be registering, and to what was already
named by nothing a week before: a registry that is being copied holds its artifacts before its
versions.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.leases import LeaseRepository
from database.versions import ModelVersionRepository
from database.watch.unnamed_artifacts import UnnamedArtifactRepository
from model.errors import LeaseHeld
from retraining.run.lock import LEASE, exclusively
from retraining.worker.commands import RETRY_SOON
from retraining.worker.context import AtWork
from retraining.worker.outcome import JobWaits

SAFE_AGE = timedelta(days=6, hours=12)
"""The job comes once a week, and this is a little less."""

SHA256 = 64
HOLDER = "unnamed-artifacts"

NAMING = (ModelVersionRepository,)
"""Whose documents name artifacts; `tests/retraining/test_unnamed_artifacts.py` finds who else."""


def remove_unnamed(here: AtWork) -> str:
    """Removes what nothing has named for a week.

    Raises:
        JobWaits: a run is under way.
    """
    try:
        with exclusively(here.registry, here.home, HOLDER, here.clock) as held:
            stored = here.registry.run(ArtifactRepository().digests())
            unnamed = stored - named(here.registry)
            now = here.clock()
            noted = here.registry.run(UnnamedArtifactRepository().note(unnamed, now=now))
            old = [one.artifact for one in noted if one.since <= now - SAFE_AGE]
            for digest in old:
                held.check()
                here.registry.run(ArtifactRepository().remove(digest))
            return (
                f"{len(stored)} artifacts, {len(unnamed)} that no version names; {len(old)} removed"
            )
    except LeaseHeld as error:
        lease = here.registry.run(LeaseRepository().find(LEASE))
        soon = here.clock() + RETRY_SOON
        until = soon if lease is None else max(soon, lease.expires_at)
        raise JobWaits("another run is under way", until) from error


def named(registry: SyncRegistry) -> set[str]:
    """Every SHA-256 that a document names, in whatever field."""
    found: set[str] = set()
    for kind in NAMING:
        for document in registry.run(kind().documents()):
            found.update(text for text in texts(document) if len(text) == SHA256)
    return found


def texts(value: Any) -> Iterator[str]:
    """Every text in a document, however deep.

    >>> list(texts({"a": ["b", {"c": "d"}], "e": 1}))
    ['b', 'd']
    """
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts(one)
