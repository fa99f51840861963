"""docs/scale.md multiplies the figures that stand in the pages it names."""

from __future__ import annotations

from tests.documented import DOCUMENTS
from tests.studies.national import TABLE, rates, table


def test_the_page_says_what_the_measured_figures_give() -> None:
    assert TABLE.written() == table(), "python -m tests.studies.national --write"


def test_each_rate_stands_in_its_page() -> None:
    gone = [
        one.work
        for one in rates()
        if f"{one.per_second:,.0f}" not in (DOCUMENTS / one.page).read_text("utf-8")
    ]

    assert gone == []
