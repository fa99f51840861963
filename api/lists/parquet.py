"""A list as Parquet, for programs: columns have the names of the API, numbers are numbers.

Nothing imports it before a list is asked for so, because of the memory that pyarrow takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow
import pyarrow.parquet

from api.lists.cells import UNIT, Cell

WHOLE, DECIMAL, TEXT = pyarrow.int64(), pyarrow.float64(), pyarrow.string()
KINDS: Mapping[str, pyarrow.DataType] = {
    "rank": WHOLE,
    "change": WHOLE,
    "risk_score": DECIMAL,
    "predicted": DECIMAL,
    "score_before": DECIMAL,
    "known_weight": WHOLE,
}
"""What columns hold that hold no text."""


def write_parquet(path: Path, keys: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Writes a list.

    Args:
        path: the file.
        keys: of the columns; those of units are told apart by `unit:` where a name is taken.
        rows: one a student, with a cell a column.
    """
    taken = {key for key in keys if not key.startswith(UNIT)}
    names = [key if key.removeprefix(UNIT) in taken else key.removeprefix(UNIT) for key in keys]
    kinds = [KINDS.get(key, TEXT) for key in keys]
    columns = [pyarrow.array([row[at] for row in rows], type=kind) for at, kind in enumerate(kinds)]
    table = pyarrow.Table.from_arrays(
        columns, schema=pyarrow.schema(zip(names, kinds, strict=True))
    )
    pyarrow.parquet.write_table(table, path)
