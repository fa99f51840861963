"""What stays of a day of predictions tells of no fewer than ten students."""

from __future__ import annotations

from collections import Counter
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from model.ageing.served_day import AgedPrediction, ServedCell, summed
from model.units.disclosure import FEWEST_SHOWN

DAY = date(2024, 3, 1)
SERVED = st.builds(
    AgedPrediction,
    st.one_of(st.none(), st.integers(0, 60).map("s{}".format)),
    st.sampled_from(["", "a", "b", "c"]),
    st.sampled_from(["alert", "expected"]),
    st.floats(0, 1),
)


def matching(cell: ServedCell, rows: list[AgedPrediction]) -> list[AgedPrediction]:
    return [
        row for row in rows if cell.unit in (None, row.unit) and cell.status in (None, row.status)
    ]


@given(st.lists(SERVED, max_size=120))
def test_no_cell_and_no_rest_of_cells_tells_of_fewer_than_ten(rows: list[AgedPrediction]) -> None:
    cells = summed(DAY, rows).cells

    assert all(cell.students >= FEWEST_SHOWN <= cell.predictions for cell in cells)
    named = Counter((cell.unit, cell.status) for cell in cells)
    assert set(named.values()) <= {1}
    # Each prediction is in one cell at most: what is told never exceeds what there was.
    assert sum(cell.predictions for cell in cells) <= len(rows)
    for cell in cells:
        assert cell.predictions <= len(matching(cell, rows))


def test_small_schools_are_told_together_and_what_is_left_is_not_told() -> None:
    rows = [AgedPrediction(f"a{n}", "a", "alert", 0.5) for n in range(12)]
    rows += [AgedPrediction(f"b{n}", "b", "alert", 0.7) for n in range(6)]
    rows += [AgedPrediction(f"c{n}", "c", "alert", 0.9) for n in range(6)]
    rows += [AgedPrediction(f"d{n}", "d", "critical", 0.9) for n in range(9)]

    told = summed(DAY, rows)

    assert told.day == "20240301"
    assert told.cells == (
        ServedCell("a", "alert", 12, 12, 0.5),
        ServedCell(None, "alert", 12, 12, 0.8),
    )


def test_one_student_asked_for_often_is_one_student() -> None:
    often = [AgedPrediction("a", "a", "alert", 0.5)] * 40
    nobody = [AgedPrediction(None, "a", "alert", 0.5)] * 40

    assert summed(DAY, often + nobody).cells == ()
