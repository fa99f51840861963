"""The commands that pages tell people to type: every ```console block, as a shell would cut it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
PROMPT = "$ "
BETWEEN = {"|", "||", "&&", ";", "&", ";;"}
REDIRECTED = re.compile(r"[<>]+&?")
ASSIGNMENT = re.compile(r"[A-Z_][A-Z0-9_]*=.*", re.DOTALL)
_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class TypedCommand:
    """One program with its words, as it stands in a line.

    Attributes:
        page: where.
        words: the program first, without assignments before it and redirections after it.
        given: variables that are set for it alone.
    """

    page: str
    words: tuple[str, ...]
    given: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join(self.words)[:90]}"


def typed_lines(text: str) -> Iterator[str]:
    """What is typed at each prompt of a page, with the lines that belong to it.

    A line goes on while it ends with a backslash or a quotation is open.
    """
    for block in _BLOCK.findall(text):
        line = ""
        for one in block.splitlines():
            if not line and not one.startswith(PROMPT):
                continue  # What a command answers.
            line += one.removeprefix(PROMPT) if not line else f"\n{one}"
            if _is_whole(line):
                yield line
                line = ""
        assert not line, f"ends nowhere: {line}"


def _is_whole(line: str) -> bool:
    try:
        shlex.split(line, comments=True)
    except ValueError:
        return False
    return not line.rstrip(" ").endswith("\\")


def commands_of(page: Path) -> Iterator[TypedCommand]:
    """Every program of a page's console blocks."""
    name = page.relative_to(ROOT).as_posix()
    for line in typed_lines(page.read_text(encoding="utf-8")):
        yield from commands_in(line, name)


def commands_in(line: str, page: str) -> Iterator[TypedCommand]:
    """The programs of one line; those of a `$(...)` stay words of the one that it is for."""
    cut = shlex.shlex(line.replace("\\\n", " "), posix=True, punctuation_chars="|&;<>")
    cut.commenters = "#"
    cut.whitespace_split = True
    words: list[str] = []
    for token in (*cut, ";"):
        if token not in BETWEEN:
            words.append(token)
        elif words:
            yield _command(page, words)
            words = []


def _command(page: str, words: list[str]) -> TypedCommand:
    kept: list[str] = []
    skipped = False
    for word in words:
        redirects = REDIRECTED.fullmatch(word) is not None
        if not redirects and not skipped:
            kept.append(word)
        skipped = redirects
    given = []
    while kept and ASSIGNMENT.fullmatch(kept[0]):
        given.append(kept.pop(0).partition("=")[0])
    return TypedCommand(page, tuple(kept), tuple(given))
