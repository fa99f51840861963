"""Notices of API keys: those that end soon, and those that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from model.access import ApiKey, Scope
from model.trust.key_watch import SOON, UNUSED
from model.watch.notice import Severity
from retraining.notices.kinds.examples import BEFORE, NOW, QUIET
from retraining.notices.kinds.running import is_first
from retraining.notices.rule import Fact, NoticeRule
from retraining.notices.scene import Scene


def ending_keys(scene: Scene) -> Iterator[Fact]:
    """Keys that end soon, told by the first task that a worker works on."""
    for key in scene.ending_keys if is_first(scene) else ():
        if key.expires_at is not None:
            at = max(key.created_at, key.expires_at - SOON)
            day = {"pt": f"{key.expires_at:%d/%m/%Y}", "en": f"{key.expires_at:%Y-%m-%d}"}
            yield Fact(key.key_id, at, {"key": key.key_id, "day": day})


def unused_keys(scene: Scene) -> Iterator[Fact]:
    """Keys that nobody uses, told by the first task that a worker works on."""
    for key in scene.unused_keys if is_first(scene) else ():
        yield Fact(key.key_id, scene.now, {"key": key.key_id, "days": UNUSED.days})


_KEY = ApiKey("0123456789ab", "system", "d", frozenset({Scope.PREDICT}), BEFORE)

KEY_ENDING = NoticeRule(
    name="key_ending",
    severity=Severity.WARNING,
    about=f"an API key ends within {SOON.days} days, and no other is in its place",
    find=ending_keys,
    title={"pt": "Uma chave da API vence em breve", "en": "An API key ends soon"},
    sentences={
        "told": {
            "pt": "A chave {key} vence em {day}. O sistema que a usa deixa de ser atendido então; "
            "peça ao administrador uma nova (api.keys rotate).",
            "en": "The key {key} ends on {day}. The system that uses it is not answered from then "
            "on; ask the administrator for a new one (api.keys rotate).",
        },
    },
    examples={
        "told": replace(QUIET, ending_keys=(replace(_KEY, expires_at=NOW + timedelta(days=3)),))
    },
    standing=True,
)

KEY_UNUSED = NoticeRule(
    name="key_unused",
    severity=Severity.INFO,
    about=f"an API key was not used for {UNUSED.days} days",
    find=unused_keys,
    title={"pt": "Uma chave da API não é usada", "en": "An API key is not used"},
    sentences={
        "told": {
            "pt": "Ninguém usou a chave {key} há {days} dias ou mais. Se ninguém precisa dela, o "
            "administrador deve revogá-la.",
            "en": "Nobody used the key {key} for {days} days or more. If nobody needs it, the "
            "administrator should revoke it.",
        },
    },
    examples={"told": replace(QUIET, unused_keys=(_KEY,))},
    standing=True,
)
