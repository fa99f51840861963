"""The source files of ours that a module needs, found by reading what it imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def needed(module: str, root: Path = ROOT) -> tuple[Path, ...]:
    """The files of a module and of all of ours that it imports, however deep, and their packages.

    Args:
        module: `preprocessing.pyfunc`, say.
        root: the folder that ours lie in.

    >>> "model/bundle.py" in [one.as_posix() for one in needed("model.archive")]
    False
    """
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        path = _file(waiting.pop(), root)
        if path is None or path in found:
            continue
        found |= {path, *_packages(path, root)}
        waiting += _imported(path)
    return tuple(sorted(path.relative_to(root) for path in found))


def _file(module: str, root: Path) -> Path | None:
    """The file of a module of ours; None of others, and of a name in a module."""
    path = root.joinpath(*module.split("."))
    for one in (path.with_suffix(".py"), path / "__init__.py"):
        if one.is_file():
            return one
    return None


def _packages(path: Path, root: Path) -> Iterator[Path]:
    folder = path.parent
    while folder != root:
        yield folder / "__init__.py"
        folder = folder.parent


def _imported(path: Path) -> Iterator[str]:
    """Every module that a file may import, names in modules among them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
