"""What the page of a version shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import plotly.graph_objects as go
import pytest

from dashboard import charts
from dashboard.fairness_section import group_rows
from dashboard.reading.palette import BLUE, GREY
from dashboard.texts import Language, load_texts
from dashboard.versions.card import address_of
from dashboard.versions.figures import leakage_lines
from database.aliases import CHAMPION, AliasRepository
from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.promotions import PromotionRepository
from database.versions import ModelVersionRepository
from model.decisions.gain_sentences import gain_told
from model.promotion import DecisionStatus, Promotion
from model.version import CardFiles, LeakageCheck
from tests.dashboard.test_pages import db, fill, opened, page, uri, words
from tests.database.builders import model_version

__all__ = ["db", "opened", "uri"]

EN, PT = load_texts(Language.EN), load_texts(Language.PT)

GIRLS = {
    "rows": 120, "positives": 50, "small": False,
    "recall": 0.8, "recall_low": 0.67, "recall_high": 0.89,
    "precision": 0.7, "precision_low": 0.57, "precision_high": 0.8,
    "flagged": 0.475, "flagged_low": 0.388, "flagged_high": 0.564,
}  # fmt: skip
FEW = {**GIRLS, "rows": 4, "positives": 1, "small": True}
CHECK = LeakageCheck("auc", 0.92, {"ian": 0.95}, 0.9, {"ian": "known in advance", "ipp": "agreed"})


def test_a_group_is_a_row_with_intervals_and_a_handful_of_students_is_not_told() -> None:
    girls, few = group_rows({"girl": GIRLS, "other": FEW}, EN)

    assert girls == {
        "group": "girl",
        "records": "120",
        "at risk": "50",
        "Finds": "80% (67% - 89%)",
        "Is right": "70% (57% - 80%)",
        "Flags": "48% (39% - 56%)",
    }
    assert few["group"] == "other (small)"
    assert (few["records"], few["at risk"], few["Finds"]) == ("< 10", "", "")


def test_a_version_of_before_with_fewer_figures_is_shown_with_those_it_has() -> None:
    former = {k: v for k, v in GIRLS.items() if not k.startswith("precision")}

    (row,) = group_rows({"menina": former}, PT)

    assert row["Encontra"] == "80 % (67 % - 89 %)"
    assert row["Acerta"] == ""


def test_a_group_of_a_numeric_outcome_has_its_error_and_bias() -> None:
    figures = {
        "rows": 90, "small": False, "mae": 2.0, "mae_low": 1.5, "mae_high": 2.5, "bias": -0.5,
    }  # fmt: skip

    (row,) = group_rows({"girl": figures}, EN)

    assert row["Is off by (MAE)"] == "2.00 (1.50 - 2.50)"
    assert row["bias"] == "-0.50"


def test_an_accepted_leak_is_told_with_its_reason_and_figure() -> None:
    measured, unmeasured = leakage_lines(model_version(leakage=CHECK), PT)

    assert "ian: sozinho separa o desfecho com 0,950 (AUC). Motivo dado: known in" in measured
    assert "ipp: não foi possível medir. Motivo dado: agreed" in unmeasured


def test_a_small_group_is_a_pale_bar() -> None:
    drawn = [{**GIRLS, "label": "girl"}, {**FEW, "label": "other (small)"}]

    figure: go.Figure = charts.group_recalls(drawn, EN)

    assert list(figure.data[0].marker.color) == [BLUE, GREY]
    assert list(figure.data[0].error_x.arrayminus) == [0.8 - 0.67] * 2


def test_the_page_of_a_version_has_its_groups_its_leaks_and_its_card(opened: SyncRegistry) -> None:
    fill(opened)
    card = CardFiles(
        *(opened.run(ArtifactRepository().put(data)) for data in (b"<p>card</p>", b"# card"))
    )
    former = opened.run(ModelVersionRepository().get("v1"))
    newer = replace(
        former, version="v2", number=2, card=card, leakage=CHECK, fairness_gaps={"gender": 0.05},
        fairness={"gender": {"girl": GIRLS, "boy": GIRLS}},
    )  # fmt: skip
    opened.run(ModelVersionRepository().add(newer))

    app = page("versions")
    assert "registered before there were cards" in words(app)
    app.selectbox[0].set_value("v2").run()

    assert not app.exception
    assert len(app.get("download_button")) == 2
    assert "gender: how many it finds differs by 5.0 points between groups." in words(app)
    assert "ian: alone it tells the outcome with 0.950 (AUC)" in words(app)
    app.toggle(key="card-v2").set_value(True).run()
    assert not app.exception
    (frame,) = app.get("iframe")
    assert frame.proto.src == address_of(b"<p>card</p>")


@pytest.mark.parametrize("name", ["versions", "overview"])
def test_a_version_moved_by_hand_shows_the_reason_and_the_decision_of_its_run(
    opened: SyncRegistry, name: str
) -> None:
    fill(opened)
    alias = opened.run(AliasRepository().find(CHAMPION))
    assert alias is not None
    moves = (("v2", "school asks"), ("v1", "a mistake"))
    opened.run(
        ModelVersionRepository().add(
            replace(opened.run(ModelVersionRepository().get("v1")), version="v2", number=2)
        )
    )
    for revision, (version, reason) in enumerate(moves, start=alias.revision):
        by_hand = Promotion(
            f"by-hand-{version}", datetime.now(UTC), "admin", "promote", DecisionStatus.PROMOTED,
            version, "v1" if version == "v2" else "v2", (reason,),
        )  # fmt: skip
        opened.run(PromotionRepository().promote(by_hand, expected_revision=revision))

    app = page(name)

    assert not app.exception
    told = words(app)
    assert "a mistake" in told
    assert "by pipeline" in told


def test_a_decision_shows_where_its_gain_was_measured_and_what_is_expected_next(
    opened: SyncRegistry,
) -> None:
    fill(opened)
    evidence = {
        "source": "within_alone", "refresh": True, "periods": ["2023"],
        "gains": [{"metric": "recall_at_budget", "gain": 0.042, "low": 0.01, "high": 0.073}],
        "expected": {"gain": 0.0105, "low": -0.03, "high": 0.05, "basis": "persistence"},
    }  # fmt: skip
    kept = Promotion(
        "run-kept", datetime.now(UTC), "pipeline", "train", DecisionStatus.KEPT, "v2", "v1",
        ("a reason",), evidence=evidence,
    )  # fmt: skip
    opened.run(PromotionRepository().add(kept))

    app = page("overview")

    assert not app.exception
    for sentence in gain_told(evidence):
        assert sentence in words(app)
