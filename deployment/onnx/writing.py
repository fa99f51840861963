"""A bundle as an ONNX file, tried before anybody gets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import orjson

from deployment.onnx.calibrating import calibrated
from deployment.onnx.encoding import encoded
from deployment.onnx.graph import Graph
from deployment.onnx.running import OnnxScorer
from deployment.onnx.scorers import margin
from model.bundle import Bundle
from model.errors import BundleError, ConfigurationError
from model.prediction import Scale
from model.student import Features
from preprocessing.predictor import Predictor

TOLERANCE = 1e-9
"""Farthest that a score may be from the one that is served."""


def written(predictor: Predictor, version: str) -> bytes:
    """The file: from the features of records to their scores.

    Args:
        predictor: the version's, whose bundle was checked.
        version: its name, which the file tells.

    Raises:
        BundleError: the file scores the version's own records otherwise.
        ConfigurationError: the extra is not installed, or a feature has the name of the answer.
    """
    bundle = predictor.bundle
    graph = Graph()
    rows = encoded(graph, predictor.encoder)
    scores = calibrated(graph, margin(graph, rows, bundle.scorer), bundle.calibration)
    called = result_of(bundle)
    if called in graph.inputs:
        raise ConfigurationError(f"{called!r} is a feature of the task and the name of the answer")
    data = graph.model(scores, called, about(bundle, version))
    golden = [one.record for one in bundle.golden]
    off = farthest(data, predictor, golden)
    if not off <= TOLERANCE:
        raise BundleError(f"the ONNX file scores the golden records otherwise, by up to {off:.3g}")
    return data


def result_of(bundle: Bundle) -> str:
    """What the answer is called, as in the API."""
    return "risk_score" if bundle.thresholds.scale is Scale.RISK else "predicted"


def about(bundle: Bundle, version: str) -> Mapping[str, str]:
    """What the file tells of itself: texts by name (`metadata_props`)."""
    return {
        "farol.version": version,
        "farol.task": bundle.task,
        "farol.family": bundle.family,
        "farol.bundle": bundle.digest,
        "farol.thresholds": orjson.dumps(bundle.thresholds).decode(),
    }


def farthest(data: bytes, predictor: Predictor, records: Sequence[Features]) -> float:
    """The largest difference between the file's scores and those that are served; 0 of none."""
    if not records:
        return 0.0
    differences = OnnxScorer(data).score_many(records) - predictor.score_many(records)
    return float(np.abs(differences).max())
