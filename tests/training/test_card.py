"""Model cards of small real models."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from importlib.resources import files
from xml.etree import ElementTree

import numpy as np
import pytest
from jinja2 import UndefinedError
from jinja2.meta import find_undeclared_variables

from model.helping.bounds import HelpedBounds
from model.helping.evidence import HelpedEvidence
from model.lists.finds import Finds
from model.promotion import DecisionStatus, Guard, PromotionDecision
from model.units.named import UnitNames
from model.units.tested import UnitFigures, VersionByUnit
from model.version import LeakageCheck, Lineage, ModelVersion, Window
from preprocessing.dataset import TrainingSet
from preprocessing.task.policies import StatusPolicy
from preprocessing.task.spec import TaskSpec
from tests.training.conftest import made_up
from training.card.facts import CardFacts, Intake
from training.card.pictures import Bar, bar_picture, thinned
from training.card.render import environment, escaped, to_html, to_markdown
from training.importance import importance
from training.metrics import evaluate, evaluate_numeric
from training.recall_targets import classification_report, figures_at_k, recall_targets
from training.statuses import status_figures
from training.train import fit
from training.trained_model import FittedModel

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ERRORS = {"rows": 90, "small": False, "mae": 2.0, "mae_low": 1.5, "mae_high": 2.5, "bias": -0.5}
KEPT = PromotionDecision(
    DecisionStatus.KEPT,
    ("recall gains too little",),
    (Guard("min_recall_gain", False, "recall gains too little", 0.001, 0.01),),
)


@pytest.fixture(scope="module")
def data() -> TrainingSet:
    drawn = made_up(400)
    return replace(drawn, students=np.char.add("PUPIL-", drawn.students))


@pytest.fixture(scope="module")
def fitted(data: TrainingSet) -> tuple[FittedModel, TaskSpec]:
    from tests.training import conftest

    task = conftest.task.__wrapped__()  # type: ignore[attr-defined]
    model = fit(data, task, seed=0, family="lightgbm", repeats=1, progress=lambda _: None)
    return model, task


def facts_of(
    fitted: tuple[FittedModel, TaskSpec], data: TrainingSet, **changes: object
) -> CardFacts:
    model, task = fitted
    numeric = task.outcome.kind == "numeric"
    scores = model.held_out
    means, explained = importance(model.encoder, model.scorer, model.calibration, data.records)
    figures = {
        "rows": 200, "positives": 90, "small": False,
        **{f"{name}{end}": value for name in ("recall", "precision", "flagged")
           for end, value in (("", 0.7), ("_low", 0.6), ("_high", 0.8))},
    }  # fmt: skip
    few = {**figures, "rows": 3, "positives": 1, "small": True, "recall": 1.0}
    version = ModelVersion(
        version="v7",
        number=7,
        task=task.name,
        family=model.family,
        created_at=NOW,
        params=model.params,
        metrics=evaluate_numeric(data.outcome, scores)
        if numeric
        else evaluate(
            data.outcome,
            scores,
            threshold=model.thresholds.operating,
            new=np.arange(len(data)) % 2 == 0,
        ),
        metrics_on="400 labelled records of 2022, out of fold",
        thresholds=model.thresholds,
        window=Window(("2022",), 400, 200, "d" * 64, NOW),
        lineage=Lineage("run-1", 3, "v6", "abc", {"numpy": "2"}),
        features=task.feature_names,
        reference={},
        artifact="a" * 64,
        trained_on="b" * 64,
        statuses=status_figures(model.thresholds, data.outcome, scores),
        recall_targets=() if numeric else recall_targets(data.outcome, scores),
        at_k=() if numeric else figures_at_k(data.outcome, scores),
        report=() if numeric else classification_report(data.outcome, scores >= 0.5),
        signature="",
        candidates=tuple(model.candidates),
        fairness={"gender": {"f": ERRORS}} if numeric else {"gender": {"f": figures, "m": few}},
        leakage=LeakageCheck("auc", 0.92, {"grade": 0.95, "lag": 0.6}, 0.8, {"grade": "agreed"}),
    )
    made = CardFacts(
        version=version,
        task=task,
        encoder=model.encoder,
        keeps_records=model.scorer.KEEPS_RECORDS,
        outcome=data.outcome,
        scores=scores,
        intervals={"auc": (0.7, 0.8)},
        importance=means,
        explained=explained,
        baselines={"dummy": {"auc": 0.5}},
        intake=(Intake("2022", 410, 400, 10),),
        decision=KEPT,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def figure_names(facts: CardFacts) -> list[str]:
    return re.findall(r'<title id="(\w+)-title">', to_html(facts))


def test_a_card_has_the_six_pictures_in_both_forms_and_each_says_what_it_shows(
    fitted: tuple[FittedModel, TaskSpec], data: TrainingSet
) -> None:
    facts = facts_of(fitted, data)

    assert figure_names(facts) == [
        "roc", "precision_recall", "calibration", "gains", "importance", "groups",
    ]  # fmt: skip
    html, markdown = to_html(facts), to_markdown(facts)
    assert html.count("<svg") == markdown.count("data:image/svg+xml;base64,") == 6
    for svg in re.findall(r"<svg.*?</svg>", html):
        picture = ElementTree.fromstring(svg)
        assert picture.get("role") == "img"
        assert len(picture.findtext("{http://www.w3.org/2000/svg}desc") or "") > 20
        assert {child.get("id") for child in picture[:2]} == set(
            (picture.get("aria-labelledby") or "").split()
        )


def test_no_two_things_of_a_page_have_the_same_id(
    fitted: tuple[FittedModel, TaskSpec], data: TrainingSet
) -> None:
    html = to_html(facts_of(fitted, data))

    ids = re.findall(r'\bid="([^"]*)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:"|url\()#([^")]+)', html)) <= set(ids)


def test_what_a_bar_is_called_is_shown_as_it_is_and_cut_where_it_is_too_long() -> None:
    bars = [Bar("$1 to $2 <b>", 0.5, "50%", (0.4, 0.6)), Bar("w" * 60, 0.0, "0%", faint=True)]

    drawing = bar_picture("bars", "recall", 1.0, bars).drawing
    texts = [e.text for e in ElementTree.fromstring(f"<svg>{drawing}</svg>").iter()]

    assert "$1 to $2 <b>" in texts
    assert "w" * 33 + "…" in texts


def test_matplotlib_is_loaded_only_where_a_picture_is_drawn() -> None:
    code = "import sys, training.card.render; sys.exit('matplotlib' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_page_asks_no_other_host_for_anything(
    fitted: tuple[FittedModel, TaskSpec], data: TrainingSet
) -> None:
    html = to_html(facts_of(fitted, data))

    assert set(re.findall(r"https?://[^\"' <]+", html)) == {"http://www.w3.org/2000/svg"}
    assert "<script" not in html and "src=" not in html


def test_the_same_facts_give_the_same_bytes(
    fitted: tuple[FittedModel, TaskSpec], data: TrainingSet
) -> None:
    once, again = (facts_of(fitted, data) for _ in range(2))

    assert to_html(once) == to_html(again)
    assert to_markdown(once) == to_markdown(again)


def test_a_card_names_no_student_and_withholds_the_figures_of_a_handful(
    fitted: tuple[FittedModel, TaskSpec], data: TrainingSet
) -> None:
    facts = facts_of(fitted, data)

    for written in (to_html(facts), to_markdown(facts)):
        assert "PUPIL-" not in written
    assert "| m (small) | fewer than 10 | withheld |" in to_markdown(facts)


def test_an_override_of_the_leakage_guard_is_on_the_card_with_its_reason_and_figure(
    fitted: tuple[FittedModel, TaskSpec], data: TrainingSet
) -> None:
    facts = facts_of(fitted, data)

    assert "| grade | 0.950 | agreed |" in to_markdown(facts)
    assert "aceitos apesar de suspeita de vazamento do desfecho: grade." in to_html(facts)


def test_a_refused_version_says_why_it_was_refused(
    fitted: tuple[FittedModel, TaskSpec], data: TrainingSet
) -> None:
    assert "The run refused v7: recall gains too little. So v6 serves on." in to_markdown(
        facts_of(fitted, data)
    )


def test_a_card_warns_where_the_decision_would_be_another_without_who_was_helped(
    fitted: tuple[FittedModel, TaskSpec], data: TrainingSet
) -> None:
    bounds = HelpedBounds(0.7, 0.75, 0.6, 0.8)
    helped = HelpedEvidence(40, 25, bounds, bounds, bounds, "kept", "promoted")
    facts = facts_of(fitted, data)
    told = replace(facts, evidence={**facts.evidence, "helped": asdict(helped)})

    card, page = to_markdown(told), to_html(told)

    assert "Of 40 records the students were helped" in card
    assert "70.0 %, 75.0 % without who was helped" in card and "between 60.0 and 80.0 %" in card
    assert "Careful: without who was helped the decision would be another one" in card
    assert "Atenção: sem contar quem recebeu ajuda" in page
    assert "Careful: without who was helped" not in to_markdown(facts)


def test_what_a_task_says_cannot_become_markup(
    fitted: tuple[FittedModel, TaskSpec], data: TrainingSet
) -> None:
    model, task = fitted
    wicked = task.model_copy(update={"title": "<script>alert(1)</script>| x"})

    facts = facts_of((model, wicked), data)

    assert "<script" not in to_html(facts)
    assert "<script" not in to_markdown(facts)


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_a_card_is_written_though_all_judged_records_have_the_same_outcome(
    fitted: tuple[FittedModel, TaskSpec], data: TrainingSet, outcome: float
) -> None:
    facts = facts_of(fitted, data)
    same = np.full(len(data), outcome)
    version = replace(facts.version, metrics=evaluate(same, facts.scores, threshold=0.5))

    facts = replace(facts, outcome=same, version=version, baselines={}, intervals={})

    assert figure_names(facts) == ["calibration", "importance", "groups"]
    assert "not defined" not in to_html(facts) or outcome == 0.0


def test_a_card_is_written_of_scores_that_are_all_the_same(
    fitted: tuple[FittedModel, TaskSpec], data: TrainingSet
) -> None:
    flat = np.full(len(data), 0.2)
    facts = facts_of(fitted, data)
    version = replace(facts.version, metrics=evaluate(data.outcome, flat, threshold=0.9))

    assert len(figure_names(replace(facts, scores=flat, version=version))) == 6


def test_a_numeric_outcome_has_a_card_of_its_own_kind(data: TrainingSet, task: TaskSpec) -> None:
    rule = task.outcome.model_copy(update={"kind": "numeric", "below": None})
    cuts = StatusPolicy(concern="low", alert=5.0, critical=3.0)
    numeric = task.model_copy(update={"outcome": rule, "status": cuts})
    grades = np.array([float(r["grade"]) for r in data.records])
    measured = replace(data, outcome=grades)
    model = fit(measured, numeric, seed=0, family="ridge", repeats=1, progress=lambda _: None)

    known = facts_of((model, numeric), measured)
    facts = replace(known, version=replace(known.version, thresholds=model.thresholds))

    assert figure_names(facts) == ["numeric", "importance"]
    assert "Operating point" not in to_html(facts)
    assert "below 3" in to_html(facts) and "below 5" in to_html(facts)
    assert "abaixo de 5,0" in to_html(facts)
    assert "| f | 90 | 2.000 | 1.500 to 2.500 | -0.500 |" in to_markdown(facts)


@pytest.mark.parametrize("figures", [ERRORS, {"flagged": 0.5, "precision": 0.7}])
def test_a_card_tells_by_unit_what_may_be_told_and_names_the_rest(
    fitted: tuple[FittedModel, TaskSpec], data: TrainingSet, figures: dict[str, float]
) -> None:
    numeric = "mae" in figures
    model, task = fitted
    if numeric:
        rule = task.outcome.model_copy(update={"kind": "numeric", "below": None})
        cuts = StatusPolicy(concern="low", alert=5.0, critical=3.0)
        task = task.model_copy(update={"outcome": rule, "status": cuts})
    facts = facts_of((model, task), data)
    known = {name: value for name, value in figures.items() if name not in {"rows", "small"}}
    by_unit = VersionByUnit(
        "escola",
        (UnitFigures("A|<b>", 1200, None, known),),
        more=2,
        unlabelled=UnitNames(("Nova",), 3),
        unknown=0,
    )

    told = replace(facts, version=replace(facts.version, by_unit=by_unit))

    row = "| A\\|&lt;b> | 1,200 |"
    row += " 2.000 | 1.500 to 2.500 | -0.500 |" if numeric else " withheld | withheld |"
    card = to_markdown(told)
    assert row in card
    assert "2 smaller units were tested and are not listed." in card
    assert "No labels yet, so never tested: Nova and 3 more." in card
    assert "No judged records are of no known unit." in card
    assert "Nunca foi testado para estas unidades: Nova e mais 3." in to_html(told)
    assert "By unit" not in to_markdown(facts)


def test_a_curve_has_at_most_120_points_its_ends_among_them() -> None:
    x = np.linspace(0, 1, 5000)

    points = thinned(x, x**2)

    assert len(points) == 120
    assert points[0].tolist() == [0, 0] and points[-1].tolist() == [1, 1]


@pytest.mark.parametrize("form", [to_html, to_markdown])
def test_a_figure_that_the_card_needs_and_the_version_lacks_is_an_error_that_names_it(
    fitted: tuple[FittedModel, TaskSpec], data: TrainingSet, form: Callable[[CardFacts], str]
) -> None:
    facts = facts_of(fitted, data)
    metrics = {k: v for k, v in facts.version.metrics.items() if k != "average_precision"}

    with pytest.raises(UndefinedError, match="average_precision"):
        form(replace(facts, version=replace(facts.version, metrics=metrics)))


def test_every_fact_is_used_by_a_template() -> None:
    templates = environment(escaped, autoescape=False)
    used: set[str] = set()
    for path in (files("training.card") / "templates").iterdir():
        used |= find_undeclared_variables(templates.parse(path.read_text("utf-8")))

    # These reach the card as counts and pictures only.
    assert {field.name for field in fields(CardFacts)} - used == {
        "outcome",
        "scores",
        "importance",
        "cuts",
    }


def test_importance_is_the_mean_size_of_the_reasons_that_serving_gives(
    fitted: tuple[FittedModel, TaskSpec], data: TrainingSet
) -> None:
    model, _ = fitted
    some = data.records[:5]

    means, explained = importance(model.encoder, model.scorer, model.calibration, some)

    rows = model.encoder.encode_many(some)
    parts = [model.calibration.contributions(*model.scorer.contributions(row))[0] for row in rows]
    schools = [sum(p[i] for i, c in enumerate(model.encoder.columns) if c == "school")
               for p in parts]  # fmt: skip
    assert explained == 5
    assert means["school"] == pytest.approx(np.mean(np.abs(schools)))
    assert list(means.values()) == sorted(means.values(), reverse=True)


def test_the_card_says_what_it_costs_to_find_a_share(
    fitted: tuple[FittedModel, TaskSpec], data: TrainingSet
) -> None:
    facts = facts_of(fitted, data)
    target = next(one for one in facts.version.recall_targets if one.target == 0.8)

    card = to_markdown(facts)

    assert f"| 80% | {target.students} students |" in card
    assert f"é preciso olhar {target.students} alunos" in to_html(facts)
    assert "Classification report at the operating threshold" in card


def test_the_card_says_what_is_found_within_the_places_of_the_schools(
    fitted: tuple[FittedModel, TaskSpec], data: TrainingSet
) -> None:
    facts = replace(facts_of(fitted, data), finds=Finds(0.25, 0.44, 0.61, 0.3))

    assert "finds 44.0% of those who will be at risk (30.0% of the new cases)" in to_markdown(facts)
    assert "encontra 44 % dos que ficarão em risco (30 % dos casos novos)" in to_html(facts)
    assert "The schools have places" not in to_markdown(facts_of(fitted, data))
