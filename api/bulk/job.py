"""One file from its first row to its last, a chunk at a time: read, score, keep, tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from api.bulk.admission import Admission
from api.bulk.order import Order, Origin
from api.bulk.reading import opened_file
from api.bulk.records import prediction_ids, record_bodies
from api.bulk.results import result_schema, results, stopped_at, writer_of
from api.durability.bulk_log import Inlet
from api.metrics import Served
from model.errors import InvalidRecord, NotThisTask, Overloaded
from preprocessing.columnar.assessing import Assessments, assess
from preprocessing.columnar.tables import CheckedRows
from preprocessing.task.spec import TaskSpec


@dataclass(frozen=True, slots=True)
class Answered:
    """A chunk whose records are safe.

    Attributes:
        body: the piece of the answer.
        counts: version, label and status to number of predictions.
        imputed: values that were filled in.
        unseen: of those, categories that the version never saw.
    """

    body: bytes
    counts: Mapping[Served, int]
    imputed: int
    unseen: int


class Job:
    """Works on one file; used by one thread at a time, and by none on the event loop.

    Args:
        order: what is asked for.
        task: what the file's columns mean.
        admission: which rows may be scored.
        origin: who scores and who asked; its time is that of the beginning.
        inlet: opens the way to where records become safe.
        clock: aware UTC.

    Attributes:
        ignored: columns of the file that the task does not use.

    Raises:
        NotThisTask: the file is none, or not of the task.
    """

    def __init__(
        self,
        order: Order,
        task: TaskSpec,
        admission: Admission,
        origin: Origin,
        inlet: Callable[[], Inlet],
        clock: Callable[[], datetime],
    ) -> None:
        opened = opened_file(order.file, order.sent, task, order.period)
        self.ignored = opened.ignored
        self._chunks = opened.chunks
        self._order = order
        self._admission = admission
        self._origin = origin
        self._inlet = inlet()
        self._clock = clock
        self._schema = result_schema(origin.champion.thresholds.scale)
        self._writer = writer_of(order.wanted, self._schema)
        self._last = 0
        self._ended = False

    def step(self) -> Answered | None:
        """The next piece of the answer, its records safe; None after the last one.

        What stops the work before the file's end is told in the answer's last line, since the
        status of the answer has left long ago.
        """
        if self._ended:
            return None
        try:
            rows = next(self._chunks, None)
            if rows is not None:
                return self._answered(rows)
            self._ended = True
            return Answered(self._writer.end(), {}, 0, 0)
        except (NotThisTask, Overloaded) as error:
            self._ended = True
            line = stopped_at(self._schema, self._last + 1, InvalidRecord("file", str(error)))
            return Answered(self._writer.write(line) + self._writer.end(), {}, 0, 0)

    def close(self) -> None:
        """Lets the file and the outbox go."""
        self._order.file.close()
        self._inlet.close()

    def _answered(self, rows: CheckedRows) -> Answered:
        rows = rows.without(self._admission.refused(rows))
        origin = replace(self._origin, at=self._clock())
        found = assess(origin.champion.predictor, rows.columns, origin.features)
        ids = prediction_ids(len(rows.kept))
        self._inlet.put(record_bodies(rows, found, ids, origin))
        batch = results(self._schema, rows, found, ids, origin.champion.version)
        self._last = int(rows.numbers[-1])
        return _counted(self._writer.write(batch), found, origin.champion.version)


def _counted(body: bytes, found: Assessments, version: str) -> Answered:
    served = Counter(zip(found.labels, found.statuses, strict=True))
    return Answered(
        body,
        {(version, label, status): number for (label, status), number in served.items()},
        sum(len(pattern.imputed) for pattern in found.patterns),
        sum(len(pattern.unseen) for pattern in found.patterns),
    )
