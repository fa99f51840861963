"""`.env.example`: the settings' table of docs/operations.md, and what compose.yaml asks for.

`python -m tests.deployment.env_example` writes it anew.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deployment.settings import KEYS

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / ".env.example"
PAGE = ROOT / "docs" / "operations.md"
COMPOSE = ROOT / "deployment" / "compose.yaml"

ROW = re.compile(r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \| (.*?) \| (.*) \|$", re.MULTILINE)
LITERAL = re.compile(r"^(?:`([^`]*)`|(\d+))")
ASKED = re.compile(r"\$\{([A-Z_]+)(?::-([^}]*)|:\?([^}]*))\}")
WIDTH = 100

HEAD = """\
# Settings of Farol. Copy this file to .env in the folder that Farol is started from, and take the #
# from what you set; the environment wins over .env. Written by
# python -m tests.deployment.env_example from docs/operations.md and deployment/compose.yaml.
#
# A key or password: openssl rand -hex 32. Never commit .env.
"""
OF_COMPOSE = """
# ------------------------------------------------------------------------------------------
# Of deployment/compose.yaml alone (make docker-up)
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable: its value where it has one by default, and what it means."""

    name: str
    value: str
    about: str

    def lines(self) -> Iterator[str]:
        yield ""
        yield from (f"# {line}" for line in textwrap.wrap(self.about, WIDTH))
        yield f"#{self.name}={self.value}"


def of_the_page() -> list[Setting]:
    """The rows of the page's table, in its order."""
    section = PAGE.read_text("utf-8").partition("## Settings\n")[2].partition("\n## ")[0]
    found = []
    for names, default, meaning in ROW.findall(section):
        for name, one in zip(re.findall(r"[A-Z_]+", names), _each(names, default), strict=True):
            literal = LITERAL.match(one)
            value = (literal[1] or literal[2]) if literal and "$" not in one else ""
            said = "" if value and literal and literal[0] == one else f"; default: {_plain(one)}"
            found.append(Setting(name, value, f"{_plain(meaning)}{said}"))
    return found


def of_compose() -> list[Setting]:
    """What compose.yaml takes from the environment besides Farol's settings."""
    found: dict[str, Setting] = {}
    for name, default, asked in ASKED.findall(COMPOSE.read_text("utf-8")):
        if name not in KEYS.values():
            found.setdefault(name, Setting(name, default, asked and f"must be set: {asked}"))
    return sorted(found.values(), key=lambda one: one.about == "")


def example() -> str:
    """The file as it should be."""
    lines = [line for one in of_the_page() for line in one.lines()]
    compose = [line for one in of_compose() for line in one.lines()]
    return "\n".join(
        [HEAD.rstrip("\n"), *lines, *OF_COMPOSE.rstrip("\n").split("\n"), *compose, ""]
    )


def _each(names: str, default: str) -> list[str]:
    """A default for each name; a row of several names tells theirs with commas between."""
    count = names.count("`") // 2
    return [default] if count == 1 else default.split(", ")


def _plain(markdown: str) -> str:
    """Without links and marks."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown).replace("`", "")


if __name__ == "__main__":
    EXAMPLE.write_text(example(), "utf-8")
