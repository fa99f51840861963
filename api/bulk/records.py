"""The records of a chunk's predictions, as the outbox keeps them.

A `Prediction` per row, and orjson on each, would cost more than scoring does. Here orjson writes
each column once, and Arrow puts the rows together, so that no Python runs per row.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeAlias

import numpy as np
import orjson
import pyarrow
import pyarrow.compute

from api.bulk.order import ChunkOrigin
from model.prediction import Prediction, PredictionSource
from model.student import Units
from preprocessing.assessing import Assessments
from preprocessing.columnar.columns import Columns, Numbers
from preprocessing.columnar.tables import CheckedRows

ID_BYTES = 16
TO_ESCAPE = r'[\x00-\x1f"\\]'
"""What JSON does not take as it is."""

FIELDS = tuple(field.name for field in fields(Prediction))

Texts: TypeAlias = "str | pyarrow.Array"
"""The JSON of a field: one for all rows, or one per row; null where a row has no such field."""


def prediction_ids(number: int) -> list[str]:
    """New ids, as those of `/predict`; asking for the randomness once is what costs."""
    digits = secrets.token_hex(ID_BYTES * number)
    return [digits[at : at + 2 * ID_BYTES] for at in range(0, len(digits), 2 * ID_BYTES)]


def record_bodies(
    rows: CheckedRows, found: Assessments, ids: Sequence[str], origin: ChunkOrigin
) -> list[bytes]:
    """The JSON of each prediction: what orjson makes of a `Prediction` of the same fields.

    Args:
        rows: as they were read.
        found: what the version says of those kept.
        ids: the predictions' ids, of those kept.
        origin: what they share.
    """
    if not ids:
        return []
    thresholds = origin.champion.thresholds
    kept = rows.kept.tolist()
    patterns = pyarrow.array(found.pattern_of)
    written: dict[str, Texts] = {
        "prediction_id": _words(ids),
        "student_id": _texts([rows.keys[row] for row in kept]),
        "period": _periods([rows.periods[row] for row in kept]),
        "features": _features(rows.columns, origin.features),
        "imputed": _json_of([one.imputed for one in found.patterns]).take(patterns),
        "risk_score": _numbers(np.array(found.scores)),
        "risk_label": _words(found.labels),
        "status": _words(found.statuses),
        "threshold": _json(thresholds.operating)
        if found.operating is None
        else _numbers(np.array(found.operating)),
        "model_version": _json(origin.champion.version),
        "created_at": _json(origin.at),
        "client": _json(origin.client.name),
        "key_id": _json(origin.client.key_id),
        "request_id": _json(origin.request_id),
        "scale": _json(thresholds.scale),
        "known_weight": _json_of([one.known_weight for one in found.patterns]).take(patterns),
        "unseen": _json_of([one.unseen for one in found.patterns]).take(patterns),
        "interval": _intervals(found.intervals),
        "source": _json(PredictionSource.API),
        **_units([rows.units[row] for row in kept], origin.unit_of),
    }
    pieces: list[Texts] = []
    for place, name in enumerate(FIELDS):
        pieces += [f'{"," if place else "{"}"{name}":', written[name]]
    joined: list[bytes] = _joined(*pieces, "}").cast(pyarrow.binary()).to_pylist()
    return joined


def _units(units: Sequence[Units], unit_of: Callable[[Units], str]) -> dict[str, Texts]:
    """The JSON of each record's units and of the one that access goes by."""
    if not any(units):
        return {"units": "{}", "unit": '""'}
    known = {id(one): one for one in units}
    places = {key: place for place, key in enumerate(known)}
    taken = pyarrow.array([places[id(one)] for one in units])
    different = known.values()
    return {
        "units": _json_of([dict(one) for one in different]).take(taken),
        "unit": _json_of([unit_of(one) for one in different]).take(taken),
    }


def _features(records: Columns, names: Sequence[str]) -> pyarrow.Array:
    """The JSON object of each record's features, with those that it gives."""
    values = {name: _values(records, name) for name in names}
    given = [_joined(f"{_json(n)}:", one) for n, one in values.items() if one is not None]
    inside = pyarrow.compute.binary_join_element_wise(*given, ",", null_handling="skip")
    return _joined("{", inside, "}")


def _values(records: Columns, name: str) -> pyarrow.Array | None:
    """The JSON of a feature's values, null where a record gives none; None where none does."""
    if name in records.categories:
        found = records.categories[name]
        places = pyarrow.array(found.codes, mask=found.codes < 0)
        return _json_of(found.names).take(places)
    if name not in records.numbers:
        return None
    values = records.numbers[name]
    nothing = pyarrow.scalar(None, pyarrow.string())
    return pyarrow.compute.if_else(pyarrow.array(~np.isnan(values)), _numbers(values), nothing)


def _numbers(values: Numbers) -> pyarrow.Array:
    written = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    return pyarrow.compute.split_pattern(pyarrow.array([written[1:-1].decode()]), ",").flatten()


def _texts(values: Sequence[str | None]) -> pyarrow.Array:
    texts = pyarrow.array(values, pyarrow.string())
    unusual = pyarrow.compute.match_substring_regex(texts, TO_ESCAPE)
    if texts.null_count or pyarrow.compute.any(unusual).as_py():
        return _json_of(values)
    return _joined('"', texts, '"')


def _periods(values: Sequence[str | None]) -> Texts:
    return _json(values[0]) if len({*values}) == 1 else _texts(values)


def _words(values: Sequence[str]) -> pyarrow.Array:
    """Texts in which there is nothing to escape."""
    return _joined('"', pyarrow.array(values, pyarrow.string()), '"')


def _intervals(values: Sequence[tuple[float, float] | None]) -> Texts:
    return "null" if values[0] is None else _json_of(values)


def _json_of(values: Sequence[Any]) -> pyarrow.Array:
    return pyarrow.array(map(_json, values), pyarrow.string())


def _joined(*pieces: Texts) -> pyarrow.Array:
    return pyarrow.compute.binary_join_element_wise(*pieces, "")


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
