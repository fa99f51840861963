"""The generated part of the documentation: each family of facts, with what its page is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deployment.documentation import http_api
from deployment.documentation.alert_rules import alerts_page
from deployment.documentation.commands import commands_page
from deployment.documentation.environment import environment_page
from deployment.documentation.metrics import metrics_page
from deployment.documentation.task_keys import task_page

FOLDER = "reference"
"""Of the pages, below `docs` of the site's source; no page of it is ever committed."""


@dataclass(frozen=True, slots=True)
class ReferencePage:
    """One page.

    Attributes:
        name: its file.
        made: the page, of the repository in that folder.
    """

    name: str
    made: Callable[[Path], str]


PAGES = (
    ReferencePage(http_api.CALLS, lambda _: http_api.calls_page(http_api.opened_document())),
    ReferencePage(http_api.SCHEMAS, lambda _: http_api.schemas_page(http_api.opened_document())),
    ReferencePage("commands.md", commands_page),
    ReferencePage("taskspec.md", lambda _: task_page()),
    ReferencePage("environment.md", lambda _: environment_page()),
    ReferencePage("metrics.md", lambda _: metrics_page()),
    ReferencePage("alert-rules.md", alerts_page),
)


def write_reference(root: Path, folder: Path) -> list[Path]:
    """Writes every page into a folder, which is made; gives the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for page in PAGES:
        path = folder / page.name
        path.write_text(page.made(root), encoding="utf-8")
        written.append(path)
    return written
