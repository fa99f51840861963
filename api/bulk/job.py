"""One file from its first row to its last, a chunk at a time: read, score, keep, tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from api.bulk.admission import Admission
from api.bulk.order import ChunkOrigin, Order
from api.bulk.reading import opened_file
from api.bulk.records import prediction_ids, record_bodies
from api.bulk.results import result_schema, results, stopped_at, writer_of
from api.durability.bulk_log import Inlet
from api.metrics.task import Served
from api.payload import NO_UNITS
from model.errors import InvalidRecord, NotThisTask, Overloaded
from preprocessing.assessing import Assessments, assess
from preprocessing.columnar.tables import CheckedRows
from preprocessing.task.spec import TaskSpec


@dataclass(frozen=True, slots=True)
class ScoredChunk:
    """A chunk that was read and scored, and whose records are not safe yet.

    Attributes:
        rows: as they were read; those that may not be scored are refused.
        found: what the version says of those kept.
    """

    rows: CheckedRows
    found: Assessments


@dataclass(frozen=True, slots=True)
class Ended:
    """There is no further chunk; `reason` says why not, where the file has not come to its end."""

    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A chunk whose records are safe.

    Attributes:
        body: the piece of the answer.
        ended: it is the last one.
        counts: version, label and status to number of predictions.
        imputed: values that were filled in.
        unseen: of those, categories that the version never saw.
    """

    body: bytes
    ended: bool = False
    counts: Mapping[Served, int] = field(default_factory=dict)
    imputed: int = 0
    unseen: int = 0


class Job:
    """Works on one file. One thread may score a chunk while another keeps the one before it.

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
        origin: ChunkOrigin,
        inlet: Callable[[], Inlet],
        clock: Callable[[], datetime],
    ) -> None:
        units = order.limit.default if order.limit else NO_UNITS
        opened = opened_file(order.file, order.sent, task, order.period, units)
        self.ignored = opened.ignored
        self._chunks = opened.chunks
        self._file = order.file
        self._admission = admission
        self._origin = origin
        self._inlet = inlet()
        self._clock = clock
        self._schema = result_schema(origin.champion.thresholds.scale)
        self._writer = writer_of(order.wanted, self._schema)
        self._last = 0

    def score(self) -> ScoredChunk | Ended:
        """Reads and scores the next chunk."""
        try:
            rows = next(self._chunks, None)
        except NotThisTask as error:
            return Ended(str(error))
        if rows is None:
            return Ended()
        rows = self._admission.admitted(rows)
        champion = self._origin.champion
        return ScoredChunk(rows, assess(champion.predictor, rows.columns, self._origin.features))

    def keep(self, scored: ScoredChunk | Ended) -> Answered:
        """Makes a chunk's records safe; then there is something to answer.

        What stops the work before the file's end is told in the answer's last line, since the
        status of the answer has left long ago.
        """
        if isinstance(scored, Ended):
            return self._ended(scored.reason)
        rows, found = scored.rows, scored.found
        origin = replace(self._origin, at=self._clock())
        version = origin.champion.version
        ids = prediction_ids(len(rows.kept))
        try:
            self._inlet.put(record_bodies(rows, found, ids, origin))
        except Overloaded as error:
            return self._ended(str(error))
        batch = results(self._schema, rows, found, ids, version)
        self._last = int(rows.numbers[-1])
        patterns = [(found.patterns[place], n) for place, n in Counter(found.pattern_of).items()]
        served = Counter(zip(found.labels, found.statuses, strict=True))
        return Answered(
            self._writer.write(batch),
            counts={(version, label, status): n for (label, status), n in served.items()},
            imputed=sum(len(pattern.imputed) * n for pattern, n in patterns),
            unseen=sum(len(pattern.unseen) * n for pattern, n in patterns),
        )

    def close_file(self) -> None:
        """Lets the file go, once the thread that scores is done with it."""
        self._file.close()

    def close_inlet(self) -> None:
        """Lets the outbox go, once the thread that keeps is done with it."""
        self._inlet.close()

    def _ended(self, reason: str | None) -> Answered:
        body = b""
        if reason is not None:
            error = InvalidRecord("file", reason)
            body = self._writer.write(stopped_at(self._schema, self._last + 1, error))
        return Answered(body + self._writer.end(), ended=True)
