"""Seals that were made by any release hold in every later one, byte for byte."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, cast

import pytest

from model.trust.signature import check, check_former, seal

KEY = b"an installation's key"
FIELDS: dict[str, str | int | bool | None] = {
    "version": "v1",
    "task": "pede_lag",
    "number": 3,
    "final": True,
    "note": None,
}
ENCODED = (
    b'{"fields":{"final":true,"note":null,"number":3,"task":"pede_lag","version":"v1"},'
    b'"format":1,"purpose":"version"}'
)


def test_a_seal_is_the_hmac_of_one_exact_encoding() -> None:
    assert seal("version", FIELDS, KEY) == hmac.new(KEY, ENCODED, hashlib.sha256).hexdigest()


def test_a_seal_is_checked_for_its_purpose_fields_and_key() -> None:
    made = seal("version", FIELDS, KEY)

    assert check("version", FIELDS, made, KEY)
    assert not check("key", FIELDS, made, KEY)
    assert not check("version", FIELDS | {"version": "v2"}, made, KEY)
    assert not check("version", FIELDS, made, b"another")
    assert not check("version", FIELDS, made[:-1], KEY)
    assert not check("version", FIELDS, "", KEY)


def test_what_json_cannot_say_is_not_sealed() -> None:
    with pytest.raises(ValueError, match="JSON"):
        seal("version", cast(Any, {"share": float("nan")}), KEY)


def test_a_signature_of_before_covers_the_archives_digest_with_the_key() -> None:
    found = hmac.new(KEY, b"a" * 64, hashlib.sha256).hexdigest()

    assert check_former("a" * 64, found, KEY)
    assert not check_former("b" * 64, found, KEY)
    assert not check_former("a" * 64, found, b"another")
    assert not check_former("a" * 64, "", KEY)
