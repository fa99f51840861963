"""docs/scale.md multiplies the figures that stand in the pages it names; so does a limit."""

from __future__ import annotations

from math import ceil

from database.embedded.outgrown import LIMIT_BYTES, MEASURED_ROWS
from tests.documented import DOCUMENTS
from tests.studies.national import TABLE, rates, records, table


def test_the_page_says_what_the_measured_figures_give() -> None:
    assert TABLE.written() == table(), "python -m tests.studies.national --write"


def test_each_rate_stands_in_its_page() -> None:
    gone = [
        one.work
        for one in rates()
        if f"{one.per_second:,.0f}" not in (DOCUMENTS / one.page).read_text("utf-8")
    ]

    assert gone == []


def test_the_embedded_registry_is_outgrown_beyond_what_was_measured() -> None:
    of_each = sum(one.bytes_each for one in records()) * MEASURED_ROWS

    assert max(one.students for one in rates()) == MEASURED_ROWS
    assert ceil(of_each / 1e9) * 1e9 == LIMIT_BYTES
