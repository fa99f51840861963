"""Figures by unit: none of them, nor the difference of two, tells of fewer than ten records."""

from __future__ import annotations

from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.units.disclosure import FEWEST_SHOWN, showable
from model.units.figures import shares_by_unit
from model.units.named import MOST_NAMED, listed
from model.units.tested import (
    MOST_SHOWN,
    JudgedUnits,
    KnownUnits,
    UnitFigures,
    version_by_unit,
)

sizes = st.lists(st.integers(1, 40), min_size=1, max_size=8)
schools = st.lists(
    st.tuples(st.integers(0, 14), st.integers(0, 14), st.integers(0, 14), st.integers(0, 14)),
    min_size=1,
    max_size=6,
).filter(lambda units: any(sum(cells) for cells in units))
"""Of each unit: caught, missed, false alarms, the rest."""

KINDS = ((True, True), (True, False), (False, True), (False, False))
Taken = tuple[frozenset[str], bool | None]
"""Of which units, and of which part of them: None is all."""


@given(sizes)
@settings(max_examples=300, deadline=None)
def test_no_hidden_group_nor_a_few_of_them_follow_from_the_total_minus_shown_ones(
    counts: list[int],
) -> None:
    groups = {f"unit {i}": [n] for i, n in enumerate(counts)}

    shown = showable(groups)

    total = sum(counts)
    for k in range(len(shown) + 1):
        for some in combinations(sorted(shown), k):
            left = total - sum(groups[group][0] for group in some)
            assert left == 0 or left >= FEWEST_SHOWN or not shown
    assert all(groups[group][0] >= FEWEST_SHOWN for group in shown)


@pytest.mark.parametrize(
    ("bases", "shown"),
    [
        ({"a": [10], "b": [9 + 1]}, "ab"),  # Ten are enough,
        ({"a": [40], "b": [30], "c": [4], "d": [6]}, "ab"),  # and so are ten hidden ones.
        ({"a": [40], "b": [30], "c": [4], "d": [5]}, "a"),  # Nine are not: the smallest goes too.
        ({"b": [40], "a": [30], "c": [4]}, "b"),
        ({"a": [40, 12], "b": [12, 40], "c": [20, 2]}, "b"),  # The smallest by the thin base.
        ({"a": [30, 20], "b": [20, 30], "c": [12, 0]}, "ab"),  # None at all is nobody's.
        ({"a": [9]}, ""),
    ],
)
def test_ten_records_are_shown_and_fewer_hide_the_smallest_group_beside_them(
    bases: dict[str, list[int]], shown: str
) -> None:
    assert showable(bases) == frozenset(shown)


def test_a_unit_that_is_hidden_whole_hides_with_it_what_is_told_of_a_part() -> None:
    found = judged(a=(60, 20, 20), b=(40, 30, 30), c=(4, 2, 2)).shown

    # Were b, hidden for its total, counted as told of, a would have to hide the two of c.
    assert found.keys() == {"a"}
    assert found["a"].positives == 20
    assert {"recall", "precision", "flagged"} <= found["a"].figures.keys()


@given(schools, st.sampled_from(["at risk", "flagged"]))
@settings(max_examples=500, deadline=None)
def test_no_difference_of_two_figures_is_about_fewer_than_ten_records(
    cells: list[tuple[int, int, int, int]], base: str
) -> None:
    """A figure is about the records that it is taken of: a recall about those at risk."""
    known = published(cells, base)

    for (smaller, of_smaller), (larger, of_larger) in permutations(known.items(), 2):
        if part_of(smaller, larger):
            left = of_larger - of_smaller
            assert left == 0 or left >= FEWEST_SHOWN, (smaller, larger)


def published(cells: list[tuple[int, int, int, int]], base: str) -> dict[Taken, int]:
    """What figures are taken of, and how many records that is.

    Totals count where the same figure of any unit is shown: else no part can be taken off them.
    """
    flat = [(f"u{u}", kind) for u, of_unit in enumerate(cells)
            for kind, n in zip(KINDS, of_unit, strict=True) for _ in range(n)]  # fmt: skip
    units = np.array([unit for unit, _ in flat])
    outcome = np.array([float(at_risk) for _, (at_risk, _) in flat])
    flags = np.array([float(flagged) for _, (_, flagged) in flat])
    shown = shares_by_unit(units, outcome, flags).shown
    part = (outcome if base == "at risk" else flags).astype(bool).tolist()
    of_base = {
        unit for unit, one in shown.items()
        if (one.positives is not None if base == "at risk" else "flagged" in one.figures)
    }  # fmt: skip
    every = frozenset(units.tolist())
    known: dict[Taken, int] = {}
    for told, kinds in ((set(shown), (None,)), (of_base, (None, True, False))):
        sets = [every, every - told, *(frozenset({unit}) for unit in told)] if told else []
        for some, kind in product(sets, kinds):
            known[some, kind] = sum(
                unit in some and kind in (None, inside)
                for unit, inside in zip(units.tolist(), part, strict=True)
            )
    return known


def part_of(smaller: Taken, larger: Taken) -> bool:
    """Whether a reader knows that the records of one figure are among those of the other."""
    return smaller[0] <= larger[0] and larger[1] in (None, smaller[1])


def test_what_is_published_has_totals_units_and_both_sides_of_a_base() -> None:
    known = published([(12, 12, 12, 12), (1, 1, 1, 1), (12, 12, 12, 12)], "flagged")

    assert known[frozenset({"u0", "u1", "u2"}), None] == 100
    assert known[frozenset({"u2"}), True] == 24
    assert known[frozenset({"u0", "u1"}), False] == 26


def school(n: int, positives: int, flagged: int) -> tuple[list[float], list[float]]:
    """n records with the flags on those at risk first."""
    outcome = [1.0] * positives + [0.0] * (n - positives)
    return outcome, [1.0] * flagged + [0.0] * (n - flagged)


def judged(**of_units: tuple[int, int, int]) -> JudgedUnits:
    units, outcome, flags = [], [], []
    for unit, counts in of_units.items():
        at_risk, flag = school(*counts)
        units += [unit if unit != "unknown" else ""] * counts[0]
        outcome += at_risk
        flags += flag
    return shares_by_unit(np.array(units), np.array(outcome), np.array(flags))


def test_a_unit_has_its_shares_with_intervals() -> None:
    found = judged(a=(60, 30, 20), b=(60, 30, 30)).shown["a"]

    assert (found.records, found.positives) == (60, 30)
    assert found.figures["recall"] == pytest.approx(20 / 30)
    assert found.figures["precision"] == 1.0
    assert found.figures["flagged"] == pytest.approx(20 / 60)
    assert found.figures["recall_low"] < 20 / 30 < found.figures["recall_high"]


def test_a_recall_of_fewer_than_ten_at_risk_is_withheld_and_the_share_flagged_is_not() -> None:
    found = judged(a=(60, 5, 20), b=(60, 30, 30), c=(60, 31, 30)).shown

    assert (found["a"].records, found["a"].positives) == (60, None)
    assert found["a"].figures.keys() == {
        f"{name}{end}" for name in ("precision", "flagged") for end in ("", "_low", "_high")
    }
    # That of the next one too: the five at risk would be the total minus both others.
    assert found["b"].positives is None
    assert found["c"].positives == 31


def test_records_of_no_known_unit_are_counted_and_hide_where_they_are_few() -> None:
    many = version_by_unit(judged(a=(60, 30, 30), unknown=(20, 5, 5)), KNOWN)
    few = version_by_unit(judged(a=(60, 30, 30), b=(70, 30, 30), unknown=(2, 1, 1)), KNOWN)
    none = version_by_unit(judged(a=(60, 30, 30)), KNOWN)

    assert (many.unknown, few.unknown, none.unknown) == (20, None, 0)
    # The two unknown ones would be the total minus both units.
    assert few.withheld.names == ("Escola A",)


KNOWN = KnownUnits(
    "escola",
    {"a": "Escola A", "b": "Escola B", "c": "Escola C", "d": "Escola D"},
    frozenset({"a", "b", "c"}),
)


def test_units_that_were_never_tested_are_told_from_those_with_no_labels_yet() -> None:
    found = version_by_unit(judged(a=(60, 30, 30), b=(80, 30, 30)), KNOWN)

    assert [one.unit for one in found.units] == ["Escola B", "Escola A"]
    assert found.untested.names == ("Escola C",)
    assert found.unlabelled.names == ("Escola D",)
    assert found.never_tested.names == ("Escola C", "Escola D")
    assert found.more == 0


def test_of_many_units_the_largest_are_kept_and_the_rest_is_counted() -> None:
    shown = {f"u{i}": UnitFigures(f"u{i}", 10 + i) for i in range(MOST_SHOWN + 7)}
    records = {unit: one.records for unit, one in shown.items()}

    found = version_by_unit(JudgedUnits(records, shown), KNOWN)

    assert (len(found.units), found.more) == (MOST_SHOWN, 7)
    assert found.units[0].records == 10 + MOST_SHOWN + 6


def test_a_long_list_of_names_is_cut_and_says_how_many_more() -> None:
    found = listed(f"Escola {i}" for i in range(MOST_NAMED + 3))

    assert (len(found.names), found.more, len(found)) == (MOST_NAMED, 3, MOST_NAMED + 3)
