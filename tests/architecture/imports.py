"""Who imports whom, read from the source: imports inside functions count."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = (
    "api", "dashboard", "database", "deployment", "drift", "model", "preprocessing", "retraining",
    "training",
)  # fmt: skip


def imports_of(path: Path) -> Iterator[tuple[str, str | None]]:
    """The modules that a file imports, each with the name that is taken from it, if any."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((name.name, None) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from ((node.module or "", name.name) for name in node.names)


def modules_of_the_product() -> dict[str, set[str]]:
    """Each module of the product with the modules of the product that it imports."""
    paths = {
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."): path
        for folder in PRODUCT
        for path in (ROOT / folder).rglob("*.py")
    }
    found: dict[str, set[str]] = {}
    for module, path in paths.items():
        named = {
            f"{source}.{name}" if name and f"{source}.{name}" in paths else source
            for source, name in imports_of(path)
        }
        found[module] = (named & paths.keys()) - {module}
    return found
