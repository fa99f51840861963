"""The heat map of drift, and features then and now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dashboard.drifting.distributions import feature_title, ordered, then_and_now
from dashboard.drifting.heat_map import MOST_CHECKS, heat_map, map_figure, map_title
from dashboard.texts import Language, load_texts
from drift.page.language import language
from model.drift import DriftReport, FeatureDrift
from model.watch.picture import DriftPicture, FeaturePicture

EN, PT = load_texts(Language.EN), load_texts(Language.PT)
AT = datetime(2026, 3, 1, tzinfo=UTC)


def row(feature: str, effect: float, test: str = "ks", *, drifted: bool = False) -> FeatureDrift:
    return FeatureDrift(feature, test, effect, 0.01, 0.02, effect, 0.1, 0.3, drifted, 0.0, 0.0)


def report(day: int, *rows: FeatureDrift, compared: bool = True) -> DriftReport:
    at, drifted = AT + timedelta(days=day), any(one.drifted for one in rows)
    return DriftReport(f"d{day}", at, "v1", 100, ("2024",), rows, drifted, compared=compared)


def picture(name: str, **more: object) -> FeaturePicture:
    given: dict[str, object] = {
        "feature": name, "description": "", "description_pt": "", "labels": (), "values": (),
        "edges": (), "then": (), "now": (), "others": False, "quartiles_then": (),
        "quartiles_now": (), "known_then": 90, "known_now": 80, "missing_then": 0.1,
        "missing_now": 0.2,
    }  # fmt: skip
    return FeaturePicture(**(given | more))  # type: ignore[arg-type]


def test_a_cell_is_the_strongest_test_of_a_feature_in_a_check_and_empty_where_not_compared() -> (
    None
):
    newer = report(2, row("ieg", 0.2, drifted=True), row("ieg", 0.05, "missingness"))
    older = report(1, row("ieg", 0.05), row("ida", 0.1))

    found = heat_map([newer, report(3, compared=False), older], EN)

    assert found.features == ("ieg", "ida")
    assert found.times == ((0.5, 2.0), (1.0, None))
    assert found.drifted == ((False, True), (False, False))
    assert [check.split(" · ")[1] for check in found.checks] == ["v1", "v1"]


def test_the_title_states_what_is_new_what_lasts_or_that_nothing_moved() -> None:
    drifted, calm = row("ieg", 0.3, drifted=True), row("ieg", 0.01)

    assert (
        map_title(heat_map([report(1, calm)], EN), EN)
        == "In the latest check (of 1) nothing drifted"
    )
    newest = heat_map([report(1, calm), report(2, drifted)], PT)
    assert map_title(newest, PT) == "Na última verificação (de 2) mudaram 1: ieg"
    lasting = heat_map([report(1, drifted), report(2, drifted)], EN)
    assert map_title(lasting, EN).startswith("Drifted in all 2 checks: ieg")


def test_the_map_marks_what_drifted_by_more_than_its_colour() -> None:
    found = heat_map([report(1, row("ieg", 0.3, drifted=True), row("ida", 0.05))], EN)

    (cells,) = map_figure(found, EN).data

    assert cells.text[0][0] == "●" and cells.text[1][0] == ""
    assert tuple(cells.y) == ("ieg", "ida")


def test_no_more_checks_are_drawn_than_can_be_read() -> None:
    reports = [report(day, row("ieg", 0.1)) for day in range(MOST_CHECKS + 5)]

    found = heat_map(reports, EN)

    assert len(found.checks) == MOST_CHECKS
    assert found.checks[-1].startswith("4 Apr 2026")


def test_columns_come_by_how_much_they_moved_and_those_that_drifted_are_marked() -> None:
    drawn = DriftPicture("d1", AT, "", "", 90, (picture("ida"), picture("ieg")))
    of = report(1, row("ieg", 0.3, drifted=True), row("ida", 0.05))

    first, second = ordered(drawn, of)

    assert (first.feature, second.feature) == ("ieg", "ida")
    assert (feature_title(first, of, EN), feature_title(second, of, EN)) == ("● ieg", "ida")


def test_then_and_now_are_bars_side_by_side_with_the_labels_of_the_report() -> None:
    column = picture("ieg", edges=(5.0, 7.5), then=(0.2, 0.5, 0.3), now=(0.4, 0.4, 0.2))

    then, now = then_and_now(column, language("pt"), PT).data

    assert tuple(then.y) == (0.2, 0.5, 0.3) and tuple(now.y) == (0.4, 0.4, 0.2)
    assert "7,5" in then.x[1]
    assert (then.name, now.name) == ("quando a campeã aprendeu", "agora")


def test_a_side_without_a_value_is_drawn_as_nothing() -> None:
    column = picture("stone", labels=("a", "b"), then=(0.5, 0.5), now=())

    _, now = then_and_now(column, language("en"), EN).data

    assert tuple(now.y) == (0.0, 0.0)
