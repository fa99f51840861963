"""Pages tell what `/health` tells."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from dashboard.api_client import FarolApi
from dashboard.serving import objection
from dashboard.texts import Language, load_texts
from dashboard.views.worker import outgrown

EN = load_texts(Language.EN)


def report(version: str | None, ready: bool = True, **champion: str) -> dict[str, Any]:
    parts = {"champion": champion, "outbox": {"state": "failed", "detail": "the disk is full"}}
    return {"model_version": version, "ready": ready, "parts": parts}


def test_a_champion_that_serves_is_not_objected_to() -> None:
    assert objection(report("v2"), "v2", EN) is None


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (None, "The API does not answer; whether v2 serves is not known."),
        (
            report(None, False, reason="v2 is not signed with this installation's key; do this"),
            "v2 does not serve, and no prediction is answered. "
            "v2 is not signed with this installation's key; do this",
        ),
        (
            report("v1", reason="v2 is damaged"),
            "v2 does not serve; v1 answers in its place. v2 is damaged",
        ),
        (
            report("v2", False),
            "v2 is loaded, but no prediction is answered. the disk is full",
        ),
    ],
)
def test_what_speaks_against_it_is_told_as_health_tells_it(
    told: dict[str, Any] | None, said: str
) -> None:
    assert objection(told, "v2", EN) == said


@pytest.mark.parametrize(
    ("answer", "known"),
    [
        (httpx.Response(200, json=report("v1")), True),
        (httpx.Response(503, json=report(None, False)), True),
        (httpx.Response(404, json={"detail": "nothing here"}), False),
        (httpx.Response(200, json=[1]), False),
        (httpx.Response(200, text="a page of somebody else"), False),
    ],
)
def test_a_health_that_is_503_is_read_and_another_page_is_not_taken_for_one(
    answer: httpx.Response, known: bool
) -> None:
    api = FarolApi("http://farol", transport=httpx.MockTransport(lambda _: answer))

    assert (api.health() is not None) is known


@pytest.mark.parametrize("language", list(Language))
def test_an_embedded_registry_that_was_outgrown_is_told_with_its_figures(
    language: Language,
) -> None:
    part = {"state": "ok", "bytes": 5_400_000_000, "limit_bytes": 5_000_000_000, "outgrown": True}
    texts = load_texts(language)

    told = outgrown({"parts": {"registry": part}}, texts)

    assert texts.number(5.4, 1) in told
    assert "MongoDB" in told
    assert outgrown({"parts": {"registry": {**part, "outgrown": False}}}, texts) == ""
    assert outgrown({"parts": {"registry": {"state": "ok"}}}, texts) == ""
    assert outgrown(None, texts) == ""
