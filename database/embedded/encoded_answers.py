"""Answers of the embedded server: each document that was found is encoded once, when it is sent.

nx-27017 encodes each to learn its size, then copies the whole answer in search of object ids, and
encodes that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bson import encode
from bson.errors import InvalidDocument
from bson.raw_bson import RawBSONDocument
from nx_27017.handler import NeoSQLiteHandler
from nx_27017.utils import convert_neo_to_bson_objectids
from nx_27017.wire_protocol import MAX_BSON_DOCUMENT_SIZE

from database.embedded.stored_text import StoredAnswer


def encode_once(handler: NeoSQLiteHandler) -> None:
    """Makes this handler encode what it found as it is sent, a batch at a time."""
    splits = handler._split_first_batch

    def split(found: Iterable[Any], *args: Any, **options: Any) -> tuple[list[Any], int]:
        # What the library found is its own, and may be changed before its turn comes.
        kept = [one if type(one) is StoredAnswer else _encoded(one) for one in found]
        first, cursor = splits(kept, *args, **options)
        return first, cursor

    handler._split_first_batch = split
    handler._fit_bson_budget = _in_one_answer


def _in_one_answer(
    found: Sequence[Any], limit: int = MAX_BSON_DOCUMENT_SIZE
) -> tuple[Sequence[Any], Sequence[Any]]:
    """The documents that fit into an answer, encoded, at least one, and the others."""
    fitting: list[Any] = []
    used = 0
    for number, document in enumerate(found):
        one = _encoded(document)
        used += len(one.raw)
        if number and used > limit:
            return fitting, [one, *found[number + 1 :]]
        fitting.append(one)
    return fitting, []


def _encoded(document: Any) -> Any:
    if type(document) is RawBSONDocument:
        return document
    if type(document) is StoredAnswer:
        return document.encoded()
    try:
        return RawBSONDocument(encode(document))
    except InvalidDocument:  # It holds a type of the library's own.
        return RawBSONDocument(encode(convert_neo_to_bson_objectids(document)))
