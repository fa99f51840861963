"""A stored model card as an answer: in which form, and for how long it may be kept."""

from __future__ import annotations

from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from model.version import CardFiles

Form = Literal["html", "md"]
MEDIA_TYPES: dict[Form, str] = {"html": "text/html", "md": "text/markdown"}

HEADERS = {
    # A card never changes, but a version's name may come again in a registry that was made anew.
    # Private: a key was needed to read it.
    "cache-control": "private, max-age=3600",
    "vary": "accept, authorization, x-api-key",
    # The page needs nothing but its own text, and may load nothing else.
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
}


def chosen_form(form: Form | None, accept: str) -> Form:
    """`html` or `md`: what `?format=` says, else what `Accept` prefers, else HTML.

    >>> chosen_form(None, "text/markdown"), chosen_form(None, "*/*"), chosen_form("md", "text/html")
    ('md', 'html', 'md')
    >>> chosen_form(None, "text/html;q=0.5, text/markdown;q=0.9")
    'md'
    """
    if form is not None:
        return form
    wished = wishes(accept)
    return "md" if wished.get("text/markdown", 0) > wished.get("text/html", 0) else "html"


def digest_of(card: CardFiles, form: Form) -> str:
    """The artifact that holds the card in that form."""
    return card.markdown if form == "md" else card.html


def unchanged(request: Request, digest: str) -> Response | None:
    """304 for a reader who has the card already."""
    known = request.headers.get("if-none-match", "")
    if f'"{digest}"' not in known:
        return None
    return Response(status_code=304, headers=HEADERS | {"etag": f'"{digest}"'})


def card_answer(data: bytes, form: Form, digest: str, version: str) -> Response:
    """The card; a browser that saves it calls it by its version."""
    headers = HEADERS | {
        "etag": f'"{digest}"',
        "content-disposition": f'inline; filename="{version}.{form}"',
    }
    return Response(data, headers=headers, media_type=f"{MEDIA_TYPES[form]}; charset=utf-8")


def wishes(accept: str) -> dict[str, float]:
    """Media type to how much it is wished for."""
    wishes = {}
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        wishes[kind] = next((_weight(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
    return wishes


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
