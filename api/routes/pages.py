"""Pages for people: where to go from the API's address, and its documentation.

Nothing is fetched from elsewhere: the scripts of `/docs` and `/redoc` come from the fastapi-offline
package, which ships the files of Swagger UI and ReDoc, so that both work without the internet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from api import health, openapi
from api.http.json_answer import json_answer
from api.http.secure_headers import SCRIPTED_PAGE, SEARCHED_PAGE
from api.services import root_of, services

router = APIRouter(include_in_schema=False)

STATIC = "/docs/static"
LOCAL = frozenset({"localhost", "127.0.0.1"})

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Farol</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 40rem; padding: 0 1rem; }}
  h1 {{ color: #0072B2; margin-bottom: 0; }}
  table {{ border-collapse: collapse; margin: 1rem 0; }}
  td {{ border-top: 1px solid #ddd; padding: .3rem 1.5rem .3rem 0; vertical-align: top; }}
</style>
</head>
<body>
<h1>Farol</h1>
<p>{title}</p>
<p>Status: <strong>{status}</strong>{serving}</p>
<table>
{parts}
</table>
<ul>
{links}
</ul>
</body>
</html>
"""  # noqa: E501


def scripts() -> Mount:
    """The files that `/docs` is made of, under an address of this API."""
    folder = str(files("fastapi_offline") / "static")
    return Mount(STATIC, StaticFiles(directory=folder), name="docs-static")


@router.get("/")
async def get_home(request: Request) -> HTMLResponse:
    """The state of the parts and where to go from here; 200 whatever the state is."""
    here = services(request)
    report = await health.report(here)
    return HTMLResponse(
        home(here.task.title, report, root=_root(request), dashboard=_dashboard(request))
    )


@router.get("/openapi.json")
async def get_openapi(request: Request) -> Response:
    """The OpenAPI document of the task that the path names."""
    task, root = services(request).task, root_of(request)
    known = request.app.state.documents
    page = known.get(task.name) or openapi.document(request.app, task)
    known[task.name] = page
    return json_answer(page | {"servers": openapi.servers(root)})


@router.get("/docs")
async def get_docs(request: Request) -> HTMLResponse:
    """Swagger UI over this installation's OpenAPI document."""
    root = _root(request)
    page = get_swagger_ui_html(
        openapi_url=f"{root}/openapi.json",
        title="Farol: API",
        swagger_js_url=f"{root}{STATIC}/swagger-ui-bundle.js",
        swagger_css_url=f"{root}{STATIC}/swagger-ui.css",
        swagger_favicon_url=f"{root}{STATIC}/favicon.png",
        # Never asks a server elsewhere to check the document.
        swagger_ui_parameters={"validatorUrl": None},
    )
    page.headers["content-security-policy"] = SCRIPTED_PAGE
    return page


@router.get("/redoc")
async def get_redoc(request: Request) -> HTMLResponse:
    """ReDoc over the same document: for reading, where Swagger UI is for trying."""
    root = _root(request)
    page = get_redoc_html(
        openapi_url=f"{root}/openapi.json",
        title="Farol: API",
        redoc_js_url=f"{root}{STATIC}/redoc.standalone.js",
        redoc_favicon_url=f"{root}{STATIC}/favicon.png",
        with_google_fonts=False,
    )
    page.headers["content-security-policy"] = SEARCHED_PAGE
    return page


def home(title: str, report: Mapping[str, Any], *, root: str, dashboard: str | None) -> str:
    """The page at `/`.

    Args:
        title: the task's title.
        report: `health.report`.
        root: the path that a proxy serves the API under, mostly empty.
        dashboard: where the dashboard is, if that is known.
    """
    version = report["model_version"]
    links = [
        (f"{root}/docs", "Documentation of all calls"),
        (f"{root}/health", "Health, in full"),
        (f"{root}/metrics", "Metrics"),
    ]
    if dashboard is not None:
        links.insert(0, (dashboard, "Dashboard"))
    return PAGE.format(
        title=escape(title),
        status=escape(str(report["status"])),
        serving=f", {escape(str(version))} serves" if version else "",
        parts="\n".join(_rows(report["parts"].items())),
        links="\n".join(f'<li><a href="{escape(url)}">{text}</a></li>' for url, text in links),
    )


def _rows(parts: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterable[str]:
    for name, part in parts:
        cells = (name, str(part["state"]), str(part.get("detail", "")))
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def _root(request: Request) -> str:
    return escape(root_of(request))


def _dashboard(request: Request) -> str | None:
    """Where `make run` puts it. Behind a proxy only the operator knows."""
    host = request.url.hostname
    return f"http://{host}:{request.app.state.dashboard_port}/" if host in LOCAL else None
