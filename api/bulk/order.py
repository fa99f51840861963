"""What is asked for with a file, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from api.bulk.formats import FileForm
from api.champion import Champion


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for.

    Attributes:
        file: from its beginning.
        sent: what it is.
        wanted: the form of the answer.
        period: of rows that give none.
    """

    file: BinaryIO
    sent: FileForm
    wanted: FileForm
    period: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What all predictions of a chunk share.

    Attributes:
        champion: who scores them; one version serves a whole file.
        client: who asked.
        features: all of the task, in its order.
        at: when they are served, aware UTC.
    """

    champion: Champion
    client: str
    features: Sequence[str]
    at: datetime
