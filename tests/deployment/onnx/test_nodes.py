"""Each part of a score, as ONNX Runtime works it out and as Farol does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from deployment.onnx import library, writing
from deployment.onnx.calibrating import calibrated
from deployment.onnx.encoding import encoded
from deployment.onnx.formulas import worked_out
from deployment.onnx.graph import Graph, Name
from deployment.onnx.running import OnnxScorer
from deployment.onnx.scorers import WRITTEN, margin
from model.calibration import Calibration
from model.errors import ConfigurationError
from model.scorers.kinds import SCORERS
from model.scorers.linear import LinearScorer
from model.scorers.neighbours import NeighbourScorer
from model.scorers.scorer import Rows, Scorer
from model.scorers.trees import TreeScorer
from model.student import Features
from preprocessing.encoded_columns import CategoryColumn, NumericColumn
from preprocessing.encoder import FeatureEncoder
from preprocessing.predictor import Predictor
from preprocessing.task.formula import Formula
from tests.api import bundles
from tests.model.test_scorers import TREES
from training.lightgbm_text import constant, parse_text, text_model

needs_onnx = pytest.mark.skipif(not library.installed(), reason="the extra onnx is not installed")


def worked(write: Callable[[Graph], Name], records: Sequence[Features]) -> Rows:
    """What a graph answers about records, shape (n,)."""
    graph = Graph()
    return OnnxScorer(graph.model(write(graph), "answer", {})).score_many(records)


def test_every_kind_of_scorer_that_serves_can_be_written() -> None:
    assert set(WRITTEN) == set(SCORERS)


FORMULAS = (
    "a - min(b + 1, 8)",
    "max(a, b) * (a < 8) - (b >= 2) / 4",
    "-a + (a == b) + (a <= 3) * (b > 1)",
    "1 / (a - b)",
    "min(a / b, 3)",
    "a * 1e308 * 10 - b",
    "max(a / (b - b), 1)",
)
NUMBERS: tuple[Features, ...] = (
    {"a": 7.0, "b": 8.0}, {"a": 3.0, "b": 3.0}, {"a": -2.5, "b": 0.0}, {"a": 8.0, "b": 0.1},
    {"a": 0.0, "b": 2.0}, {"a": 1.0}, {"b": 1.0}, {},
)  # fmt: skip


@needs_onnx
@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_has_the_same_value_and_none_where_it_has_none(text: str) -> None:
    formula = Formula(text)

    found = worked(lambda graph: worked_out(graph, formula), NUMBERS)

    wanted = [formula(record) for record in NUMBERS]
    assert [None if np.isnan(one) else one for one in found] == wanted
    assert None in wanted


@needs_onnx
def test_a_record_becomes_the_very_row_that_the_encoder_makes() -> None:
    encoder = FeatureEncoder(
        (
            NumericColumn("ida", 5.0, 5.1, 1.9, 0.0, 10.0, True),
            NumericColumn("late", 0.0, 0.3, 0.7, -3.0, 3.0, False),
            NumericColumn("gap", 1.0, 0.5, 0.2, -1.0, 4.0, True),
        ),
        (CategoryColumn("pedra", "ágata", ("quartzo", "ágata")),),
        derived={"gap": "ida - late * 2"},
    )
    records: list[Features] = [
        {"ida": 9.31, "late": -2.0, "pedra": "quartzo"}, {"ida": 99.0, "late": 0.1}, {},
        {"late": -7.0, "pedra": "never seen"}, {"ida": 1 / 3, "pedra": "ágata"}, {"pedra": ""},
    ]  # fmt: skip
    wanted = encoder.encode_many(records)

    def column(place: int) -> Callable[[Graph], Name]:
        def write(graph: Graph) -> Name:
            rows = encoded(graph, encoder)
            return graph.add("Gather", rows, graph.constant([place], np.int64), axis=1)

        return write

    found = np.column_stack([worked(column(i), records) for i in range(wanted.shape[1])])
    assert np.array_equal(found, wanted)


def trees() -> TreeScorer:
    """Trees of three leaves and of one, and one whose root is reached at the threshold itself."""
    return TreeScorer(text_model([*parse_text(TREES), constant(0.125), *parse_text(TREES)], 2))


def neighbours(width: int) -> NeighbourScorer:
    """Records of which many are equally far away, so that the order of sums decides."""
    random = np.random.default_rng(0)
    rows = random.integers(0, 2, (300, width)) * np.float32(0.1) + random.choice(
        np.array([0.3, 0.7], dtype=np.float32), (300, 1)
    )
    return NeighbourScorer(rows.astype(np.float64), random.integers(0, 2, 300).astype(float), 7)


SCORED: dict[str, tuple[Scorer, int]] = {
    "linear": (LinearScorer(np.array([0.5, -2.0]), 0.25), 2),
    "trees": (trees(), 2),
    **{f"neighbours of {d} columns": (neighbours(d), d) for d in (2, 9, 30, 140)},
}


@needs_onnx
@pytest.mark.parametrize("name", SCORED)
def test_a_scorer_gives_the_same_margins(name: str) -> None:
    scorer, width = SCORED[name]
    random = np.random.default_rng(1)
    rows = random.normal(size=(400, width)).astype(np.float32).astype(np.float64)
    rows[:50] = np.round(rows[:50], 1).astype(np.float32)
    rows[0], rows[1], rows[2] = 0.5, -1.25, 1e-36
    names = [f"c{i}" for i in range(width)]
    records: list[Features] = [dict(zip(names, row, strict=True)) for row in rows.tolist()]

    def write(graph: Graph) -> Name:
        given = graph.add("Concat", *map(graph.number_input, names), axis=1)
        return margin(graph, given, scorer)

    assert np.abs(worked(write, records) - scorer.margin(rows)).max() <= 1e-12


CALIBRATIONS = {
    "sigmoid": Calibration.sigmoid(1.7, -0.4),
    "identity": Calibration.identity(),
    "isotonic": Calibration("isotonic", (-1.0, 0.0, 2.0), (-2.0, -1.0, 1.0), (1.0, 1.0, 0.5)),
    "bounded": Calibration.bounded(
        np.array([-1.0, 0.0, 2.0]), np.array([-2.0, -1.0, 3.0]), slope=0.8, rooms=(2.0, 3.0)
    ),
}


@needs_onnx
@pytest.mark.parametrize("name", CALIBRATIONS)
def test_a_calibration_gives_the_same_scores_far_beyond_its_ends_too(name: str) -> None:
    margins = np.array([-1e6, -900.0, -5.0, -1.0, -0.3, 0.0, 1e-9, 1.9, 2.0, 2.1, 50.0, 900.0])

    found = worked(
        lambda graph: calibrated(graph, graph.number_input("m"), CALIBRATIONS[name]),
        [{"m": one} for one in margins.tolist()],
    )

    assert np.allclose(found, CALIBRATIONS[name].score(margins), rtol=1e-12, atol=1e-15)


@needs_onnx
def test_a_feature_that_has_the_name_of_the_answer_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = made(tmp_path)
    monkeypatch.setattr(writing, "result_of", lambda _: "inde")

    with pytest.raises(ConfigurationError, match="'inde' is a feature"):
        writing.written(predictor, "v1")


def made(folder: Path) -> Predictor:
    """A small version of PEDE."""
    from model.bundle import load_bundle
    from preprocessing.task.spec import load_task

    bundles.write(folder / "bundle", 0.5, load_task("pede_lag"))
    return Predictor(load_bundle(folder / "bundle"))


def test_without_the_extra_the_make_target_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "MODULES", ("onnx", "no_such_runtime"))

    with pytest.raises(ConfigurationError, match="make setup-onnx"):
        library.onnx_library()
