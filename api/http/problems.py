"""Errors as RFC 9457 problem documents that name the field.

Whatever a route raises ends here; nothing that a caller did not send is ever told to them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import NotRequired

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from model.errors import (
    BundleError,
    Conflict,
    ErasedStudent,
    InvalidRecord,
    NotFound,
    ObjectingStudent,
    Overloaded,
    RegistryError,
    UnknownUnit,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = 1
"""Seconds after which a caller may try again; overload is over in about that time."""

_BODY_LEFT = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE})
"""Answers to a body of which there may be more to come, which nobody wants."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field."""

    field: str
    detail: str


class ProblemDocument(TypedDict):
    """An error; `errors` names the fields at fault."""

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[Sequence[FieldError]]


class Problem(Exception):
    """An answer that is an error.

    Args:
        status: HTTP status.
        detail: what went wrong, for a person.
        errors: the fields at fault.
        retry_after: seconds after which the same call may succeed.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Iterable[FieldError] = (),
        *,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.retry_after = retry_after

    @classmethod
    def of_field(cls, field: str, detail: str, status: int = 422) -> Problem:
        """A problem with one field of the request."""
        return cls(status, f"{field}: {detail}", (FieldError(field, detail),))

    @classmethod
    def of(cls, error: Exception) -> Problem:
        """The problem that tells one of our errors.

        >>> Problem.of(InvalidRecord("ida", "must be between 0 and 10")).status
        422
        """
        match error:
            case Problem():
                return error
            case ErasedStudent():
                return cls.of_field(error.field, error.reason, 410)
            case ObjectingStudent():
                return cls.of_field(error.field, error.reason, 409)
            case UnknownUnit():
                return cls.of_field(error.field, error.reason, 404)
            case InvalidRecord():
                return cls(422, str(error), [FieldError(e.field, e.reason) for e in error.all])
            case NotFound():
                return cls(404, str(error))
            case Conflict():
                return cls(409, str(error))
            case BundleError():
                return cls(409, str(error))
            case Overloaded():
                return cls(503, str(error), retry_after=RETRY_AFTER)
            case RegistryError():
                return cls(503, "The registry does not answer.", retry_after=RETRY_AFTER)
            case _:
                return cls(500, "An unexpected error; the server's log tells more.")

    def body(self) -> bytes:
        """The document."""
        document: ProblemDocument = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = self.errors
        return orjson.dumps(document)

    def response(self) -> Response:
        """The answer."""
        headers = {} if self.retry_after is None else {"retry-after": str(self.retry_after)}
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers["www-authenticate"] = "Bearer"
        if self.status in _BODY_LEFT:
            headers["connection"] = "close"
        return Response(self.body(), self.status, headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Makes the application answer every error with a problem document."""
    app.add_exception_handler(Problem, _ours)
    for error in (
        InvalidRecord, NotFound, Conflict, BundleError, Overloaded, RegistryError,
    ):  # fmt: skip
        app.add_exception_handler(error, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


async def _ours(_request: Request, error: Exception) -> Response:
    return Problem.of(error).response()


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = tuple(FieldError(_path(e["loc"]), str(e["msg"])) for e in error.errors())
    return Problem(422, "; ".join(f"{f.field}: {f.detail}" for f in fields), fields).response()


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = Problem(error.status_code, error.detail).response()
    response.headers.update(error.headers or {})
    return response


async def _unexpected(_request: Request, error: Exception) -> Response:
    return Problem.of(error).response()


def log_unexpected(error: Exception) -> None:
    """Logs an error nobody foresaw by its type and place, without the data it was about."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f"{at.tb_frame.f_code.co_filename}:{at.tb_lineno}" if at else "unknown place"
    _log.error("unexpected %s at %s", type(error).__name__, where)


def _path(location: Iterable[int | str]) -> str:
    parts = [str(part) for part in location if part not in ("body", "query", "path")]
    return ".".join(parts) or "body"
