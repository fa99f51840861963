"""What makes two checks one: the same records, compared in the same way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import orjson

from drift.policy import DriftPolicy
from model.student import Features

BITS = 128


def digest_of(records: Iterable[Features], policy: DriftPolicy) -> str:
    """A digest of records in whatever order, and of the tests, limits and level; 32 hex digits.

    Each record's own digest is added up, so that a record that is there twice counts twice.

    >>> from drift.policy import DriftPolicy
    >>> rule = DriftPolicy((), ())
    >>> digest_of([{"a": 1.0}, {"b": "x"}], rule) == digest_of([{"b": "x"}, {"a": 1.0}], rule)
    True
    >>> digest_of([{"a": 1.0}], rule) == digest_of([{"a": 1.0}, {"a": 1.0}], rule)
    False
    """
    total = int.from_bytes(hashlib.blake2b(_rules(policy), digest_size=BITS // 8).digest())
    for record in records:
        text = orjson.dumps(dict(record), option=orjson.OPT_SORT_KEYS)
        total += int.from_bytes(hashlib.blake2b(text, digest_size=BITS // 8).digest())
    return f"{total % 2**BITS:0{BITS // 4}x}"


def _rules(policy: DriftPolicy) -> bytes:
    names = [[test.about.name for test in tests] for tests in (policy.numeric, policy.category)]
    return orjson.dumps([names, dict(policy.limits), policy.alpha], option=orjson.OPT_SORT_KEYS)
