"""Tables of the documents that are derived from declarations, each between two marks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DOCUMENTS = Path(__file__).parents[1] / "docs"


@dataclass(frozen=True, slots=True)
class DocumentedTable:
    """One table.

    Attributes:
        page: the file below `docs`.
        name: what its marks call it.
        module: `python -m` of what writes it anew.
        table: the table as it should be.
    """

    page: str
    name: str
    module: str
    table: Callable[[], str]

    def written(self) -> str:
        """The table as the page has it."""
        return self._parts()[1]

    def write(self) -> None:
        """Writes it anew."""
        before, _, after = self._parts()
        (DOCUMENTS / self.page).write_text(before + self.table() + after, "utf-8")

    def _parts(self) -> tuple[str, str, str]:
        """The page before the table, the table and the page after it, marks outside.

        Raises:
            ValueError: the page has no place for it.
        """
        begin = f"<!-- {self.name}: written by python -m {self.module} -->\n"
        end = f"<!-- end of {self.name} -->\n"
        before, begun, rest = (DOCUMENTS / self.page).read_text("utf-8").partition(begin)
        table, ended, after = rest.partition(end)
        if not (begun and ended):
            raise ValueError(f"{self.page} has no place for the table of {self.name}")
        return before + begun, table, ended + after
