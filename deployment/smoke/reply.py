"""One call to an installation, and what came back: bounded in size and in time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from model.errors import FarolError

MOST_BYTES = 8 << 20
"""Of an answer; the OpenAPI document, the longest of Farol's here, has a tenth of it."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class NoReply(FarolError):
    """Nobody answered, or not in time, or without the name that the certificate should have."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered.

    Attributes:
        headers: by lower-case name.
        seconds: from the call to the last byte.
        certificate_until: when the server's certificate ends; None over plain HTTP.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    seconds: float
    certificate_until: datetime | None = None

    @property
    def document(self) -> Mapping[str, Any]:
        """The JSON object that was answered; an empty one where it was something else."""
        try:
            read = orjson.loads(self.content)
        except orjson.JSONDecodeError:
            return {}
        return read if isinstance(read, dict) else {}

    @property
    def text(self) -> str:
        """The answer as text."""
        return self.content.decode("utf-8", "replace")

    @property
    def said(self) -> str:
        """Status and reason, in a line."""
        detail = self.document.get("detail")
        if 300 <= self.status < 400 and "location" in self.headers:
            return f"{self.status}, sent on to {self.headers['location']}; give that address"
        return f"{self.status} {detail}" if isinstance(detail, str) else str(self.status)


class Caller:
    """Calls one installation.

    Args:
        url: of the API, with the path that a proxy serves it under.
        key: an API key; "" for none. It goes nowhere but into the header.
        seconds: how long one answer may take, to its last byte.
    """

    def __init__(self, url: str, key: str, seconds: float) -> None:
        self.url = url.rstrip("/")
        self._key, self._seconds = key, seconds
        self._client = httpx.Client(timeout=seconds, follow_redirects=False)

    def __enter__(self) -> Caller:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the connections."""
        self._client.close()

    @property
    def has_key(self) -> bool:
        """Whether a key was given."""
        return bool(self._key)

    @property
    def is_local(self) -> bool:
        """Whether the installation is asked on the machine that it runs on."""
        return urlsplit(self.url).hostname in LOOPBACK

    @property
    def is_tls(self) -> bool:
        """Whether it is asked over TLS."""
        return urlsplit(self.url).scheme == "https"

    def get(self, path: str, *, key: str | None = None) -> Reply:
        """Reads something.

        Args:
            path: below the API's address.
            key: another one than this caller's; "" for none.

        Raises:
            NoReply: none came.
        """
        return self._call("GET", path, None, key)

    def post(self, path: str, body: object) -> Reply:
        """Sends JSON.

        Raises:
            NoReply: none came.
        """
        return self._call("POST", path, body, None)

    def _call(self, method: str, path: str, body: object, key: str | None) -> Reply:
        shown = self._key if key is None else key
        headers = {"authorization": f"Bearer {shown}"} if shown else {}
        started = time.monotonic()
        try:
            with self._client.stream(method, self.url + path, headers=headers, json=body) as answer:
                until = _certificate_until(answer)  # Gone with the last byte.
                return Reply(
                    answer.status_code,
                    {name.lower(): value for name, value in answer.headers.items()},
                    self._content(answer, started),
                    time.monotonic() - started,
                    until,
                )
        except httpx.TimeoutException as error:
            raise NoReply(f"no answer within {self._seconds:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NoReply(_reason(error)) from error

    def _content(self, answer: httpx.Response, started: float) -> bytes:
        content = bytearray()
        for part in answer.iter_bytes():
            content += part
            if len(content) > MOST_BYTES:
                raise NoReply(f"an answer of more than {MOST_BYTES >> 20} MB")
            if time.monotonic() - started > self._seconds:
                raise NoReply(f"no whole answer within {self._seconds:g} s")
        return bytes(content)


def _certificate_until(answer: httpx.Response) -> datetime | None:
    stream = answer.extensions.get("network_stream")
    tls = stream.get_extra_info("ssl_object") if stream is not None else None
    certificate = tls.getpeercert() if tls is not None else None
    if not certificate or "notAfter" not in certificate:
        return None
    return datetime.strptime(certificate["notAfter"], "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC)


def _reason(error: Exception) -> str:
    """The failure as a person can act on it.

    >>> _reason(httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: x"))
    'the certificate is not trusted: x'
    """
    said = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in said:
        why = said.partition("certificate verify failed: ")[2].partition(" (_ssl.c")[0]
        return f"the certificate is not trusted: {why or said}"
    if "SSL" in said:
        return f"no TLS is spoken there: {said}"
    return f"nobody answers: {said or type(error).__name__}"
