"""What the dashboard asks of the API: everything that acts, and the list with reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from model.errors import FarolError
from model.prediction import PredictionSource

TIMEOUT = 10.0
SHORT = 3.0
READ_SECONDS = 60.0
"""Between two parts of a file."""

LARGEST_FILE = 48 << 20
TOO_LONG = f"the file is longer than {LARGEST_FILE >> 20} MB; use the command"


class ApiFailure(FarolError):
    """The API did not do what was asked.

    Args:
        reason: what it said.
        status: the HTTP status, None when it did not answer at all.
    """

    def __init__(self, reason: str, status: int | None) -> None:
        super().__init__(reason)
        self.status = status

    @property
    def unreachable(self) -> bool:
        """Nobody answered."""
        return self.status is None

    @property
    def needs_key(self) -> bool:
        """The key is absent, unknown, or lacks the scope."""
        return self.status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}


class FarolApi:
    """The calls the dashboard makes.

    Args:
        url: where the API is, `http://127.0.0.1:8000` say.
        key: an API key, empty for none.
        transport: how requests travel; None is the network.
    """

    def __init__(
        self, url: str, key: str = "", *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._transport = transport

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        kind: str = "",
        params: Mapping[str, str] | None = None,
        seconds: float = TIMEOUT,
    ) -> Mapping[str, Any]:
        """Posts a body and gives what is answered.

        Args:
            path: where to.
            json: the body, as JSON.
            content: the body as it is, in place of `json`.
            kind: media type of the content.
            params: of the query.
            seconds: how long an answer may take.

        Raises:
            ApiFailure: as every call here.
        """
        body = {"json": json} if content is None else {"content": content}
        headers = {"content-type": kind} if kind else {}
        return self._call(
            "POST", path, timeout=seconds, params=params or {}, headers=headers, **body
        )

    def download(self, path: str, parameters: Mapping[str, Any]) -> bytes:
        """The file that a path answers, of at most `LARGEST_FILE` bytes: a page holds it whole.

        A parameter that is None is not sent.

        Raises:
            ApiFailure: as every call here, or the file is longer.
        """
        content = bytearray()
        try:
            with (
                self._client(READ_SECONDS) as client,
                client.stream("GET", path, params=_given(parameters)) as answer,
            ):
                if answer.is_error:
                    answer.read()
                    said = dict(answer.json())
                    raise ApiFailure(str(said.get("detail")), answer.status_code)
                for part in answer.iter_bytes():
                    content += part
                    if len(content) > LARGEST_FILE:
                        raise ApiFailure(TOO_LONG, answer.status_code)
        except httpx.TransportError as error:
            raise ApiFailure(type(error).__name__, None) from error
        except ValueError as error:
            raise ApiFailure(f"HTTP {answer.status_code}", answer.status_code) from error
        return bytes(content)

    def schema(self) -> Mapping[str, Any]:
        """The task's features with their descriptions."""
        return self._call("GET", "/schema")

    def train(self, reason: str = "", **options: Any) -> str:
        """Queues a training run and gives its id.

        Args:
            reason: why; it is recorded.
            options: as `POST /train` takes them; None is left to the task.
        """
        given = {name: value for name, value in options.items() if value is not None}
        body = given | ({"reason": reason} if reason else {})
        return str(self._call("POST", "/train", json=body)["run_id"])

    def compare(self, first: str, second: str) -> str:
        """Asks for a comparison of two versions and gives its id."""
        body = {"first": first, "second": second}
        return str(self._call("POST", "/comparisons", json=body)["comparison_id"])

    def try_out(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """The prediction for a record that somebody filled in, with its reasons.

        Args:
            record: features by name, of nobody or of the student whose id it names.
        """
        asked = {"explain": "true", "source": PredictionSource.DASHBOARD.value}
        return self._call("POST", "/predict", json=dict(record), params=asked)

    def promote(self, version: str, reason: str) -> str:
        """Puts a registered version into service and gives the version that serves now."""
        return str(
            self._call("POST", f"/models/{version}/promote", json={"reason": reason})["version"]
        )

    def approve(self, version: str, reason: str) -> str:
        """Lets a version that waits serve and gives the version that serves now."""
        return self._answered(version, "approve", reason)

    def refuse(self, version: str, reason: str) -> str:
        """Ends the wait of a version and gives its name."""
        return self._answered(version, "refuse", reason)

    def _answered(self, version: str, answer: str, reason: str) -> str:
        path = f"/models/{version}/{answer}"
        return str(self._call("POST", path, json={"reason": reason})["version"])

    def acknowledge(self, feature: str, reason: str) -> None:
        """Says that the drift alarm of a feature is known."""
        path = f"/drift/alarms/{quote(feature, safe='')}/acknowledge"
        self._call("POST", path, json={"reason": reason})

    def rollback(self, reason: str) -> str:
        """Puts the version that served before back and gives the version that serves now."""
        return str(self._call("POST", "/model/rollback", json={"reason": reason})["version"])

    def health(self) -> Mapping[str, Any] | None:
        """What the API tells of itself, also where it answers no prediction; None without it."""
        try:
            answer, said = self._ask("GET", "/health", timeout=SHORT)
        except ApiFailure:
            return None
        return said if "parts" in said and answer.status_code in (200, 503) else None

    def get(self, path: str, asked: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """What the API answers; a parameter that is None is not sent.

        Raises:
            ApiFailure: it does not answer, or refuses.
        """
        return self._call("GET", path, params=_given(asked))

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any],
        asked: Mapping[str, Any] | None = None,
    ) -> Mapping[str, Any]:
        """Acts with a body in JSON, and gives what the API answers.

        Raises:
            ApiFailure: it does not answer, or refuses.
        """
        return self._call(method, path, json=dict(body), params=_given(asked))

    def _call(
        self, method: str, path: str, *, timeout: float = TIMEOUT, **more: Any
    ) -> Mapping[str, Any]:
        answer, said = self._ask(method, path, timeout=timeout, **more)
        if answer.is_error:
            raise ApiFailure(str(said.get("detail") or said.get("title")), answer.status_code)
        return said

    def _ask(
        self, method: str, path: str, *, timeout: float, **more: Any
    ) -> tuple[httpx.Response, Mapping[str, Any]]:
        try:
            with self._client(timeout) as client:
                answer = client.request(method, path, **more)
            return answer, dict(answer.json())
        except httpx.TransportError as error:
            raise ApiFailure(type(error).__name__, None) from error
        except (ValueError, TypeError) as error:
            raise ApiFailure(f"HTTP {answer.status_code}", answer.status_code) from error

    def _client(self, timeout: float) -> httpx.Client:
        return httpx.Client(
            base_url=self.url,
            # Reading the certificates takes 40 ms, at every call.
            verify=self.url.startswith("https:"),
            headers=self._headers,
            timeout=timeout,
            transport=self._transport,
        )


def _given(asked: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (asked or {}).items() if value is not None}
