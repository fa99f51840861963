"""Many checked records as columns: what the encoder and the predictor take besides single records.

It imports neither pandas nor pyarrow: a worker that is never sent a file has neither in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.student import Features, Value
from preprocessing.task.columns import Column, Kind

Numbers = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Categories:
    """One category of n records.

    Attributes:
        codes: positions in `names`, shape (n,); -1 where the record gives none.
        names: categories in their canonical spelling, each once.
    """

    codes: NDArray[np.int64]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """n records of one task, checked and canonical.

    Attributes:
        size: n.
        numbers: feature to values of shape (n,), NaN where a record gives none.
        categories: feature to categories. A feature in neither is given by no record.
    """

    size: int
    numbers: Mapping[str, Numbers]
    categories: Mapping[str, Categories]

    def number(self, name: str) -> Numbers:
        """The values of a number, NaN where there is none."""
        found = self.numbers.get(name)
        return np.full(self.size, np.nan) if found is None else found

    def given(self, name: str) -> NDArray[np.bool_]:
        """Which records give a feature."""
        if name in self.categories:
            return self.categories[name].codes >= 0
        return ~np.isnan(self.number(name))

    def values(self, name: str) -> list[Value | None]:
        """The values of a feature, None where a record gives none."""
        if name in self.categories:
            found = self.categories[name]
            texts = np.array([*found.names, None], dtype=object)[found.codes]
            listed: list[Value | None] = texts.tolist()
            return listed
        if name not in self.numbers:
            return [None] * self.size
        values: list[float] = self.numbers[name].tolist()
        return [None if v != v else v for v in values]

    def places(self, name: str, known: Mapping[Any, int], otherwise: int) -> Rows:
        """Where the category of each record stands in `known`, shape (n,)."""
        if name not in self.categories:
            return np.full(self.size, otherwise, dtype=np.intp)
        found = self.categories[name]
        places = [known.get(category, otherwise) for category in found.names]
        return np.array([*places, otherwise], dtype=np.intp)[found.codes]

    def unseen(self, name: str, known: Mapping[Any, int]) -> NDArray[np.bool_]:
        """Which records give a category that is not in `known`."""
        if name not in self.categories:
            return np.zeros(self.size, dtype=np.bool_)
        found = self.categories[name]
        unseen = [category not in known for category in found.names]
        return np.array([*unseen, False], dtype=np.bool_)[found.codes]

    def take(self, rows: Rows | NDArray[np.bool_]) -> Columns:
        """Some of the records, by their positions or by a mask."""
        numbers = {name: values[rows] for name, values in self.numbers.items()}
        categories = {
            name: Categories(one.codes[rows], one.names) for name, one in self.categories.items()
        }
        size = int(rows.sum()) if rows.dtype == np.bool_ else len(rows)
        return Columns(size, numbers, categories)


def columns_of(records: Sequence[Features], columns: Sequence[Column]) -> Columns:
    """Records that were checked one by one, as columns.

    >>> found = columns_of([{"ida": 2.0}, {}], [Column(name="ida"), Column(name="inde")])
    >>> found.numbers["ida"], found.values("inde")
    (array([ 2., nan]), [None, None])
    """
    numbers: dict[str, Numbers] = {}
    categories: dict[str, Categories] = {}
    for column in columns:
        values = [record.get(column.name) for record in records]
        if column.kind is Kind.NUMERIC:
            numbers[column.name] = np.array(values, dtype=np.float64)
        else:
            categories[column.name] = categories_of(values)
    return Columns(len(records), numbers, categories)


def categories_of(values: Sequence[Value | None]) -> Categories:
    """Categories by name as codes.

    >>> categories_of(["a", None, "b", "a"])
    Categories(codes=array([ 0, -1,  1,  0]), names=('a', 'b'))
    """
    places: dict[Any, int] = {None: -1}
    codes = [places.setdefault(value, len(places) - 1) for value in values]
    return Categories(np.array(codes, dtype=np.int64), tuple(places)[1:])


def joined_columns(parts: Sequence[Columns]) -> Columns:
    """The records of several parts, which have the same features, one part after the other.

    >>> column = Column(name="pedra", kind="category", categories={"a": (), "b": ()})
    >>> parts = [columns_of([{"pedra": name}], [column]) for name in ("a", "b")]
    >>> joined_columns(parts).values("pedra")
    ['a', 'b']
    """
    numbers = {
        name: np.concatenate([part.number(name) for part in parts]) for name in parts[0].numbers
    }
    categories = {
        name: _joined([part.categories[name] for part in parts]) for name in parts[0].categories
    }
    return Columns(sum(part.size for part in parts), numbers, categories)


def _joined(parts: Sequence[Categories]) -> Categories:
    places = {name: place for place, name in enumerate(_names(parts))}
    codes = [
        np.array([*(places[name] for name in part.names), -1], dtype=np.int64)[part.codes]
        for part in parts
    ]
    return Categories(np.concatenate(codes), tuple(places))


def _names(parts: Sequence[Categories]) -> dict[str, None]:
    return {name: None for part in parts for name in part.names}
