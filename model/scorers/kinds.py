"""Every kind of scorer that a bundle may hold."""

from __future__ import annotations

from model.errors import BundleError
from model.scorers.linear import LinearScorer
from model.scorers.neighbours import NeighbourScorer
from model.scorers.scorer import Scorer
from model.scorers.trees import TreeScorer

SCORERS: tuple[type[Scorer], ...] = (TreeScorer, LinearScorer, NeighbourScorer)


def scorer_of(file: str) -> type[Scorer]:
    """The kind that is written under that name.

    Raises:
        BundleError: no kind of this version is.
    """
    for kind in SCORERS:
        if file == kind.FILE:
            return kind
    raise BundleError(f"scorer {file!r} is not known to this version")
