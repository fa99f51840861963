"""How every driver is opened."""

from __future__ import annotations

from typing import Any

from bson.codec_options import CodecOptions
from pymongo import WriteConcern
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

from model.errors import ConfigurationError


def client_options(uri: str, pool_size: int, timeout_ms: int) -> dict[str, Any]:
    """Keyword arguments of a client.

    Raises:
        ConfigurationError: the URI cannot be read; it is not repeated, it may hold a password.
    """
    try:
        parse_uri(uri, validate=True, warn=False)
    except (PyMongoError, ValueError) as error:
        raise ConfigurationError(f"MONGO_URI cannot be read: {type(error).__name__}") from None
    return {
        "appname": "farol",
        "maxPoolSize": pool_size,
        "serverSelectionTimeoutMS": timeout_ms,
        "connectTimeoutMS": timeout_ms,
        "socketTimeoutMS": 12 * timeout_ms,
        "retryWrites": True,
        "retryReads": True,
    }


def database_options() -> dict[str, Any]:
    """Times come back with their zone; a write is acknowledged by a majority, which journals it.

    `j` is not given: MongoDB journals majority writes by default, while the embedded server takes
    it as a wish to sync after each document, which costs it nine tenths of its speed.
    """
    return {
        "codec_options": CodecOptions(tz_aware=True),
        "write_concern": WriteConcern(w="majority"),
    }
