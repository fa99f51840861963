"""A notebook as a page: its texts as they are, its code as blocks; outputs are never kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from deployment.documentation.markdown import block

CODE = "code"


@dataclass(frozen=True, slots=True)
class NotebookCell:
    """One cell: `markdown` or `code`, and its text."""

    kind: str
    text: str
    outputs: int = 0


def cells(path: Path) -> tuple[NotebookCell, ...]:
    """The cells of a notebook (nbformat 4)."""
    told = json.loads(path.read_text(encoding="utf-8"))
    return tuple(
        NotebookCell(
            cell["cell_type"], "".join(cell["source"]), len(cell.get("outputs", ()))
        )
        for cell in told["cells"]
    )  # fmt: skip


def notebook_page(path: Path) -> str:
    """The page of a notebook."""
    told = (
        block(cell.text, "python") if cell.kind == CODE else f"{cell.text.rstrip()}\n"
        for cell in cells(path)
    )
    return "\n".join((*told, f"This page is the notebook `docs/notebooks/{path.name}`.\n"))
