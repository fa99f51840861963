"""How the dashboard is read: colours, titles, tables on a narrow screen, times of the school."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import pytest
import streamlit as st

from dashboard import charts
from dashboard.context import COLOURS
from dashboard.reading import palette
from dashboard.reading.figure import localised, options
from dashboard.reading.findings import (
    days_finding,
    drift_finding,
    groups_finding,
    reports_finding,
    scores_finding,
    versions_finding,
)
from dashboard.reading.frame import style
from dashboard.reading.table import cards
from dashboard.texts import Language, load_texts
from model.drift import DriftReport
from model.prediction import RiskStatus
from preprocessing.task.spec import load_task
from tests.dashboard.test_charts import NOW, prediction, row, version
from training.candidates import FAMILIES

ROOT = Path(__file__).parents[2]
PT, EN = load_texts(Language.PT), load_texts(Language.EN)
NAMED = {
    "red": palette.RED, "orange": palette.ORANGE, "green": palette.GREEN, "blue": palette.BLUE,
    "violet": palette.PURPLE, "gray": palette.GREY,
}  # fmt: skip
COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\b")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def sources() -> Iterator[Path]:
    yield from (ROOT / "dashboard").rglob("*.py")


def bright(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((bright(one), bright(other)))
    return (high + 0.05) / (low + 0.05)


def test_colours_are_declared_in_the_palette_alone() -> None:
    found = {
        path.name: colours
        for path in sources()
        if path.name != "palette.py" and (colours := COLOUR.findall(path.read_text("utf-8")))
    }

    assert found == {}


def test_the_theme_has_the_colours_of_the_palette() -> None:
    theme = tomllib.loads((ROOT / "dashboard/.streamlit/config.toml").read_text())["theme"]

    assert theme["chartCategoricalColors"] == list(palette.LINES)
    assert (theme["dark"]["primaryColor"], theme["dark"]["linkColor"]) == (
        palette.BLUE, palette.SKY,
    )  # fmt: skip
    assert theme["light"]["primaryColor"] == palette.BLUE
    assert {name: theme[f"{name}Color"] for name in NAMED} == NAMED


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_white_letters_on_a_button_are_read_in_both_themes(mode: str) -> None:
    theme = tomllib.loads((ROOT / "dashboard/.streamlit/config.toml").read_text())["theme"]

    assert contrast("#FFFFFF", theme[mode]["primaryColor"]) >= 4.5


@pytest.mark.parametrize("ground", ["#FFFFFF", "#0E1117"])
@pytest.mark.parametrize("colour", [palette.BLUE, palette.GREEN, palette.RED, palette.GREY])
def test_what_a_chart_draws_in_is_seen_on_both_grounds(colour: str, ground: str) -> None:
    assert contrast(colour, ground) >= 3.0


def test_every_status_has_a_colour_of_its_own() -> None:
    assert {*COLOURS} == {*RiskStatus}
    assert len({*COLOURS.values()}) == len(RiskStatus)
    assert {*COLOURS.values()} <= {*NAMED} - {"green"}, "red and green are not told apart"


def test_charts_and_tables_are_shown_in_one_place_each() -> None:
    """So that each has a title that states what it shows, and fits a narrow screen."""
    shown = {
        path.relative_to(ROOT / "dashboard").as_posix()
        for path in sources()
        if re.search(r"\.(plotly_chart|dataframe|table)\(", path.read_text("utf-8"))
    }

    assert shown <= {"reading/figure.py", "reading/table.py"}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_every_model_family_has_a_name_for_people(family: object) -> None:
    assert f"family.{family.name}" in PT.sentences  # type: ignore[attr-defined]


def test_axes_have_the_decimal_comma_and_portuguese_months() -> None:
    figure = localised(go.Figure(), PT)

    assert figure.layout.separators == ",."
    portuguese = options(PT)
    assert portuguese["locales"][portuguese["locale"]]["format"]["shortMonths"][1] == "fev"
    assert "locale" not in options(EN)


def test_a_table_is_sent_as_a_list_too_with_every_value_escaped() -> None:
    row = {
        "aluno": "<b>RA-1</b>", "risco": 87, "situação": ["crítico"], "nota": 7.25, "vazio": "",
    }  # fmt: skip
    columns = {"risco": st.column_config.ProgressColumn("risco", format="%d %%")}

    made = cards([row], PT, columns)

    assert "&lt;b&gt;RA-1&lt;/b&gt;" in made and "<b>" not in made
    assert "<dd>87 %</dd>" in made and "<dd>7,25</dd>" in made and "<dd>crítico</dd>" in made
    assert "vazio" not in made


def test_a_link_of_a_table_is_a_link_on_a_narrow_screen_too() -> None:
    columns = {"aluno": st.column_config.LinkColumn("aluno", display_text="abrir")}

    made = cards([{"aluno": "/student?id=1&lang=pt"}], PT, columns)

    assert '<a href="/student?id=1&amp;lang=pt">abrir</a>' in made


def test_times_are_told_in_the_schools_zone() -> None:
    texts = PT.of_school({}, SAO_PAULO)
    at = datetime(2026, 1, 1, 1, 30, tzinfo=UTC)

    assert texts.moment(at) == "31 dez 2025, 22:30"
    assert texts.local(at) == datetime(2025, 12, 31, 22, 30)  # noqa: DTZ001 - a chart's axis


def test_a_day_of_predictions_is_the_schools_day() -> None:
    late = prediction(0.5, datetime(2026, 1, 1, 1, 30, tzinfo=UTC))

    figure = charts.predictions_by_day([late], PT.of_school({}, SAO_PAULO))

    assert tuple(figure.data[0].x) == ("31/12",)


def test_pede_has_its_accents_and_its_zone() -> None:
    task = load_task("pede_lag")
    texts = PT.of_school(task.shown_names("pt"), SAO_PAULO)

    assert task.zone == "America/Sao_Paulo"
    assert texts.category("pedra", "topazio") == "Topázio"
    assert texts.category("rede", "publica") == "Pública"
    assert texts.column("defasagem_prevista") == "Defasagem prevista"
    english = EN.of_school(task.shown_names("en"), SAO_PAULO)
    assert english.category("genero", "feminino") == "female"
    assert (english.column("ipv"), english.column("genero")) == ("Turning point", "Gender")


def test_a_task_without_a_zone_has_that_of_its_notices() -> None:
    task = load_task("pede_lag").model_copy(update={"timezone": None})
    noticed = task.notices.model_copy(update={"zone": "America/Manaus"})

    assert task.zone is None
    assert task.model_copy(update={"notices": noticed}).zone == "America/Manaus"


def test_the_title_of_a_chart_states_the_finding() -> None:
    newer = prediction(0.7, NOW)
    drifted = DriftReport(
        "d", NOW, "v1", 100, ("2024",), (row("ieg", 0.3, drifted=True), row("ida", 0.05)), True
    )
    groups = [
        {"label": "Feminino", "recall": 0.74, "small": False},
        {"label": "Masculino", "recall": 0.78, "small": False},
        {"label": "outra", "recall": 1.0, "small": True},
    ]

    assert versions_finding([version(1, recall=0.76)], "v1", PT) == (
        "v1, em serviço, encontra 76 % dos que ficarão em risco (1 versão até hoje)"
    )
    assert versions_finding([version(2)], "v1", EN).startswith("v1 ")
    assert drift_finding(drifted, PT) == (
        "1 de 2 testes mostra mudança; a maior, em ieg, é 3,0 vezes o limite"
    )
    assert reports_finding([drifted, replace(drifted, drifted=False, features=())], PT).startswith(
        "1 de 2 relatórios mostrou mudança"
    )
    assert (
        groups_finding(groups, PT) == "encontra mais em Masculino (78 %) e menos em Feminino (74 %)"
    )
    assert scores_finding([newer, prediction(0.2, NOW)], EN) == (
        "1 of 2 predictions reach the alert cut-off (50%)"
    )
    assert days_finding([newer], PT) == "1 previsão; no dia mais cheio, 1 mar 2025, foi 1"


def test_streamlits_own_english_is_replaced_in_portuguese() -> None:
    assert "Escolher arquivo" in style(PT)
    assert "FileUploader" not in style(EN)
