"""The two clients: both carry out the same steps, one by waiting, one by awaiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from farol_client.answers import (
    ActionRead,
    ExplainedRecord,
    HelpRead,
    ListedTaskRead,
    OutcomesRead,
    Record,
    ScoredRecord,
)
from farol_client.operations import Operations, ScoredRecords
from farol_client.steps import ApiCall, ApiReply, LostCall, Patience, Pause, Steps

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")
TIMEOUT = 30.0


class FarolClient(AbstractContextManager["FarolClient"]):
    """Calls Farol, and waits for its answers.

    Args:
        url: of the installation.
        key: an API key; None where the installation asks for none.
        task: the name of a task; None is the installation's default one.
        patience: how often a call is sent, and how long is waited in between.
        timeout: seconds that an answer may take.
        transport: sends the calls; None is over the network.

    Every method raises `ApiRefusal` where Farol refuses, and `NoAnswer` where nobody answers.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        task: str | None = None,
        patience: Patience | None = None,
        timeout: float = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._steps = Operations(task, patience or Patience())
        self._http = httpx.Client(
            base_url=url, headers=_credentials(key), timeout=timeout, transport=transport
        )

    def predict(self, record: Record, *, key: str | None = None) -> ScoredRecord:
        """Scores one record; `key` makes it one that may be repeated."""
        return self._done(self._steps.predict(record, key=key))

    def explain(self, record: Record, *, key: str | None = None) -> ExplainedRecord:
        """Scores one record, with the reasons."""
        return self._done(self._steps.explain(record, key=key))

    def predict_many(self, records: Iterable[Record], *, key: str | None = None) -> ScoredRecords:
        """Scores any number of records, a thousand at a time."""
        return self._done(self._steps.predict_many(records, key=key))

    def predict_frame(self, frame: pd.DataFrame, *, key: str | None = None) -> pd.DataFrame:
        """Scores the rows of a table; a row each, by the same index, comes back."""
        from farol_client.frames import records_of, table_of

        return table_of(self.predict_many(records_of(frame), key=key), frame.index)

    def report(
        self, outcomes: Iterable[Mapping[str, Any]], *, key: str | None = None
    ) -> OutcomesRead:
        """Reports any number of outcomes, ten thousand at a time."""
        return self._done(self._steps.report(outcomes, key=key))

    def report_frame(self, frame: pd.DataFrame, *, key: str | None = None) -> OutcomesRead:
        """Reports the rows of a table as outcomes."""
        from farol_client.frames import records_of

        return self.report(records_of(frame), key=key)

    def act(self, action: Mapping[str, Any], *, key: str | None = None) -> ActionRead:
        """Says what was done on seeing a student."""
        return self._done(self._steps.act(action, key=key))

    def intervene(self, help_: Mapping[str, Any], *, key: str | None = None) -> HelpRead:
        """Says which help a student gets."""
        return self._done(self._steps.intervene(help_, key=key))

    def at_risk(self, **asked: str) -> list[dict[str, Any]]:
        """The whole list of students, by `period`, `status`, `unit` or `lane`."""
        return self._done(self._steps.at_risk(**asked))

    def student(self, student_id: str, **asked: str) -> dict[str, Any]:
        """All that is known of a student; `unit` says whose id it is."""
        return self._done(self._steps.student(student_id, **asked))

    def model(self) -> dict[str, Any]:
        """The version that serves."""
        return self._done(self._steps.model())

    def schema(self) -> dict[str, Any]:
        """The features of the task."""
        return self._done(self._steps.schema())

    def tasks(self) -> list[ListedTaskRead]:
        """The tasks of the installation that the key is for."""
        return self._done(self._steps.tasks())

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _done(self, steps: Steps[T]) -> T:
        came: ApiReply | LostCall | None = None
        while True:
            try:
                step = steps.send(came)
            except StopIteration as done:
                found: T = done.value
                return found
            if isinstance(step, Pause):
                time.sleep(step.seconds)
                came = None
                continue
            try:
                came = _reply(self._http.send(_request(self._http.build_request, step)))
            except httpx.TransportError as error:
                came = LostCall(f"{type(error).__name__}: {error}")


class AsyncFarolClient(AbstractAsyncContextManager["AsyncFarolClient"]):
    """The same for who awaits the answers.

    Args:
        url: of the installation.
        key: an API key; None where the installation asks for none.
        task: the name of a task; None is the installation's default one.
        patience: how often a call is sent, and how long is waited in between.
        timeout: seconds that an answer may take.
        transport: sends the calls; None is over the network.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        task: str | None = None,
        patience: Patience | None = None,
        timeout: float = TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._steps = Operations(task, patience or Patience())
        self._http = httpx.AsyncClient(
            base_url=url, headers=_credentials(key), timeout=timeout, transport=transport
        )

    async def predict(self, record: Record, *, key: str | None = None) -> ScoredRecord:
        """Scores one record; `key` makes it one that may be repeated."""
        return await self._done(self._steps.predict(record, key=key))

    async def explain(self, record: Record, *, key: str | None = None) -> ExplainedRecord:
        """Scores one record, with the reasons."""
        return await self._done(self._steps.explain(record, key=key))

    async def predict_many(
        self, records: Iterable[Record], *, key: str | None = None
    ) -> ScoredRecords:
        """Scores any number of records, a thousand at a time."""
        return await self._done(self._steps.predict_many(records, key=key))

    async def predict_frame(self, frame: pd.DataFrame, *, key: str | None = None) -> pd.DataFrame:
        """Scores the rows of a table; a row each, by the same index, comes back."""
        from farol_client.frames import records_of, table_of

        return table_of(await self.predict_many(records_of(frame), key=key), frame.index)

    async def report(
        self, outcomes: Iterable[Mapping[str, Any]], *, key: str | None = None
    ) -> OutcomesRead:
        """Reports any number of outcomes, ten thousand at a time."""
        return await self._done(self._steps.report(outcomes, key=key))

    async def report_frame(self, frame: pd.DataFrame, *, key: str | None = None) -> OutcomesRead:
        """Reports the rows of a table as outcomes."""
        from farol_client.frames import records_of

        return await self.report(records_of(frame), key=key)

    async def act(self, action: Mapping[str, Any], *, key: str | None = None) -> ActionRead:
        """Says what was done on seeing a student."""
        return await self._done(self._steps.act(action, key=key))

    async def intervene(self, help_: Mapping[str, Any], *, key: str | None = None) -> HelpRead:
        """Says which help a student gets."""
        return await self._done(self._steps.intervene(help_, key=key))

    async def at_risk(self, **asked: str) -> list[dict[str, Any]]:
        """The whole list of students, by `period`, `status`, `unit` or `lane`."""
        return await self._done(self._steps.at_risk(**asked))

    async def student(self, student_id: str, **asked: str) -> dict[str, Any]:
        """All that is known of a student; `unit` says whose id it is."""
        return await self._done(self._steps.student(student_id, **asked))

    async def model(self) -> dict[str, Any]:
        """The version that serves."""
        return await self._done(self._steps.model())

    async def schema(self) -> dict[str, Any]:
        """The features of the task."""
        return await self._done(self._steps.schema())

    async def tasks(self) -> list[ListedTaskRead]:
        """The tasks of the installation that the key is for."""
        return await self._done(self._steps.tasks())

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _done(self, steps: Steps[T]) -> T:
        came: ApiReply | LostCall | None = None
        while True:
            try:
                step = steps.send(came)
            except StopIteration as done:
                found: T = done.value
                return found
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
                came = None
                continue
            try:
                came = _reply(await self._http.send(_request(self._http.build_request, step)))
            except httpx.TransportError as error:
                came = LostCall(f"{type(error).__name__}: {error}")


def _credentials(key: str | None) -> dict[str, str]:
    return {} if key is None else {"authorization": f"Bearer {key}"}


def _request(build: Callable[..., httpx.Request], call: ApiCall) -> httpx.Request:
    headers = {} if call.key is None else {"idempotency-key": call.key}
    return build(call.method, call.path, json=call.json, params=call.params, headers=headers)


def _reply(answer: httpx.Response) -> ApiReply:
    asked = answer.headers.get("retry-after", "")
    after = float(asked) if asked.isdecimal() else None
    return ApiReply(answer.status_code, answer.content, after)
