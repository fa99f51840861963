"""Where a server of `others` listens."""

from __future__ import annotations

from typing import cast

import pytest

from tests.database.servers.ferretdb import FerretDB


@pytest.fixture
def uri(request: pytest.FixtureRequest) -> str:
    """Of the server that a test is parametrised with, by its name."""
    if request.param == "ferretdb":
        return cast("FerretDB", request.getfixturevalue("ferretdb")).uri
    return cast("str", request.getfixturevalue(f"{request.param}_uri"))
