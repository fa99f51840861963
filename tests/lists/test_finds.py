"""What is found within places is the same figure for the dashboard, the API and the card."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dashboard.texts import Language, load_texts
from dashboard.views.overview import within_told
from model.lists.finds import STEPS, LaneCurve, finds_within
from model.lists.published import Lane, LaneRoom
from tests.database.builders import model_version
from training.recall_targets import lane_curves


def test_a_curve_read_at_a_share_is_the_recall_at_that_share() -> None:
    rng = np.random.default_rng(3)
    scores = rng.random(500)
    outcome = (rng.random(500) < scores).astype(np.float64)
    new = rng.random(500) < 0.6

    known_curve, new_curve = lane_curves(outcome, scores, new)

    lane = scores[new]
    top = lane >= np.sort(lane)[::-1][round(0.3 * len(lane)) - 1]
    assert new_curve.found_in(0.3) == pytest.approx(float(outcome[new][top].sum()), abs=1.5)
    assert known_curve.found[-1] == known_curve.at_risk
    assert len(new_curve.found) == STEPS + 1


def test_places_that_are_measured_on_themselves_find_what_they_find() -> None:
    outcome = np.array([1.0] * 30 + [0.0] * 70)
    scores = np.linspace(1.0, 0.0, 100)

    found = finds_within(lane_curves(outcome, scores), [LaneRoom(Lane.ALL, "", 100, 40, 40)])

    assert found is not None
    assert (found.places, found.recall, found.precision) == pytest.approx((0.4, 1.0, 0.75))


def test_lanes_count_by_their_students_on_the_list() -> None:
    curves = [
        LaneCurve(Lane.KNOWN, 100, 80, (0.0, 50.0, 80.0)),
        LaneCurve(Lane.NEW, 100, 20, (0.0, 15.0, 20.0)),
    ]
    rooms = [LaneRoom(Lane.KNOWN, "", 50, 25, 25), LaneRoom(Lane.NEW, "", 200, 100, 100)]

    found = finds_within(curves, rooms)

    assert found is not None
    # 40 and 40 will be at risk; half of each lane has a place.
    assert found.recall == pytest.approx((40 * 50 / 80 + 40 * 15 / 20) / 80)
    assert found.new_recall == pytest.approx(0.75)
    assert found.precision == pytest.approx((25 + 30) / 125)


def test_a_version_of_before_or_a_list_without_places_says_nothing() -> None:
    curve = LaneCurve(Lane.ALL, 4, 2, (0.0, 2.0))

    assert finds_within((), [LaneRoom(Lane.ALL, "", 10, 5, 5)]) is None
    assert finds_within([curve], [LaneRoom(Lane.NEW, "", 10, 5, 5)]) is None
    assert finds_within([curve], [LaneRoom(Lane.ALL, "", 10, 0, 0)]) is None
    assert finds_within([curve], []) is None


@pytest.mark.parametrize("language", list(Language))
def test_the_overview_says_what_is_found_within_the_places(language: Language) -> None:
    texts, rooms = load_texts(language), [LaneRoom(Lane.ALL, "", 100, 40, 40)]
    curve = LaneCurve(Lane.ALL, 50, 25, tuple(float(n) / 2 for n in range(STEPS + 1)))
    version = replace(model_version(1), by_lane=(curve,))

    assert "**40**" in within_told(version, rooms, texts)
    assert within_told(model_version(1), rooms, texts) == ""
