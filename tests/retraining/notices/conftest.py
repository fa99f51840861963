"""Receivers on loopback that the tests of this folder send to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.retraining.notices.receivers import Mailbox, Webhook, mailbox, webhook


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as found:
        yield found


@pytest.fixture
def mail() -> Iterator[Mailbox]:
    with mailbox() as found:
        yield found
