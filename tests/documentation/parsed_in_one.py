"""Lets commands read their words, and do nothing else, in forks of one process.

`python -m tests.documentation.parsed_in_one FOLDER` reads a JSON list of word lists from stdin, the
module first, and writes to `FOLDER/<number>` what the command says against its words: nothing where
it takes them.
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

TAKEN, WRONG = 0, 2


def only_read() -> None:
    """From here on a parser that has read its words ends the process."""
    whole = argparse.ArgumentParser.parse_known_args
    inside = False

    def read(parser: argparse.ArgumentParser, *given: Any, **named: Any) -> Any:
        nonlocal inside
        if inside:  # The parser of a command's command.
            return whole(parser, *given, **named)
        inside = True
        _, left = whole(parser, *given, **named)
        if left:
            sys.stderr.write(f"unrecognized arguments: {' '.join(left)}\n")
        sys.stderr.flush()
        os._exit(WRONG if left else TAKEN)

    argparse.ArgumentParser.parse_known_args = read  # type: ignore[assignment]


def in_a_fork(answer: Path, words: Sequence[str]) -> None:
    """Lets one command read its words."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    os.dup2(os.open(answer, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    only_read()
    sys.argv = list(words)
    sys.modules.pop(words[0], None)
    try:
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
        sys.stderr.write("ended before it read its words\n")
    except SystemExit as ended:
        if not sys.stderr.tell():
            sys.stderr.write(f"ended with {ended.code}\n")
    finally:
        sys.stderr.flush()
        os._exit(WRONG)


def main(folder: Path) -> None:
    """All of them, one after the other."""
    asked = json.load(sys.stdin)
    for module in dict.fromkeys(words[0] for words in asked):
        import_module(module)
    for number, words in enumerate(asked):
        in_a_fork(folder / str(number), words)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
