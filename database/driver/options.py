"""How every driver is opened."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

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
        raise ConfigurationError(
            f"MONGO_URI ({hosts_of(uri)}) cannot be read, or its host name not be looked up: "
            f"{type(error).__name__}"
        ) from None
    return {
        "appname": "farol",
        "maxPoolSize": pool_size,
        "serverSelectionTimeoutMS": timeout_ms,
        "connectTimeoutMS": timeout_ms,
        "socketTimeoutMS": 12 * timeout_ms,
        "retryWrites": True,
        "retryReads": True,
    }


def database_of(uri: str) -> str | None:
    """The database that a connection string names in its path; None where it names none.

    `admin` holds a server's accounts, so there it says where the credentials are, not the data.

    >>> database_of("mongodb://me:secret@one,two:27018/school?tls=true")
    'school'
    >>> database_of("mongodb://me:secret@one/admin") is None
    True
    """
    name = unquote(_parts(uri)[1])
    return name if name and name != "admin" else None


def grant_on(database: str) -> str:
    """What an administrator enters in mongosh to open a database to Farol's account.

    Roles know no wildcard, so each task's database needs it.

    >>> grant_on("farol_b")
    "db.getSiblingDB('admin').grantRolesToUser('ACCOUNT', [{role: 'readWrite', db: 'farol_b'}])"
    """
    role = f"{{role: 'readWrite', db: '{database}'}}"
    return f"db.getSiblingDB('admin').grantRolesToUser('ACCOUNT', [{role}])"


def hosts_of(uri: str) -> str:
    """Where a connection string leads, without its credentials.

    >>> hosts_of("mongodb://me:secret@one,two:27018/school?tls=true")
    'one:27017, two:27018'
    >>> hosts_of("mongodb+srv://me:secret@cluster.example")
    'cluster.example'
    >>> hosts_of("mongodb://%2Frun%2Ffarol.sock")
    '/run/farol.sock'
    """
    hosts = unquote(_parts(uri)[0].rpartition("@")[2]).split(",")
    if uri.startswith("mongodb+srv:"):
        return ", ".join(hosts)
    return ", ".join(
        host if host.startswith("/") or ":" in host.rpartition("]")[2] else f"{host}:27017"
        for host in hosts
    )


def _parts(uri: str) -> tuple[str, str]:
    """Credentials and hosts, and the path. Nothing is looked up, as PyMongo's parser does."""
    authority, _, path = uri.partition("://")[2].partition("?")[0].partition("/")
    return authority, path


def database_options() -> dict[str, Any]:
    """Times come back with their zone; a write is acknowledged by a majority, which journals it.

    `j` is not given: MongoDB journals majority writes by default, while the embedded server takes
    it as a wish to sync after each document, which costs it nine tenths of its speed.
    """
    return {
        "codec_options": CodecOptions(tz_aware=True),
        "write_concern": WriteConcern(w="majority"),
    }
