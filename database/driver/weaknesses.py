"""Servers that speak MongoDB's protocol and do not keep what the registry builds on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def weakness_of(build: Mapping[str, Any]) -> str:
    """What a server does not keep, from its `buildInfo`; empty where nothing is known against it.

    FerretDB before version 2 names itself so. It looks for the document to replace and writes it
    afterwards, by its key alone (docs/servers.md).

    >>> weakness_of({"version": "7.0.42", "ferretdbVersion": "v1.24.2"})[:19]
    'it is FerretDB 1, w'
    >>> weakness_of({"version": "7.0.14"})
    ''
    """
    if "ferretdbVersion" not in build:
        return ""
    return (
        "it is FerretDB 1, which does not compare before it replaces: of writers that race for a "
        "document several are told that they won, so promotions, leases and records can be lost. "
        "Try Farol on it with one API worker, and keep nothing there that matters (docs/servers.md)"
    )
