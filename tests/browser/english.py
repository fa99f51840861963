"""English where a reader has asked for Portuguese."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml

# No word that Portuguese has too (a, as, come, do, for, no, per, sob), nor a name of ours.
WORDS = frozenset(Path(__file__).with_name("english.txt").read_text("utf-8").split())
FEWEST_LETTERS = 6
"""Of the literal part of an English sentence, to tell it from anything else."""


def english(lines: Iterable[str]) -> list[str]:
    """The lines that hold English, with what gave them away."""
    found = []
    for line in lines:
        why = [*_words(line), *_sentences(line)]
        if why:
            found.append(f"{line[:160]!r} ({', '.join(why[:4])})")
    return found


def _words(line: str) -> Iterator[str]:
    """English words of a line, two or more; a single one may be anybody's name."""
    spoken = re.findall(r"[^\W\d_]+", line.lower())
    hits = [word for word in spoken if word in WORDS]
    if len(hits) > 1 or (hits and len(spoken) == 1):
        yield from hits


def _sentences(line: str) -> Iterator[str]:
    return (key for key, pattern in patterns().items() if pattern.fullmatch(line))


@cache
def patterns() -> Mapping[str, re.Pattern[str]]:
    """Key of each English text that no Portuguese one equals, to what it looks like filled in."""
    said = yaml.safe_load((files("dashboard") / "texts.yaml").read_text("utf-8"))
    portuguese = {both["pt"] for both in said.values()}
    return {
        key: _pattern(both["en"])
        for key, both in said.items()
        if both["en"] not in portuguese and _letters(both["en"]) >= FEWEST_LETTERS
    }


def _letters(sentence: str) -> int:
    return sum(sum(map(str.isalpha, text)) for text, *_ in string.Formatter().parse(sentence))


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = (
        re.escape(literal.replace("**", "").strip("\n"))
        + ("" if field is None else "(?:.+?)" if field else "")
        for literal, field, *_ in string.Formatter().parse(sentence)
    )
    return re.compile("".join(parts))
