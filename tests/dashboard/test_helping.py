"""What the page on the help's effect says and draws."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.helping import lines
from dashboard.helping.chart import differences, effect_figure
from dashboard.texts import Language, Texts, load_texts
from model.helping.bounds import HelpedBounds
from model.helping.effect import UNKNOWN, CutEffect, EffectSize, PlaceSide, Silence
from tests.effect_reports import CUT, LOT, POWER, REPORT, SILENT

EN, PT = load_texts(Language.EN), load_texts(Language.PT)
BOTH = pytest.mark.parametrize("texts", [EN, PT], ids=["en", "pt"])


@BOTH
def test_the_lots_are_told_first_and_the_cut_where_there_were_none(texts: Texts) -> None:
    harmed = replace(LOT, place=EffectSize(-0.2, -0.4, -0.01))
    no_lot = replace(REPORT, lottery=SILENT.lottery)

    said = [lines.verdict_line(one, texts) for one in
            (REPORT, replace(REPORT, lottery=(harmed,)), no_lot, SILENT)]  # fmt: skip

    wanted = {
        "en": ("The help helps, by lot", "did worse, by lot", "No effect", "cannot be said yet"),
        "pt": ("A ajuda ajuda, pelo", "se saiu pior, pelo", "Não se vê", "não se pode dizer"),
    }[texts.language]
    assert [part in line for part, line in zip(wanted, said, strict=True)] == [True] * 4


def test_the_lots_say_both_sides_the_place_the_help_given_and_what_it_did() -> None:
    sides, place, given, did = lines.lottery_lines(LOT, EN)
    comma = lines.lottery_lines(LOT, PT)[1]

    assert "Of 48 students who won a place" in sides and "25% were at risk" in sides
    assert "+23 fewer of 100" in place and "+4 and +40" in place and "2.1 of 100 draws" in place
    assert "2,1 de 100" in comma and "+23 a menos" in comma
    assert given == ("Help was given to 83% of those who won a place and to 10% of the others.")
    assert "+31 fewer" in did
    unknown = lines.lottery_lines(replace(LOT, help=UNKNOWN), EN)
    assert "cannot be said" in unknown[-1]


def test_what_keeps_the_lots_from_being_final_is_a_warning() -> None:
    some = replace(
        LOT, won=PlaceSide(100, 40, 10, 30), lost=PlaceSide(100, 90, 50, 2), lacking_p=0.001
    )

    provisional, lacking = lines.lottery_doubts(some, EN)

    assert "only 65%" in provisional and "far more often on one side" in lacking
    assert lines.lottery_doubts(LOT, EN) == lines.lottery_doubts(SILENT.lottery[0], EN) == []


def test_the_cut_says_who_was_compared_the_jump_and_whether_the_cut_can_be_trusted() -> None:
    near, jump, did, density = lines.cut_lines(CUT, EN)

    assert "120 students just within the cut and 150 just beyond" in near
    assert "none is seen" in jump and "+17 fewer" in did and "nothing suggests" in density
    odd = replace(CUT, density_p=0.0001, help=UNKNOWN)
    assert "hardly decided" in lines.cut_lines(odd, EN)[-1]
    assert "< 0.1 of 100" in lines.cut_doubts(odd, EN)[0] and lines.cut_doubts(CUT, EN) == []


@BOTH
@pytest.mark.parametrize("silent", Silence)
def test_every_silence_has_a_sentence_that_counts_what_is_known(
    silent: Silence, texts: Texts
) -> None:
    said = lines.cut_lines(CutEffect(1, PlaceSide(812, 20), PlaceSide(0, 17), silent=silent), texts)

    assert len(said) == 1 and "812" in said[0] and "37" in said[0]


def test_a_lane_of_which_nothing_may_be_told_shows_only_how_many_outcomes_are_known() -> None:
    of_all, known, new = lines.lane_rows(REPORT.lottery, EN)

    assert of_all["Lane"] == "All" and of_all["By chance, of 100 draws"] == "2.1"
    assert known["With a place, at risk then"] == "25% of 48"
    assert list(new.values()) == ["New cases", "4 outcomes known", "3 outcomes known", "", ""]


@BOTH
def test_the_power_of_a_lottery_is_told_before_the_year_begins(texts: Texts) -> None:
    said = lines.power_line(POWER, texts)
    impossible = lines.power_line(SILENT.power, texts)

    assert all(part in said for part in ("712", texts.count(1468), "80", "40"))
    assert "50" in impossible
    first, second = lines.power_rows(POWER, texts)
    assert list(first.values()) == [10, "712", "1468", "4037"]
    assert len({*second.values()}) == 2
    near, narrow = lines.outlook_rows(POWER, texts)
    assert list(near.values())[1:] == [120, 60, "34"]
    assert narrow[texts("helping.smallest")] == texts("helping.never")


def test_where_too_few_are_at_risk_no_number_of_children_is_enough() -> None:
    needed = (replace(POWER.needed[0], children=None, partly=None, at_cut=None),)

    assert "is not possible" in lines.power_line(replace(POWER, needed=needed), EN)


def test_what_the_model_finds_is_told_with_both_ends_where_all_figures_are_known() -> None:
    said = lines.recall_line(40, HelpedBounds(0.7, 0.75, 0.6, 0.8), EN)

    assert said is not None and "40 students had been helped" in said
    assert "found 70%; without who was helped, 75%" in said and "between 60% and 80%" in said
    assert lines.recall_line(40, HelpedBounds(0.7, None, 0.6, 0.8), EN) is None


def test_every_known_difference_is_drawn_with_its_interval_the_surest_on_top() -> None:
    figure = effect_figure(REPORT, EN)

    (marks,) = figure.data
    assert marks.y[-1] == "Place won by lot" and len(marks.y) == 4
    assert marks.x[-1] == pytest.approx(23)
    assert (marks.error_x.array[-1], marks.error_x.arrayminus[-1]) == pytest.approx((17, 19))
    assert differences(SILENT, EN) == []
