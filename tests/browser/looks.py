"""What is wrong with a page that a browser shows, each in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.browser.chromium import Browser

FEWEST_CONTRAST = 3.0
"""Of text on its background; WCAG 2.2 asks for 4.5, and for 3 where the text is large."""

SCRIPT = Path(__file__).with_name("looks.js").read_text("utf-8")


def exceptions(page: Browser) -> list[str]:
    """What broke."""
    return list(_ask(page, "exceptions"))


def cut_off(page: Browser) -> list[str]:
    """What the window is too narrow for."""
    return list(_ask(page, "cut"))


def pale(page: Browser) -> list[str]:
    """Texts that hardly differ from what is behind them."""
    return list(_ask(page, "pale", FEWEST_CONTRAST))


def is_dark(page: Browser) -> bool:
    """Whether the page is dark."""
    return bool(_ask(page, "ground") < 80)


def unnamed(page: Browser) -> list[str]:
    """What a screen reader could only call "button" or "picture"."""
    return list(_ask(page, "unnamed"))


def language(page: Browser) -> str:
    """The language that the page says it is written in."""
    return str(page.evaluate("document.documentElement.lang"))


def lines(page: Browser) -> Iterator[str]:
    """Every line of the page, of what is folded or shown on another width too, without code."""
    yield from dict.fromkeys(_ask(page, "texts"))


def _ask(page: Browser, what: str, *arguments: object) -> Any:
    return page.call(f"(...given) => {SCRIPT.strip()}.{what}(...given)", *arguments)
