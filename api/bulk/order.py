"""What is asked for with a file, and for whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from api.bulk.formats import FileForm
from api.champion import Champion
from api.security import Client
from api.units import UnitLimit
from model.student import Units


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for.

    Attributes:
        file: from its beginning.
        sent: what it is.
        wanted: the form of the answer.
        period: of rows that give none.
        limit: the units that the sender's key is for; None is all.
    """

    file: BinaryIO
    sent: FileForm
    wanted: FileForm
    period: str
    limit: UnitLimit | None = None


@dataclass(frozen=True, slots=True)
class ChunkOrigin:
    """What all predictions of a chunk share.

    Attributes:
        champion: who scores them; one version serves a whole file.
        client: who asked.
        features: all of the task, in its order.
        at: when they are served, aware UTC.
        unit_of: `TaskSpec.unit_of` of the task.
        request_id: of the request that brought the file.
    """

    champion: Champion
    client: Client
    features: Sequence[str]
    at: datetime
    unit_of: Callable[[Units], str]
    request_id: str
