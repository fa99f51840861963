"""How serving goes, as far as this host can see it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import orjson

from model.live.folder import LiveModel
from model.version import is_version_name
from retraining.notices.scene import Serving, ServingFault

PATIENCE = 3.0
"""Seconds for the API to answer."""

PARTS = ("registry", "champion", "outbox")
"""What serving needs; other parts have notices of their own."""


def look(home: Path | None, api_url: str | None, task: str) -> Serving | None:
    """What is wrong with serving a task; None where nothing is known to be.

    Args:
        home: the task's folder, where an API on this host notes what it refused; None for none.
        api_url: the API, where it is known; what stands before several hosts is seen as one.
        task: the task's name.
    """
    refused = LiveModel(home).quarantined() if home is not None else None
    if refused is not None:
        return Serving(ServingFault.REFUSED, _name(refused.version))
    return _asked(api_url, task) if api_url else None


def told_by(health: Mapping[str, Any]) -> Serving | None:
    """What an answer of `GET /health` says is wrong.

    >>> told_by({"ready": True, "parts": {"champion": {"state": "ok"}}})
    >>> told_by({"ready": True, "parts": {"champion": {"state": "ok"}, "outbox": {"state": "low"}}})
    Serving(fault=<ServingFault.DEGRADED: 'degraded'>, version='')
    """
    parts = health.get("parts", {})
    quarantined = parts.get("champion", {}).get("quarantined")
    if quarantined:
        return Serving(ServingFault.REFUSED, _name(quarantined))
    if not health.get("ready", False):
        return Serving(ServingFault.DOWN)
    wrong = any(parts.get(name, {}).get("state", "ok") != "ok" for name in PARTS)
    return Serving(ServingFault.DEGRADED) if wrong else None


def _asked(api_url: str, task: str) -> Serving | None:
    try:
        answer = httpx.get(f"{api_url.rstrip('/')}/tasks/{task}/health", timeout=PATIENCE)
        health = orjson.loads(answer.content)
    except (httpx.HTTPError, ValueError):
        return Serving(ServingFault.DOWN)
    return told_by(health) if isinstance(health, dict) else Serving(ServingFault.DOWN)


def _name(version: object) -> str:
    """A version's name; what is none is not repeated."""
    return version if isinstance(version, str) and is_version_name(version) else ""
