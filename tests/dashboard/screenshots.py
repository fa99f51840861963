"""Pictures of the dashboard's pages: `python -m tests.dashboard.screenshots URL FOLDER`.

Every page of the dashboard in both languages, and in Portuguese dark and 500 px wide. Needs
`chromium` on the PATH and a dashboard that is up.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dashboard.dashboard import VIEWS
from tests.browser.chromium import NARROW, WIDTH, Browser, browser


@dataclass(frozen=True, slots=True)
class Look:
    """One way to see a page."""

    name: str
    language: str
    scheme: str = "light"
    width: int = WIDTH


LOOKS = (
    Look("en", "en"),
    Look("pt", "pt"),
    Look("pt-dark", "pt", scheme="dark"),
    Look("pt-narrow", "pt", width=NARROW),
)


def pictures(opened: Browser, url: str, pages: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Name and PNG of each page in each look."""
    for page in pages:
        for look in LOOKS:
            opened.resize(look.width)
            opened.prefer(look.scheme)
            opened.open(f"{url.rstrip('/')}/{page}?lang={look.language}")
            yield f"{page}-{look.name}.png", opened.picture(look.width)


def main(arguments: Sequence[str] | None = None) -> int:
    """Takes the pictures."""
    known = tuple(name for name, _, _ in VIEWS)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="the dashboard's address")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--page", choices=known, action="append", help="only this one")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    with browser() as opened:
        for name, picture in pictures(opened, given.url, given.page or known):
            (given.folder / name).write_bytes(picture)
            sys.stdout.write(f"{given.folder / name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
