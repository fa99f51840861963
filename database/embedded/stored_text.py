"""A document between the wire and SQLite's text, as nx-27017 stores and reads it, by orjson.

The text has no spaces and no escapes of letters, which is all that differs from the library's; each
reads what the other wrote.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from bson import encode
from bson.raw_bson import RawBSONDocument
from neosqlite.collection.json_helpers import neosqlite_json_dumps, neosqlite_json_loads

Document = dict[str, Any]

DEEPEST = 500
"""Opening brackets up to which no text is nested too deeply for SQLite, whose limit is 1,000."""

MOMENTS = 1_024
"""Moments of which is kept how they are written."""

_DATE = "$date"
_DATE_NAME, _DATE_TEXTS = '"$date"', ('"$date":"', '"$date": "')
"""A moment is written as a text, by orjson or by the library; what else has that name is not."""

_OF_THE_LIBRARY = '"__neosqlite_'
"""Begins the names by which the library marks bytes and object ids."""


class NotPlain(Exception):
    """The library must handle this."""


def text_of(document: Document) -> str:
    """A document as it is stored.

    Raises:
        NotPlain: with bytes or object ids, or nested so deeply that SQLite might not read it.
        ValueError: NaN or infinity, which the library refuses.
    """
    try:
        text = orjson.dumps(document, _tagged, orjson.OPT_PASSTHROUGH_DATETIME).decode()
    except TypeError as error:
        raise NotPlain from error
    if "null" in text:
        # orjson writes NaN so too.
        text = neosqlite_json_dumps(document, allow_nan=False)
    if text.count("{") + text.count("[") > DEEPEST and _is_deeper(document, DEEPEST):
        raise NotPlain
    return text


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether a value has more levels than that; a list of many documents has few."""
    if type(value) is dict:
        value = [*value.values()]
    if type(value) is not list:
        return False
    return not levels or any(_is_deeper(one, levels - 1) for one in value)


def moment_text(at: datetime) -> str:
    """A moment as SQLite's `json_extract` gives it; the earlier of two is the lesser text.

    >>> moment_text(datetime(2024, 5, 1)) < moment_text(datetime(2024, 5, 1, microsecond=1))
    True
    """
    return f'{{"{_DATE}":"{at.isoformat()}"}}'


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """A stored document that was found, made into an answer when its turn comes.

    Of a long list most are asked for later, batch by batch; what all of them took to be encoded at
    once, nobody else was answered.

    Attributes:
        text: as it is stored.
        fields: those that are asked for; None is all.
    """

    text: str
    fields: Collection[str] | None

    def encoded(self) -> RawBSONDocument:
        """The document as it is sent."""
        try:
            document = read(self.text)
        except NotPlain:  # No text that Farol writes.
            document = neosqlite_json_loads(self.text)
        if self.fields is not None:
            document = {name: value for name, value in document.items() if name in self.fields}
        return RawBSONDocument(encode(document))


def answer_of(text: str, fields: Collection[str] | None = None) -> StoredAnswer | RawBSONDocument:
    """A stored document as an answer, or some of its fields, which are less to keep than the whole.

    Raises:
        NotPlain: it holds what only the library reads.
    """
    if type(text) is not str or _OF_THE_LIBRARY in text:
        raise NotPlain
    if text.count(_DATE_NAME) != sum(map(text.count, _DATE_TEXTS)):
        raise NotPlain
    answer = StoredAnswer(text, fields)
    return answer if fields is None else answer.encoded()


def read(text: str) -> Document:
    """A stored document.

    Raises:
        NotPlain: it is none, or holds what only the library reads.
    """
    if type(text) is not str or _OF_THE_LIBRARY in text:
        raise NotPlain
    try:
        document: Document = orjson.loads(text)
        if type(document) is not dict:
            raise NotPlain
        if moments := text.count(_DATE_NAME):
            _date_values(document, moments)
    except ValueError as error:
        raise NotPlain from error
    return document


def _tagged(value: Any) -> Document:
    if type(value) is datetime:
        return _tag(value)
    raise TypeError


@lru_cache(MOMENTS)
def _tag(value: datetime) -> Document:
    """How a moment is written; documents that came together share most of theirs."""
    return {_DATE: value.isoformat()}


def _date_values(document: Document, moments: int) -> int:
    """Puts moments in the places of what the library writes for them; gives how many are left.

    Those of one level come first, for most are there, and what lies deeper is features: where all
    are found, nothing more is looked through.

    Args:
        document: what is changed.
        moments: so many at most are in it.

    Raises:
        NotPlain: a moment is written as no text.
        ValueError: a text is no moment.
    """
    deeper: list[Document] = []
    for name, value in document.items():
        kind = type(value)
        if kind is dict:
            if _DATE in value:
                document[name] = _dated(value)
                moments -= 1
            else:
                deeper.append(value)
        elif kind is list:
            for place, one in enumerate(value):
                if type(one) is dict:
                    if _DATE in one:
                        value[place] = _dated(one)
                        moments -= 1
                    else:
                        deeper.append(one)
    for inner in deeper:
        if not moments:
            break
        moments = _date_values(inner, moments)
    return moments


def _dated(value: Document) -> datetime:
    if type(value[_DATE]) is not str:
        raise NotPlain
    return datetime.fromisoformat(value[_DATE])
