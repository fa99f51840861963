"""Puts together what the site is made of: the pages of the repository and the generated ones.

The repository's folders are kept, so a link leads to the same page in the repository and on the
site. Nothing of the source is written into the repository's own folders.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from deployment.documentation.notebook import notebook_page
from deployment.documentation.reference import FOLDER, write_reference

INDEX = "docs/index.md"
NOTEBOOKS = "docs/notebooks"
REFERENCE_SECTION = "Reference"
_LINK = re.compile(r"\]\(([^)\s#]+)(#[^)\s]*)?\)")
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_DIAGRAM = re.compile(r"^```mermaid$", re.MULTILINE)


def assemble(root: Path, source: Path) -> None:
    """Writes the source of the site.

    Args:
        root: the repository.
        source: where to; what was there is removed.
    """
    if source.exists():
        shutil.rmtree(source)
    generated = write_reference(root, source / "docs" / FOLDER)
    for page in pages(root):
        _copy_page(root, page, source)
    for notebook in sorted((root / NOTEBOOKS).glob("*.ipynb")):
        target = source / NOTEBOOKS / f"{notebook.stem}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(adapted(notebook_page(notebook)), encoding="utf-8")
    index = source / INDEX
    names = [f"{FOLDER}/{path.name}" for path in generated]
    index.write_text(with_contents(index.read_text("utf-8"), names), encoding="utf-8")


def pages(root: Path) -> list[Path]:
    """The pages of the repository."""
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]


def adapted(text: str) -> str:
    """A page as the site reads it: notebooks are pages, diagrams without a drawing are texts.

    >>> adapted("[one](notebooks/one.ipynb)")
    '[one](notebooks/one.md)'
    """
    return _DIAGRAM.sub("```text", text).replace(".ipynb)", ".md)")


def sections(index: str) -> Mapping[str, Sequence[str]]:
    """Section of the index to the pages that it links, in their order; each where it is first.

    >>> sections("## How-to\\n[Data](data.md) [once more](data.md#a) [x](https://x.org)\\n")
    {'How-to': ['data.md']}
    """
    parts = _SECTION.split(index)[1:]
    seen: set[str] = set()
    found: dict[str, Sequence[str]] = {}
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        linked = [path for path, _ in _LINK.findall(text) if _is_page(path)]
        found[name] = [path for path in dict.fromkeys(linked) if path not in seen]
        seen.update(linked)
    return found


def with_contents(index: str, generated: Sequence[str]) -> str:
    """The index with what the site's navigation is made of: its sections, in their order."""
    above = [path for path, _ in _LINK.findall(_SECTION.split(index)[0]) if _is_page(path)]
    parts = ["\n".join(_contents(None, above))] if above else []
    for name, linked in sections(index).items():
        entries = [*linked, *generated] if name == REFERENCE_SECTION else linked
        if entries:
            parts.append("\n".join(_contents(name, entries)))
    return "\n\n".join((index, *parts)) + "\n"


def _contents(caption: str | None, entries: Sequence[str]) -> Iterator[str]:
    yield "```{toctree}\n:hidden:"
    yield f":caption: {caption}\n" if caption else ""
    yield from entries
    yield "```"


def _is_page(path: str) -> bool:
    return path.endswith((".md", ".ipynb")) and "://" not in path


def _copy_page(root: Path, page: Path, source: Path) -> None:
    """Writes a page, and the files beside pages that it shows or links."""
    text = page.read_text(encoding="utf-8")
    target = source / page.relative_to(root)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(adapted(text), encoding="utf-8")
    for path, _ in _LINK.findall(text):
        linked = (page.parent / path).resolve()
        if _is_page(path) or not linked.is_file() or root not in linked.parents:
            continue
        shown = source / linked.relative_to(root)
        shown.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(linked, shown)
