"""The lottery at the margin: where places end among equals, some are given by lot.

Those who surely have a place keep it, those who are far from one get none. In a band around the cut
everybody takes part, and whoever has the lowest lots gets the places that are left. A lot is a hash
of the list, its seed, the stratum and the student, so anybody who has the list can draw again and
finds the same; nobody can know a lot before the list with its seed is recorded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class DrawBand:
    """Who takes part in a draw.

    Attributes:
        first: how many stand before it and have a place.
        last: how many stand before its end; the others have none.
        places: for those in it.
    """

    first: int
    last: int
    places: int

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw: as many places as students."""
        return not 0 < self.places < self.last - self.first


def band_around(concern: NDArray[np.float64], places: int, band: float) -> DrawBand:
    """The band of a stratum: `band` of its places to either side of the cut.

    Whoever is equal to somebody in the band is in it too.

    Args:
        concern: of the m students who may have a place, most urgent first, shape (m,).
        places: how many have one.
        band: half its width, as a share of the places.

    >>> band_around(np.array([5.0, 4.0, 3.0, 2.0, 1.0, 0.0]), 4, 0.25)
    DrawBand(first=3, last=5, places=1)
    >>> band_around(np.array([5.0, 3.0, 3.0, 3.0, 1.0, 0.0]), 3, 0.25)
    DrawBand(first=1, last=4, places=2)
    >>> band_around(np.array([5.0, 4.0]), 4, 0.5).empty
    True
    """
    students = len(concern)
    if places <= 0 or places >= students or band <= 0:
        return DrawBand(students, students, 0)
    half = max(1, int(band * places + 0.5))
    first, last = max(0, places - half), min(students, places + half)
    while first > 0 and concern[first - 1] == concern[first]:
        first -= 1
    while last < students and concern[last] == concern[last - 1]:
        last += 1
    return DrawBand(first, last, places - first)


def lot(list_id: str, seed: int, stratum: str, student_id: str) -> str:
    """A student's lot in a draw; the lowest ones win."""
    told = "\0".join((list_id, str(seed), stratum, student_id))
    return hashlib.sha256(told.encode()).hexdigest()


def winners(
    list_id: str, seed: int, stratum: str, students: Sequence[str], places: int
) -> frozenset[str]:
    """Who wins a place, whatever order the students are given in.

    Args:
        list_id: of the list as it was recorded.
        seed: that was recorded with it.
        stratum: `<lane>:<unit>`.
        students: the keys of those who take part.
        places: how many of them win.

    >>> drawn = winners("a list", 7, "new:", ["s1", "s2", "s3"], 2)
    >>> len(drawn), drawn == winners("a list", 7, "new:", ["s3", "s1", "s2"], 2)
    (2, True)
    """
    lots = sorted(students, key=lambda one: lot(list_id, seed, stratum, one))
    return frozenset(lots[:places])
