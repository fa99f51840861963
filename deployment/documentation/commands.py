"""The commands, from what each prints when it is asked for help, and the make targets."""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from deployment.documentation.markdown import block, code, plain, table

ROOMS = (
    "api", "database", "deployment", "drift", "model", "preprocessing", "retraining", "training",
)  # fmt: skip
STARTED = f'if __name__ == "{"__main__"}":'
"""The line by which a command is known; put together, so that this file is none."""

WIDTH = "100"
HEAD = """\
# Commands

What each command prints for `--help`. `python` is `.venv/bin/python`. Exit codes are the same for
all of them: 0 done, 1 failed, 2 wrong usage or setting, 3 not enough data, 4 another run holds the
lease.

## make

{targets}
"""
_TARGET = re.compile(r"^([a-z][a-z-]*):.*?## (.*)$", re.MULTILINE)


def modules(root: Path) -> tuple[str, ...]:
    """What `python -m` starts, by name."""
    found = (
        path.relative_to(root).with_suffix("").as_posix().replace("/", ".")
        for room in ROOMS
        for path in (root / room).rglob("*.py")
        if STARTED in path.read_text(encoding="utf-8").splitlines()
    )
    return tuple(sorted(name.removesuffix(".__main__") for name in found))


def targets(root: Path) -> dict[str, str]:
    """Make target to what it is for."""
    return dict(_TARGET.findall((root / "Makefile").read_text(encoding="utf-8")))


def commands_page(root: Path) -> str:
    """Every command with its help, and that of what it can be asked to do."""
    made = table(
        ("target", "does"),
        ((code(f"make {name}"), plain(does)) for name, does in targets(root).items()),
    )
    return HEAD.format(targets=made) + "".join(
        part for module in modules(root) for part in _command(module)
    )


def _command(module: str) -> Iterator[str]:
    first = helped(module)
    yield f"## `python -m {module}`\n\n{block(first)}\n"
    for name in choices(first):
        yield f"### `python -m {module} {name}`\n\n{block(helped(module, name))}\n"


def choices(text: str) -> tuple[str, ...]:
    """What a command can be asked to do, by its help; nothing where it does one thing.

    >>> choices("positional arguments:\\n  {create,list}\\n    create  make\\n    list  all\\n")
    ('create', 'list')
    >>> choices("positional arguments:\\n  COMMAND\\n    list    what waits\\n")
    ('list',)
    """
    begin = re.search(r"^  (\{[\w,-]+\}|COMMAND)$", text, re.MULTILINE)
    if begin is None:
        return ()
    rest = re.split(r"\n\n|\n(?=\S)", text[begin.end() :])[0]
    return tuple(re.findall(r"^    ([a-z][\w-]*)(?= |$)", rest, re.MULTILINE))


def helped(module: str, *asked: str) -> str:
    """What a command prints for `--help`; it starts nothing.

    Raises:
        RuntimeError: it does not know the option.
    """
    told = io.StringIO()
    argv, columns = sys.argv, os.environ.get("COLUMNS")
    sys.argv, os.environ["COLUMNS"] = [module, *asked, "--help"], WIDTH
    try:
        with contextlib.redirect_stdout(told), warnings.catch_warnings():
            # A command that something imports already is read once more, by another name.
            warnings.simplefilter("ignore", RuntimeWarning)
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if not ended.code:
            return told.getvalue()
    finally:
        sys.argv = argv
        os.environ.pop("COLUMNS")
        if columns is not None:
            os.environ["COLUMNS"] = columns
    raise RuntimeError(f"python -m {' '.join((module, *asked))} --help ended without help")
