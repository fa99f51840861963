"""What the performance page says and draws."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dashboard import performance_charts as charts
from dashboard.texts import Language, Texts, load_texts
from dashboard.views.performance import (
    degradation_line,
    estimate_line,
    figure_rows,
    finding,
    hourly_line,
    labelled_line,
    unsafe_line,
)
from model.figures import Share
from model.watch.expected import EstimatedFigures, Unsafe, UnsafeReason
from model.watch.performance import (
    SUBJECT,
    Degradation,
    LabelledShare,
    Measure,
    PerformanceRecord,
    PromisedFigure,
    RealisedFigures,
    Span,
)
from model.watch.served import ColumnStatistics, HourStatistics

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
EN, PT = load_texts(Language.EN), load_texts(Language.PT)
PROMISED = Share(0.76, 0.71, 0.80)


def row(name: str, recall: Share) -> RealisedFigures:
    return RealisedFigures(Span.DAY, name, 200, 90, 80, recall)


ROWS = (
    row("2026-03-02", Share(0.50, 0.40, 0.60)),
    row("2026-03-01", Share(0.74, 0.65, 0.82)),
    RealisedFigures(Span.DAY, "2026-02-28", None),
)
ESTIMATE = EstimatedFigures(
    "v1 2026", "v1", "2026", NOW, 400, 765, recall=Share(0.7, 0.6, 0.8),
)  # fmt: skip


def test_a_charts_title_says_how_many_are_worse_than_promised() -> None:
    assert finding(ROWS, Measure.RECALL, PROMISED, EN) == "Finds: 1 of 2 are worse than promised"
    assert finding(ROWS[1:], Measure.RECALL, PROMISED, PT) == (
        "Encontra: nenhuma das 1 medidas fica aquém do prometido além do acaso"
    )
    assert finding(ROWS[2:], Measure.RECALL, PROMISED, EN) == "Finds: not enough outcomes yet"
    assert "nothing was promised" in finding(ROWS, Measure.RECALL, None, EN)


def test_the_chart_has_intervals_oldest_left_and_the_promise_as_a_band() -> None:
    figure = charts.realised_figure(ROWS, Measure.RECALL, PROMISED, EN)

    (measured,) = figure.data
    assert tuple(measured.x) == ("2026-03-01", "2026-03-02")
    assert measured.error_y.array[1] == pytest.approx(0.1)
    band, line = figure.layout.shapes
    assert (band.y0, band.y1, line.y0) == (0.71, 0.80, 0.76)


def test_what_was_expected_stands_beside_what_came_and_withdrawn_figures_are_not_drawn() -> None:
    came = replace(ESTIMATE, came=row("2026", Share(0.66, 0.6, 0.7)))
    withdrawn = replace(ESTIMATE, withdrawn=(Unsafe(UnsafeReason.FEW, 30, 50),))

    figure = charts.estimated_figure([withdrawn, came], Measure.RECALL, EN)

    expected, measured = figure.data
    assert (tuple(expected.y), tuple(measured.y)) == ((0.7,), (0.66,))
    assert "70% (60% to 80%) were expected to be found; 66% (60% to 70%)" in estimate_line(came, EN)
    assert "Os desfechos ainda não vieram" in estimate_line(ESTIMATE, PT)
    assert "30 students are too few" in estimate_line(withdrawn, EN)


@pytest.mark.parametrize("reason", UnsafeReason)
@pytest.mark.parametrize("texts", [EN, PT])
def test_every_reason_to_give_no_estimate_has_a_sentence(
    reason: UnsafeReason, texts: Texts
) -> None:
    assert unsafe_line(Unsafe(reason, 0.6, 0.5, ("ipp",)), texts)


def test_a_degradation_is_told_with_figures_promise_and_since_when() -> None:
    found = Degradation(Measure.RECALL, 0.76, 0.5, 0.62, 0.56, 300, NOW, 0.0001)

    assert degradation_line(found, PT) == (
        "Encontra: 56 % (50 % a 62 %) em 300 registros, prometido 76 %. "
        "Pior além do acaso desde 2 mar 2026, 12:00 UTC."
    )


def test_the_table_has_each_figure_as_promised_and_as_measured() -> None:
    found = PerformanceRecord(
        SUBJECT, "v1", NOW, NOW, 200, (PromisedFigure(Measure.RECALL, PROMISED),), ROWS[0]
    )

    assert figure_rows(found, EN)[0] == {
        "": "Finds", "promised": "76% (71% to 80%)", "measured": "50% (40% to 60%)",
    }  # fmt: skip


def test_the_share_labelled_is_told_of_the_newest_period() -> None:
    shares = (
        LabelledShare("2026", 120, Share(0.25, 0.2, 0.3)),
        LabelledShare("2025", None, Share()),
    )

    assert labelled_line(shares, EN).startswith("2026: 25% of 120 students")
    assert tuple(charts.labelled_figure(shares, EN).data[0].x) == ("2026",)
    assert "too few" in labelled_line(shares[1:], EN)


def hour(name: str, mean: float | None) -> HourStatistics:
    column = ColumnStatistics("ieg", 20, mean, None if mean is None else 1.0, 0.0, 10.0)
    return HourStatistics(name, NOW, 20, True, NOW, ("v1",), (column,))


def test_the_hours_are_drawn_oldest_left_without_those_that_are_withheld() -> None:
    hours = [hour("20260302T12", 6.0), hour("20260302T11", None), hour("20260302T10", 5.0)]

    figure = charts.hourly_figure(hours, "ieg", EN)

    assert [moment.hour for moment in figure.data[-1].x] == [10, 12]
    assert tuple(charts.served_figure(hours, EN).data[0].y) == (20, 20, 20)
    assert "5.00 on average in the first and 6.00 in the last of 2 hours" in hourly_line(
        hours, "ieg", EN
    )
