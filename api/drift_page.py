"""The page of a drift report as an answer.

What draws it is imported with the first page: most workers are never asked for one.
"""

from __future__ import annotations

from starlette.responses import Response

from model.drift import DriftReport
from model.watch.picture import DriftPicture


def page_answer(report: DriftReport, picture: DriftPicture | None, code: str) -> Response:
    """The page in a language; a browser that saves it calls it by the report."""
    from drift.page.render import html_page, policy

    headers = {
        # Private: a key was needed to read it. The same report looks another way once Farol does.
        "cache-control": "private, no-cache",
        "vary": "accept-language, authorization, x-api-key",
        "content-language": "pt-BR" if code == "pt" else "en",
        "content-security-policy": f"{policy()}; frame-ancestors 'none'",
        "content-disposition": f'inline; filename="drift-{code}.html"',
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }
    page = html_page(report, picture, code)
    return Response(page, headers=headers, media_type="text/html; charset=utf-8")
