"""Calls over plain HTTP to servers of this machine.

httpx reads the system's certificates for each client that is made, whatever its URL; that takes
longer than most calls. With these a server that speaks TLS is not trusted.
"""

from __future__ import annotations

import ssl
from contextlib import AbstractContextManager
from typing import Any

import httpx

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def client(**more: Any) -> httpx.Client:
    """A client that keeps its connections."""
    return httpx.Client(verify=NO_TLS, **more)


def request(method: str, url: str, **more: Any) -> httpx.Response:
    """One call over a connection of its own."""
    return httpx.request(method, url, verify=NO_TLS, **more)


def get(url: str, **more: Any) -> httpx.Response:
    """One GET over a connection of its own."""
    return request("GET", url, **more)


def post(url: str, **more: Any) -> httpx.Response:
    """One POST over a connection of its own."""
    return request("POST", url, **more)


def put(url: str, **more: Any) -> httpx.Response:
    """One PUT over a connection of its own."""
    return request("PUT", url, **more)


def delete(url: str, **more: Any) -> httpx.Response:
    """One DELETE over a connection of its own."""
    return request("DELETE", url, **more)


def stream(method: str, url: str, **more: Any) -> AbstractContextManager[httpx.Response]:
    """One call whose answer is read as it comes."""
    return httpx.stream(method, url, verify=NO_TLS, **more)
