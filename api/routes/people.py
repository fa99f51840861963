"""Signing in and out, and passwords."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import IsKnown
from api.answers.people import AcceptedAnswer, MeAnswer, SessionAnswer
from api.bodies import CREDENTIALS, NEW_PASSWORD, PASSWORD
from api.http.body import SMALL, read_body
from api.http.json_answer import json_answer
from api.http.problems import Problem
from api.operation import operation
from api.payload import read_object
from api.people.sessions import client_of
from api.security import Client
from api.services import services
from model.people.password import LONGEST
from model.people.session import SignedIn, token_of

router = APIRouter(tags=["people"])


@router.post(
    "/sessions",
    **operation("Signs a person in", SessionAnswer, 401, 429, 503, body=CREDENTIALS, key=False),
)
async def sign_in(request: Request) -> Response:
    """The token is sent in the place of an API key, `Authorization: Bearer`; it counts 12 hours.

    Wrong ones are counted by name and by address, and looked at ever more slowly (429 with
    `Retry-After`). It is not told whether the name or the password was wrong.
    """
    people = services(request).people
    sent = read_object(await read_body(request.receive, SMALL))
    name, password = _text(sent, "name"), _text(sent, "password")
    signed_in = await people.sign_in(name, password, _address(request))
    token = token_of(signed_in.session, people.installation)
    return json_answer(SessionAnswer(**_told(client_of(signed_in)), token=token))


@router.delete("/sessions", **operation("Signs the person out", MeAnswer, 409))
async def sign_out(request: Request, client: IsKnown) -> Response:
    """The token counts no longer, on other workers and hosts after about two seconds."""
    await services(request).people.sign_out(_session(client))
    return json_answer(_told(client))


@router.get("/me", **operation("Who is asking, and what may be done", MeAnswer))
async def get_me(request: Request, client: IsKnown) -> Response:
    """Of a person who is signed in, or of an API key."""
    return json_answer(_told(client))


@router.put(
    "/me/password",
    **operation("Changes one's own password", AcceptedAnswer, 409, 429, body=NEW_PASSWORD),
)
async def change_password(request: Request, client: IsKnown) -> Response:
    """Every session of the person is over, this one too."""
    person = _session(client).person
    sent = read_object(await read_body(request.receive, SMALL))
    former = _text(sent, "former")
    people = services(request).people
    await people.change_password(person, former, sent.get("password"), _address(request))
    return json_answer(AcceptedAnswer(name=person.name, full_name=person.full_name))


@router.post(
    "/invitations/{code}",
    **operation(
        "Sets the password of who was invited",
        AcceptedAnswer, 404, 409, 429, 503,
        body=PASSWORD, key=False,
    ),
)  # fmt: skip
async def accept_invitation(request: Request, code: str) -> Response:
    """With the code that an administrator was given by `python -m api.people invite`, once."""
    sent = read_object(await read_body(request.receive, SMALL))
    person = await services(request).people.accept(code, sent.get("password"))
    return json_answer(AcceptedAnswer(name=person.name, full_name=person.full_name))


def _session(client: Client) -> SignedIn:
    if client.signed_in is None:
        raise Problem(
            409, "This is not a person's session; an API key is ended by python -m api.keys revoke."
        )
    return client.signed_in


def _told(client: Client) -> MeAnswer:
    inside = client.signed_in
    return MeAnswer(
        person=inside is not None,
        name=client.name,
        full_name=inside.person.full_name if inside else client.name,
        scopes=sorted(client.scopes),
        tasks=sorted(client.tasks),
        units=client.units,
        expires_at=inside.session.until if inside else None,
    )


def _text(sent: Mapping[str, Any], field: str) -> str:
    value = sent.get(field)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST:
        raise Problem.of_field(field, f"must be text of 1 to {LONGEST} characters")
    return value


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
