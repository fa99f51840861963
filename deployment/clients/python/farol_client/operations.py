"""The operations of Farol's interface as steps: which calls, and what their answers mean."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar, cast
from urllib.parse import quote

from farol_client.answers import (
    ActionRead,
    BatchRead,
    ExplainedRecord,
    HelpRead,
    IndexedRecord,
    ListedTaskRead,
    OutcomesRead,
    Record,
    RefusedRecord,
    ScoredRecord,
)
from farol_client.steps import ApiCall, Patience, Steps, answered

T = TypeVar("T")

MOST_RECORDS = 1_000
MOST_OUTCOMES = 10_000
MOST_ROWS = 1_000


def new_key() -> str:
    """An `Idempotency-Key` that nobody has used."""
    return str(uuid.uuid4())


@dataclass(slots=True)
class ScoredRecords:
    """What came of any number of records.

    Attributes:
        predictions: of the good ones, in order; `index` is the place in what was sent.
        errors: why the others were not scored.
        model_versions: who scored them, in order; one, unless another was promoted meanwhile.
    """

    predictions: list[IndexedRecord] = field(default_factory=list)
    errors: list[RefusedRecord] = field(default_factory=list)
    model_versions: list[str] = field(default_factory=list)

    def add(self, part: BatchRead, offset: int) -> None:
        """Adds the answer about a part.

        Args:
            part: the answer.
            offset: place of its first record.
        """
        for one in (*part["predictions"], *part["errors"]):
            one["index"] += offset
        self.predictions += part["predictions"]
        self.errors += part["errors"]
        if part["model_version"] not in self.model_versions:
            self.model_versions.append(part["model_version"])


@dataclass(frozen=True, slots=True)
class Operations:
    """The operations of one task.

    Each that changes something takes a `key`, its `Idempotency-Key`: who repeats the operation with
    the same one, within a day, gets the same answer. Without it every operation has its own.

    Attributes:
        task: its name; None is the default task of the installation.
        patience: how often a call is sent.
        make_key: makes an `Idempotency-Key`.
    """

    task: str | None = None
    patience: Patience = field(default_factory=Patience)
    make_key: Callable[[], str] = new_key

    def predict(self, record: Record, *, key: str | None = None) -> Steps[ScoredRecord]:
        """Scores one record."""
        told: ScoredRecord = yield from self._post("/predict", record, key)
        return told

    def explain(self, record: Record, *, key: str | None = None) -> Steps[ExplainedRecord]:
        """Scores one record, with the reasons."""
        told: ExplainedRecord = yield from self._post("/predict", record, key, explain="true")
        return told

    def predict_many(
        self, records: Iterable[Record], *, key: str | None = None
    ) -> Steps[ScoredRecords]:
        """Scores any number of records, a thousand at a time."""
        told, offset, whole = ScoredRecords(), 0, key or self.make_key()
        for part in in_parts(records, MOST_RECORDS):
            body = {"records": part}
            read: BatchRead = yield from self._post("/predict/batch", body, f"{whole}-{offset}")
            told.add(read, offset)
            offset += len(part)
        return told

    def report(
        self, outcomes: Iterable[Mapping[str, Any]], *, key: str | None = None
    ) -> Steps[OutcomesRead]:
        """Reports any number of outcomes, ten thousand at a time."""
        told, offset, whole = no_outcomes(), 0, key or self.make_key()
        for part in in_parts(outcomes, MOST_OUTCOMES):
            read: OutcomesRead = yield from self._post("/labels", part, f"{whole}-{offset}")
            told = together(told, read, offset)
            offset += len(part)
        return told

    def act(self, action: Mapping[str, Any], *, key: str | None = None) -> Steps[ActionRead]:
        """Says what was done on seeing a student."""
        told: ActionRead = yield from self._post("/actions", action, key)
        return told

    def intervene(self, help_: Mapping[str, Any], *, key: str | None = None) -> Steps[HelpRead]:
        """Says which help a student gets."""
        told: HelpRead = yield from self._post("/interventions", help_, key)
        return told

    def at_risk(self, **asked: str) -> Steps[list[dict[str, Any]]]:
        """The whole list of students, page by page: by `period`, `status`, `unit`, `lane`."""
        rows: list[dict[str, Any]] = []
        while True:
            page = yield from self._get(
                "/students/at-risk", **asked, limit=str(MOST_ROWS), offset=str(len(rows))
            )
            rows += page["students"]
            if not page["students"] or len(rows) >= page["total"]:
                return rows

    def student(self, student_id: str, **asked: str) -> Steps[dict[str, Any]]:
        """All that is known of a student; `unit` says whose id it is."""
        path = f"/students/{quote(student_id, safe='')}"
        told: dict[str, Any] = yield from self._get(path, **asked)
        return told

    def model(self) -> Steps[dict[str, Any]]:
        """The version that serves."""
        told: dict[str, Any] = yield from self._get("/model")
        return told

    def schema(self) -> Steps[dict[str, Any]]:
        """The features of the task."""
        told: dict[str, Any] = yield from self._get("/schema")
        return told

    def tasks(self) -> Steps[list[ListedTaskRead]]:
        """The tasks of the installation that the key is for."""
        told: dict[str, list[ListedTaskRead]] = yield from self._get("/tasks")
        return told["tasks"]

    def _get(self, path: str, **asked: str) -> Steps[Any]:
        call = ApiCall("GET", self._under(path), params=asked)
        return json.loads((yield from answered(call, self.patience)))

    def _post(self, path: str, body: Any, key: str | None, **asked: str) -> Steps[Any]:
        key = key or self.make_key()
        call = ApiCall("POST", self._under(path), body, asked, key)
        return json.loads((yield from answered(call, self.patience)))

    def _under(self, path: str) -> str:
        task = "" if self.task is None else f"/tasks/{quote(self.task, safe='')}"
        return f"/v1{task}{path}"


def in_parts(items: Iterable[T], most: int) -> Iterator[list[T]]:
    """Items in lists of so many.

    >>> list(in_parts("abc", 2))
    [['a', 'b'], ['c']]
    """
    rest = iter(items)
    while part := list(islice(rest, most)):
        yield part


def no_outcomes() -> OutcomesRead:
    """What became of no outcomes."""
    return OutcomesRead(
        accepted=0, joined=0, orphaned=0, duplicate=0, corrected=0, early=0, rejected=[]
    )


def together(first: OutcomesRead, second: OutcomesRead, offset: int) -> OutcomesRead:
    """What became of outcomes in two parts.

    Args:
        first: of the outcomes before.
        second: of those that come then.
        offset: place of the first of these.
    """
    rejected = [
        *first["rejected"],
        *({"index": one["index"] + offset, "reason": one["reason"]} for one in second["rejected"]),
    ]
    counts: Sequence[str] = [name for name in first if name != "rejected"]
    added = {name: first[name] + second[name] for name in counts}  # type: ignore[literal-required]
    return cast(OutcomesRead, {**added, "rejected": rejected})
