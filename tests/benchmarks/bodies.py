"""What a school system sends to `/predict`: hundreds of records, of 6 and of 13 fields."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from model.student import Features, Value
from preprocessing.cohorts.write import write_cohorts
from preprocessing.files.loading import read_tables
from preprocessing.task.spec import load_task

DATA = Path(__file__).parents[3] / "shared" / "data"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NUMBER = 600
SEED = 7
PERIOD = "2024"

SIX = ("inde", "ida", "ieg", "fase")
"""Beside the student's id and the period."""

THIRTEEN = (
    "inde", "iaa", "ieg", "ips", "ida", "ipv", "mat", "por", "fase", "idade", "pedra",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bodies:
    """Bodies to send.

    Attributes:
        source: whose values they are.
        all: one of 6 fields, one of 13, and so on.
    """

    source: str
    all: tuple[Mapping[str, Any], ...]


def bodies(data: Path = DATA, *, number: int = NUMBER, seed: int = SEED) -> Bodies:
    """Records of the PEDE files, or where these are absent of cohorts that are made.

    The values are a file's own; the students' ids are made up.

    Args:
        data: where the files are looked for.
        number: how many bodies.
        seed: which records are taken.
    """
    paths = sorted(data.glob("pede_20*.csv"))
    if paths:
        return Bodies("the PEDE files", _made(_records(paths), number, seed))
    with tempfile.TemporaryDirectory() as folder:
        paths = write_cohorts(Path(folder), seed=seed)
        return Bodies("generated cohorts", _made(_records(paths), number, seed))


def _records(paths: list[Path]) -> list[Features]:
    task = load_task("pede_lag")
    tables = chain.from_iterable(read_tables(path, task, now=NOW) for path in paths)
    found = [o.features for table in tables for o in table.observations]
    return [record for record in found if record.keys() >= {*SIX, *THIRTEEN}]


def _made(records: list[Features], number: int, seed: int) -> tuple[Mapping[str, Any], ...]:
    chosen = random.Random(seed).choices(records, k=number)
    return tuple(
        {"student_id": f"RA-{place}", "period": PERIOD}
        | {name: _sent(record[name]) for name in (THIRTEEN if place % 2 else SIX)}
        for place, record in enumerate(chosen)
    )


def _sent(value: Value) -> Value:
    """Whole numbers as such, as JSON is written."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
