"""A registry and a webhook for each story."""

from __future__ import annotations

from tests.retraining.conftest import db, embedded_uri, home, registry
from tests.retraining.notices.conftest import hook

__all__ = ["db", "embedded_uri", "home", "hook", "registry"]
