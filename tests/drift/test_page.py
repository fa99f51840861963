"""The page of a drift report: what it draws, what it says, and that it needs nothing else."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import yaml

from drift.contract import Said
from drift.naming.at_risk_now import PresentState
from drift.page.bars import MOST_CATEGORIES, bars_of
from drift.page.language import LANGUAGES, language
from drift.page.picture import picture_of
from drift.page.render import html_page, policy
from drift.page.task_words import TaskWords
from drift.policy import policy_of
from drift.report import nothing_compared, report_of_profiles
from model.drift import DriftReport, LeftOut, Unjudged
from model.profile import (
    CATEGORY,
    GRID,
    SCORE,
    CategoryProfile,
    ColumnProfile,
    profile_column,
    profile_numbers,
)
from model.units.drifted import DriftByUnit, UnitDrift
from model.units.named import UnitNames
from model.watch.changes import MissingWhere, NamedChanges
from model.watch.picture import DriftPicture, FeaturePicture
from preprocessing.task.policies import WatchPolicy

NOW = datetime(2025, 3, 1, 6, tzinfo=UTC)
SAID = yaml.safe_load((files("drift.page") / "texts.yaml").read_text("utf-8"))
PRESENT = PresentState("lag", lambda lag: float(isinstance(lag, float) and lag < 0))
WORDS = TaskWords(
    title=Said("A little task", "Uma tarefa"),
    features={
        "ipv": Said("Turning-point indicator. More is better.", "Indicador de ponto de virada."),
        "fase": Said("Phase", "Fase"),
        "kind": Said("Kind of school", "Tipo de escola"),
        "lag": Said("Lag", "Defasagem"),
    },
)


def numbers(*values: float | None, grid: int | None = None) -> ColumnProfile:
    present = [value for value in values if value is not None]
    return profile_numbers(present, missing=len(values) - len(present), grid=grid)


def texts(*values: str | None) -> ColumnProfile:
    return profile_column("kind", values, CATEGORY)


def spread(middle: float, rows: int, seed: int, grid: int | None = None) -> ColumnProfile:
    values = np.random.default_rng(seed).normal(middle, 1.0, rows)
    return numbers(*values.tolist(), grid=grid)


THEN: dict[str, ColumnProfile] = {
    "ipv": spread(7.1, 1_000, 0, GRID),
    "fase": numbers(*[float(i % 10) for i in range(1_000)]),
    "kind": texts(*["public"] * 700, *["private"] * 200, *["abroad"] * 100),
    "lag": numbers(*[-1.0] * 700, *[0.0] * 300),
    SCORE: numbers(*[0.6] * 500, *[0.5] * 500),
}
CHANGED: dict[str, ColumnProfile] = {
    "ipv": spread(6.4, 500, 1),
    "fase": numbers(*[float(i % 8) for i in range(500)]),
    "kind": texts(*["public"] * 450, *["<b>new</b>"] * 50),
    "lag": numbers(*[-1.0] * 250, *[0.0] * 250),
    SCORE: numbers(*[0.4] * 500),
}


def compared(
    now: dict[str, ColumnProfile], code: str = "en"
) -> tuple[DriftReport, DriftPicture, str]:
    report = report_of_profiles(
        THEN, now, rows=500, report_id="d1", now=NOW, model_version="v1", periods=("2024",),
        policy=policy_of(WatchPolicy()), seed=0,
        realised={"recall": 0.75, "positives": 40, "prevalence": 0.46, "n": 87}, present=PRESENT,
    )  # fmt: skip
    picture = picture_of(
        PRESENT.added_to(THEN), PRESENT.added_to(now), WORDS, report_id="d1", now=NOW
    )
    return report, picture, html_page(report, picture, code)


def column(picture: DriftPicture, name: str) -> FeaturePicture:
    return next(one for one in picture.features if one.feature == name)


class Elements(HTMLParser):
    """What a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(page: str) -> str:
    """The words of a page."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split("</style>")[1])))


def test_a_changed_number_is_told_by_its_middle_and_its_description() -> None:
    _, _, page = compared(CHANGED)

    words = read(page)

    assert "Turning-point indicator (ipv)" in words
    assert re.search(r"Middle value: 7(\.\d)? before, 6\.\d now", words)


def test_how_many_are_at_risk_is_told_then_and_now() -> None:
    _, _, page = compared(CHANGED)

    words = read(page)

    assert "of every 100 students: 70 before, 50 now." in words
    assert "expected to be at risk: 55 before, 40 now." in words
    assert "46 of every 100 at risk (of 87 students)" in words
    assert "flagged 75 (of 40 at risk)" in words


def test_phases_that_nobody_is_in_any_more_and_new_kinds_are_named() -> None:
    _, _, page = compared(CHANGED)

    assert "New, never seen before: <b>new</b>." in read(page)
    assert "Not seen any more: 8 and 9." in read(page)
    assert "&lt;b&gt;new&lt;/b&gt;" in page and "<b>new</b>" not in page


def test_it_is_told_in_which_phase_something_is_missing() -> None:
    report, picture, _ = compared(CHANGED)
    named = NamedChanges(missing=(MissingWhere("ipv", "fase", ("8", "9"), 0.83),))

    page = html_page(replace(report, named=named), picture, "pt")

    assert "Falta onde Fase (fase) é 8 e 9: 83 de cada 100 registros sem valor." in read(page)


def test_who_is_at_risk_already_is_a_column_in_the_readers_words() -> None:
    _, _, page = compared(CHANGED, "pt")

    assert "“sim”: 70 de cada 100 alunos antes, 50 agora." in read(page)
    assert "at_risk_now (" not in page


def test_missing_values_are_told_of_every_hundred_records() -> None:
    now = {**CHANGED, "fase": numbers(*[None] * 100, *[float(i % 10) for i in range(400)])}

    words = read(compared(now)[2])

    assert "Without a value: 0 of every 100 records before, 20 now." in words


def test_a_column_that_nobody_has_a_value_of_is_said_not_to_be_comparable() -> None:
    _, picture, page = compared({**CHANGED, "ipv": numbers(*[None] * 500)})

    assert column(picture, "ipv").now == ()
    assert "Too few known values to compare: 1,000 before, 0 now." in read(page)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_is_one_file_without_a_script_and_loads_nothing(code: str) -> None:
    _, _, page = compared(CHANGED, code)
    made = Elements(page)

    assert made.open == []
    assert {tag for tag, _ in made.tags} <= {
        "html", "head", "meta", "title", "style", "body", "header", "main", "section", "h1", "h2",
        "h3", "p", "svg", "g", "rect", "line", "text", "details", "summary", "table", "thead",
        "tbody", "tr", "th", "td", "div", "ul", "li", "a",
    }  # fmt: skip
    named = {name for _, attributes in made.tags for name in attributes}
    assert all((attributes.get("href") or "#")[0] == "#" for _, attributes in made.tags)
    assert not named & {"src", "style", "onclick", "onload", "action", "xlink:href"}
    assert not re.search(r"url\(|@import|https?:", page)
    assert len(page) < 100_000


def test_a_drawing_can_be_read_without_seeing_it() -> None:
    _, picture, page = compared(CHANGED)
    drawings = [attributes for tag, attributes in Elements(page).tags if tag == "svg"]

    assert len(drawings) == len(picture.features)
    assert all(one["role"] == "img" and one["aria-label"] for one in drawings)
    assert page.count("The figures of the chart") == len(drawings)


def test_both_languages_tell_the_same_figures() -> None:
    _, _, english = compared(CHANGED)
    _, _, portuguese = compared(CHANGED, "pt")

    def figures(page: str, decimal: str, thousands: str) -> list[str]:
        words = re.sub(rf"(\d)\{thousands}(\d{{3}})\b", r"\1\2", read(page))
        return re.findall(r"\d+(?:\.\d+)?", words.replace(decimal, "."))

    assert '<html lang="pt-BR">' in portuguese and '<html lang="en">' in english
    assert "Indicador de ponto de virada (ipv)" in read(portuguese)
    assert figures(portuguese, ",", ".") == figures(english, ".", ",")


@pytest.mark.parametrize("key", SAID)
def test_every_sentence_is_in_both_languages_with_the_same_values(key: str) -> None:
    both = SAID[key]
    values = [{n for _, n, _, _ in string.Formatter().parse(both[c]) if n} for c in LANGUAGES]

    assert both.keys() == set(LANGUAGES)
    assert all(both.values()) and values[0] == values[1]


def test_no_sentence_is_left_over() -> None:
    folder = Path(str(files("drift.page")))
    written = "".join(
        path.read_text("utf-8") for path in folder.rglob("*") if path.suffix in {".py", ".jinja"}
    )

    unused = [
        key for key in SAID
        if f'"{key}"' not in written
        and f'"{key.split(".")[0]}." ~' not in written
    ]  # fmt: skip

    assert unused == []


@pytest.mark.parametrize("reason", Unjudged)
def test_records_that_were_left_out_are_told_of(reason: Unjudged) -> None:
    report, picture, _ = compared(CHANGED)
    told = replace(report, left_out=(LeftOut("2031", 3, reason, 50),))

    assert "2031" in read(html_page(told, picture, "pt"))


def test_a_report_of_before_has_words_and_figures_and_no_drawing() -> None:
    report, _, _ = compared(CHANGED)

    page = html_page(report, None, "en")

    assert "ipv" in read(page) and "nothing to draw" in read(page)
    assert "<svg" not in page


def test_a_check_that_found_no_cohort_says_so() -> None:
    report = nothing_compared(report_id="d", now=NOW, model_version="v1", left_out=())

    assert "There is nothing to compare yet" in read(html_page(report, None, "en"))


def test_units_in_which_something_drifted_are_named() -> None:
    report, picture, _ = compared(CHANGED)
    units = (UnitDrift("Escola <A>", 60, ("ipv",), None), UnitDrift("Escola B", 70, (), None))
    found = DriftByUnit("escola", 50, 2, units, 0, UnitNames((), 0), UnitNames((), 0), 0)

    page = html_page(replace(report, by_unit=found), picture, "en")

    assert "Escola <A>: Turning-point indicator (ipv)" in read(page)
    assert "Escola B" not in page


def test_nothing_changed_is_said_with_how_many_records_tell_it() -> None:
    report, picture, page = compared(THEN)

    assert not report.drifted
    assert "No clear change." in read(page)
    assert html_page(report, picture, "en") == page


def test_the_policy_admits_the_style_and_nothing_else() -> None:
    _, _, page = compared(CHANGED)

    assert policy().startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy()
    assert unescape(page).count(policy()) == 1


def test_a_number_whose_middle_stays_is_told_by_its_values() -> None:
    _, _, page = compared({**THEN, "lag": CHANGED["lag"]})

    assert "“-1”: 70 of every 100 students before, 50 now." in read(page)


def test_a_description_is_called_by_its_first_words_and_told_whole() -> None:
    words = TaskWords(
        Said("T", "T"), {"ieg": Said("Engagement (homework); 0 to 10", "Engajamento")}
    )
    picture = picture_of(
        {"ieg": THEN["ipv"]}, {"ieg": CHANGED["ipv"]}, words, report_id="d", now=NOW
    )
    report = replace(compared(CHANGED)[0], features=())

    told = read(html_page(report, picture, "en"))

    assert "Engagement (ieg) (homework); 0 to 10." in told


def test_bars_of_many_values_lie_between_round_numbers_and_hold_everybody() -> None:
    bars = bars_of(THEN["ipv"], CHANGED["ipv"])

    assert len(bars.then) == len(bars.now) == len(bars.edges) + 1
    assert sum(bars.then) == pytest.approx(1.0, abs=0.001)
    assert list(np.diff(bars.edges)) == pytest.approx([0.5] * (len(bars.edges) - 1))


def test_categories_without_a_bar_of_their_own_share_one() -> None:
    many = CategoryProfile(100, 0, tuple(f"c{i:02}" for i in range(50)), (2,) * 50)

    bars = bars_of(many, many)

    assert (len(bars.labels), bars.others) == (MOST_CATEGORIES, True)
    assert bars.now[-1] == pytest.approx(0.76)


def test_two_kinds_of_profile_have_no_bars_in_common() -> None:
    with pytest.raises(TypeError):
        bars_of(THEN["ipv"], THEN["kind"])


def test_a_language_that_is_not_spoken_is_an_error() -> None:
    with pytest.raises(KeyError):
        language("fr")
