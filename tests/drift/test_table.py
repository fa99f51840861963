"""The report at a terminal."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from drift.catalogue import TESTS
from drift.table import write
from model.drift import DriftReport, FeatureDrift

LONG = "defasagem_prevista_do_periodo_anterior"


def wide_report() -> DriftReport:
    rows = [
        FeatureDrift(name, test, 0.4, 1e-300, 1e-299, 0.123, 0.1, 12.345, True, 1.0, 0.995)
        for name in ("inde", LONG)
        for test in (test.about.name for test in TESTS)
    ]
    few = FeatureDrift("x", "ks", 0.1, 0.2, 0.0437, 0.05, 0.1, 0.01, False, 0.0, 0.0)
    at = datetime(2025, 3, 1, tzinfo=UTC)
    return DriftReport("d", at, "v1", 1156, ("2024",), (*rows, few), True)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_figure_is_cut_off_whatever_the_width(width: int) -> None:
    console = Console(file=io.StringIO(), width=width)

    write(wide_report(), console)

    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= max(width, 80)
    for figure in ("0.123", "0.10", "<0.001", "12.345", "100.0%", "99.5%", "0.044", "new values"):
        assert figure in shown
    assert LONG in "".join(line[:18].strip() for line in shown.splitlines()) or LONG in shown


def test_a_column_of_many_new_values_names_ten_of_them() -> None:
    new = FeatureDrift(
        "town", "new_categories", 0.1, 0.01, 0.01, 0.1, 0.01, 0.1, True, 0.0, 0.0,
        tuple(f"town-{i}" for i in range(30)),
    )  # fmt: skip
    report = DriftReport("d", datetime(2025, 3, 1, tzinfo=UTC), "v1", 9, ("2024",), (new,), True)
    console = Console(file=io.StringIO(), width=400)

    write(report, console)

    assert "town-9 and 20 more" in console.file.getvalue()  # type: ignore[attr-defined]
