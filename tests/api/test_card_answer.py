"""The model card over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from database.artifacts import ArtifactRepository
from database.versions import ModelVersionRepository
from model.version import CardFiles
from tests.api.conftest import World
from tests.api.server import Server, served

HTML, MARKDOWN = b"<!DOCTYPE html><title>v2</title>", b"# Model card of v2\n"


@pytest.fixture(scope="module")
def carded(world: World) -> str:
    """A version that has a card, unlike v1."""
    card = CardFiles(
        html=world.registry.run(ArtifactRepository().put(HTML)),
        markdown=world.registry.run(ArtifactRepository().put(MARKDOWN)),
    )
    former = world.registry.run(ModelVersionRepository().get("v1"))
    made = world.registry.run(
        ModelVersionRepository().register(
            lambda n: replace(former, version=f"v{n}", number=n, card=card)
        )
    )
    return made.version


@pytest.fixture(scope="module")
def server(world: World, carded: str) -> Iterator[Server]:
    with served(world.home, workers=1) as running:
        yield running


def test_the_card_is_a_page_that_may_load_nothing(server: Server, carded: str) -> None:
    answer = server.get(f"/models/{carded}/card")

    assert (answer.status_code, answer.content) == (200, HTML)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "private" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("query", "accept"), [("?format=md", "*/*"), ("", "text/markdown"), ("?format=md", "text/html")]
)
def test_markdown_is_given_to_who_asks_for_it(
    server: Server, carded: str, query: str, accept: str
) -> None:
    answer = server.get(f"/models/{carded}/card{query}", accept=accept)

    assert answer.content == MARKDOWN
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"


def test_who_has_the_card_is_not_sent_it_again(server: Server, carded: str) -> None:
    first = server.get(f"/models/{carded}/card")

    again = server.get(f"/models/{carded}/card", **{"if-none-match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")


def test_a_version_of_before_there_were_cards_says_how_to_get_one(server: Server) -> None:
    answer = server.get("/models/v1/card")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "POST /train" in answer.json()["detail"]


def test_an_unknown_version_or_form_is_a_problem_document(server: Server, carded: str) -> None:
    assert server.get("/models/v99/card").status_code == 404
    wrong = server.get(f"/models/{carded}/card?format=pdf")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "format")


def test_the_version_points_to_its_card_and_the_openapi_page_lists_it(
    server: Server, carded: str
) -> None:
    version: httpx.Response = server.get(f"/models/{carded}")
    page = server.get("/openapi.json").json()

    assert version.json()["card"] == f"/models/{carded}/card"
    content = page["paths"]["/models/{version}/card"]["get"]["responses"]["200"]["content"]
    assert content.keys() == {"text/html", "text/markdown"}
