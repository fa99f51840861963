"""Tables of pandas in and out; needs the extra `pandas`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd

from farol_client.operations import ScoredRecords


def records_of(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The rows of a table as records; a cell that is missing is left out.

    >>> list(records_of(pd.DataFrame({"student_id": ["RA-1"], "ida": [4.5], "mat": [None]})))
    [{'student_id': 'RA-1', 'ida': 4.5}]
    """
    names = [str(name) for name in frame.columns]
    for row in frame.itertuples(index=False, name=None):
        yield {
            name: _plain(cell) for name, cell in zip(names, row, strict=True) if not pd.isna(cell)
        }


def table_of(told: ScoredRecords, index: pd.Index[Any]) -> pd.DataFrame:
    """What came of records as a table with a row for each of them, by the index that they had.

    A record that was not scored has its reason in `error` and nothing else.

    Args:
        told: what came of them.
        index: of the records, in the order in which they were sent.
    """
    rows: list[dict[str, Any]] = [{} for _ in index]
    for prediction in told.predictions:
        rows[prediction["index"]] = {k: v for k, v in prediction.items() if k != "index"}
    for refused in told.errors:
        why = "; ".join(f"{one['field']}: {one['detail']}" for one in refused["errors"])
        rows[refused["index"]] = {"error": why}
    table = pd.DataFrame(rows, index=index)
    return table if "error" in table else table.assign(error=None)


def _plain(cell: Any) -> Any:
    """A cell as JSON has it: days and times are texts, NumPy's numbers none of Python's."""
    if isinstance(cell, date):
        return cell.isoformat()
    return cell.item() if hasattr(cell, "item") else cell
