"""What one outcome does to what is known: facts in, a decision out, nothing stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import permutations

import pytest

from model.label import Correction, JoinStatus, Label, OrphanLabel, Outcome
from model.labels.facts import DatedFeatures, Filed, JoinDecision, Known, Report, subject_of
from model.labels.filing import file_outcome, is_early, may_join
from model.labels.join import as_of, evidence_of, join, view, with_report
from model.prediction import Prediction
from tests.database.builders import at, observation, prediction

TOLD = Outcome(1.0, at(1), student_id="RA-1", period="2023", source="school")
NAMED = Outcome(1.0, at(1), prediction_id="p1")
NOW = at(2)
SERVED = prediction("p1")


def filed(outcome: Outcome, named: Prediction | None = None, now: datetime = NOW) -> Filed:
    found = file_outcome(outcome, named, now, position=4)
    assert isinstance(found, Filed), found
    return found


def refusal(outcome: Outcome, named: Prediction | None = None, now: datetime = NOW) -> str:
    found = file_outcome(outcome, named, now)
    assert isinstance(found, JoinDecision), found
    assert found.status is JoinStatus.REJECTED
    assert not found.early
    return found.reason


def report(
    value: float = 1.0,
    arrived: float = 2,
    observed: float = 1,
    position: int = 0,
    source: str | None = None,
) -> Report:
    return Report(value, at(observed), at(arrived), source, position)


def evidence(prediction_id: str, day: float) -> DatedFeatures:
    return DatedFeatures(at(day), {"inde": day}, prediction_id, 0.25, "v1")


def known(*reports: Report, predictions: tuple[DatedFeatures, ...] = ()) -> Known:
    return Known("RA-1", "2023", reports, predictions)


def label(facts: Known) -> Label:
    made = view(facts)
    assert isinstance(made, Label), made
    return made


def test_an_outcome_is_filed_under_the_student_and_period_it_names() -> None:
    told = replace(TOLD, horizon=1, after_horizon=True)

    assert filed(told) == Filed("RA-1", "2023", Report(1.0, at(1), at(2), "school", 4, 1))


def test_an_outcome_is_filed_under_the_subject_of_the_prediction_it_names() -> None:
    found = filed(NAMED, SERVED)

    assert (found.student_id, found.period, found.prediction_id) == ("RA-1", "2023", "p1")
    assert subject_of(prediction("p1", student_id=None)) == ("~p1", "2023")


def test_an_outcome_of_a_prediction_that_is_not_here_waits_with_all_that_was_said() -> None:
    told = replace(TOLD, prediction_id="p1", after_horizon=True)

    found = filed(told)

    assert (found.student_id, found.period, found.prediction_id) == ("~p1", "", "p1")
    assert (found.stated_student, found.stated_period) == ("RA-1", "2023")
    assert found.after_horizon


def test_an_outcome_that_came_alone_was_the_first_of_its_call() -> None:
    found = file_outcome(TOLD, None, NOW)

    assert isinstance(found, Filed)
    assert found.report.position == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_an_outcome_is_a_finite_number(value: float) -> None:
    assert refusal(replace(TOLD, value=value)) == "the outcome is not a number"


@pytest.mark.parametrize("names", [{"student_id": ""}, {"period": ""}, {"student_id": None}])
def test_an_outcome_names_a_prediction_or_a_student_and_a_period(
    names: dict[str, str | None],
) -> None:
    assert "names neither" in refusal(replace(TOLD, **names))  # type: ignore[arg-type]


def test_an_outcome_is_of_the_past_and_now_is_past() -> None:
    assert refusal(TOLD, now=at(0.9)) == "was observed in the future"
    assert filed(TOLD, now=at(1)).report.arrived_at == at(1)


def test_an_outcome_is_not_older_than_the_prediction_it_names() -> None:
    assert refusal(NAMED, prediction("p1", created_at=at(1.1))).startswith("was observed before")
    assert filed(NAMED, prediction("p1", created_at=at(1))).period == "2023"


def test_an_outcome_says_nothing_that_the_prediction_it_names_contradicts() -> None:
    assert "another student" in refusal(replace(NAMED, student_id="RA-2"), SERVED)
    assert refusal(replace(NAMED, period="2022"), SERVED).endswith("about 2023")
    assert filed(replace(NAMED, student_id="RA-1", period="2023"), SERVED).student_id == "RA-1"
    nobodys = prediction("p1", student_id=None)
    assert filed(replace(NAMED, student_id="RA-2"), nobodys).student_id == "~p1"


def test_the_period_an_outcome_belongs_to_has_begun() -> None:
    assert "in the future" in refusal(replace(TOLD, period="2031"))
    assert "in the future" in refusal(NAMED, prediction("p1", period="2031"))


def test_an_outcome_before_its_horizon_is_refused_only_where_that_was_asked_for() -> None:
    early = replace(TOLD, period="2024", horizon=1)

    assert "lies before 2025" in refusal(replace(early, after_horizon=True))
    assert is_early(filed(early))
    assert not is_early(filed(replace(early, horizon=0, after_horizon=True)))
    assert not is_early(filed(replace(early, period="2023", after_horizon=True)))


@pytest.mark.parametrize(
    ("told", "served", "joins"),
    [
        (NAMED, SERVED, True),
        (NAMED, prediction("p1", created_at=at(1.1)), False),
        (replace(NAMED, student_id="RA-2"), SERVED, False),
        (replace(NAMED, student_id="RA-1"), SERVED, True),
        (replace(NAMED, period="2022"), SERVED, False),
        (NAMED, prediction("p1", period="2031"), False),
        (replace(NAMED, horizon=1), prediction("p1", period="2024"), True),
        (replace(NAMED, horizon=1, after_horizon=True), prediction("p1", period="2024"), False),
        (replace(NAMED, after_horizon=True), prediction("p1", period="2024"), True),
    ],
)
def test_an_outcome_that_waited_joins_by_the_rules_it_would_have_met_at_arrival(
    told: Outcome, served: Prediction, joins: bool
) -> None:
    assert isinstance(file_outcome(told, served, at(2)), Filed) is joins
    assert may_join(filed(told), served) is joins


def test_what_a_report_does_is_said_in_its_decision() -> None:
    nothing, served = known(), (evidence("p1", 0),)
    once = known(report(0.0), predictions=served)
    raised = known(report(0.0), report(1.0, arrived=3), predictions=served)

    assert join(report(), nothing).status is JoinStatus.ORPHANED
    assert join(report(), known(predictions=served)).status is JoinStatus.JOINED
    assert join(report(0.0, arrived=3), once).status is JoinStatus.DUPLICATE
    corrected = join(report(1.0, arrived=3), once)
    assert (corrected.status, corrected.reason) == (JoinStatus.CORRECTED, "was 0, is 1")
    between = join(report(0.5, arrived=2.5), raised)
    assert between.status is JoinStatus.CORRECTED
    assert "a later report stands" in between.reason
    assert not corrected.early


def test_a_further_report_stands_behind_those_before_it() -> None:
    first, second = report(), report(0.0, arrived=3)

    assert with_report(known(first), second).reports == (first, second)


def test_without_a_report_there_is_nothing_to_see() -> None:
    assert view(known(predictions=(evidence("p1", 0),))) is None


def test_an_orphan_holds_what_was_reported_and_its_history() -> None:
    assert view(known(report(0.0, 2, 1, source="a"), report(1.0, 4, 3, source="b"))) == OrphanLabel(
        student_id="RA-1",
        period="2023",
        outcome=1.0,
        observed_at=at(3),
        arrived_at=at(4),
        source="b",
        history=(Correction(0.0, at(1), at(2), "a"),),
    )


def test_an_orphans_history_is_every_value_it_had_before() -> None:
    made = view(known(report(0.0, 2), report(1.0, 3), report(0.5, 4)))

    assert made is not None
    assert [former.former for former in made.history] == [0.0, 1.0]


def test_a_label_holds_its_features_its_prediction_and_its_history() -> None:
    facts = known(
        report(0.0, 2, 1, source="a"), report(1.0, 4, 3, source="b"),
        predictions=(evidence("p1", 0.5),),
    )  # fmt: skip

    assert label(facts) == Label(
        student_id="RA-1",
        period="2023",
        features={"inde": 0.5},
        outcome=1.0,
        observed_at=at(3),
        arrived_at=at(4),
        source="b",
        prediction_id="p1",
        risk_score=0.25,
        model_version="v1",
        history=(Correction(0.0, at(1), at(2), "a"),),
    )


def test_evidence_of_a_prediction_is_what_it_was_made_from() -> None:
    assert DatedFeatures.of_prediction(SERVED) == DatedFeatures(
        at(0), SERVED.features, "p1", SERVED.risk_score, "v1"
    )


def test_a_label_that_waited_for_an_observation_arrives_with_it_and_so_does_its_past() -> None:
    facts = replace(
        known(report(0.0, 2), report(1.0, 4)), observation=observation(observed_at=at(6))
    )

    made = label(facts)

    assert (made.features, made.protected, made.prediction_id) == (
        {"inde": 6.0}, {"gender": "F"}, None,
    )  # fmt: skip
    assert made.arrived_at == at(6)
    assert [former.arrived_at for former in made.history] == [at(6)]


def test_a_prediction_tells_no_protected_attributes() -> None:
    assert label(known(report(), predictions=(evidence("p1", 0),))).protected == {}


def test_the_order_of_facts_makes_no_difference() -> None:
    reports = (
        report(0.0, 2), report(1.0, 3, position=1), report(0.5, 3, position=0),
        report(0.5, 3, observed=2, position=1),
    )  # fmt: skip
    served = (evidence("p1", 0), evidence("p2", 0.5), evidence("p3", 0.5))

    seen = {
        repr(view(known(*order, predictions=predictions)))
        for order in permutations(reports)
        for predictions in permutations(served)
    }

    assert len(seen) == 1


def test_of_reports_that_arrive_together_the_later_in_the_call_stands() -> None:
    together = known(report(1.0, position=0), report(0.0, position=1))
    other = known(report(1.0, position=1), report(0.0, position=0))

    assert [view(one).outcome for one in (together, other)] == [0.0, 1.0]  # type: ignore[union-attr]


def test_of_reports_in_one_place_the_one_observed_later_stands() -> None:
    made = view(known(report(0.0, observed=1.5), report(1.0, observed=1)))

    assert made is not None
    assert made.outcome == 0.0


def test_a_value_that_returns_is_two_changes_and_a_repeated_one_is_none() -> None:
    returned = label(
        known(
            report(0.0, 2), report(0.0, 3), report(1.0, 4), report(0.0, 5),
            predictions=(evidence("p1", 0),),
        )
    )  # fmt: skip

    assert returned.arrived_at == at(5)
    assert [(f.former, f.arrived_at) for f in returned.history] == [(0.0, at(2)), (1.0, at(4))]


def test_the_latest_prediction_up_to_the_first_observation_is_the_evidence() -> None:
    first = report(observed=1)
    served = tuple(evidence(name, day) for name, day in (("p2", 1.0), ("p1", 0.5), ("p3", 1.1)))

    facts = known(first, report(observed=2, arrived=3), predictions=served)

    assert evidence_of(facts) == served[0]


def test_of_predictions_of_one_moment_the_last_by_name_is_the_evidence() -> None:
    served = (evidence("p2", 0), evidence("p1", 0), DatedFeatures(at(0), {}))

    for order in permutations(served):
        assert evidence_of(known(report(), predictions=order)) == served[0]


def test_without_an_earlier_prediction_or_an_observation_there_is_no_evidence() -> None:
    assert evidence_of(known(report(), predictions=(evidence("p1", 1.1),))) is None


def test_a_label_is_early_until_it_is_reported_again_after_its_period_began() -> None:
    early = Report(1.0, at(1), at(2), horizon=1)
    final = Report(1.0, at(360), at(361), horizon=1)
    facts = Known("RA-1", "2024", (early,), (evidence("p1", 0),))

    assert label(facts).early
    assert not label(replace(facts, reports=(final,))).early
    assert not label(with_report(facts, final)).early
    assert label(with_report(facts, replace(early, value=0.0, arrived_at=at(3)))).early


def test_a_label_whose_value_changed_back_early_is_early_whatever_came_before() -> None:
    final = Report(1.0, at(360), at(361), horizon=1)
    changed = Report(0.0, at(3), at(362), horizon=1)
    facts = Known("RA-1", "2024", (final, changed), (evidence("p1", 0),))

    assert label(facts).early


def test_a_label_is_seen_as_it_stood_at_a_moment() -> None:
    now = label(
        known(
            report(0.0, 2, 1, source="a"), report(1.0, 4, 1, source="b"),
            report(0.5, 6, 5, source="c"), predictions=(evidence("p1", 0),),
        )
    )  # fmt: skip

    assert as_of(now, at(6)) == now
    former = as_of(now, at(5.9))
    assert former == as_of(now, at(4))
    assert former == replace(
        now, outcome=1.0, observed_at=at(1), arrived_at=at(4), source="b", history=now.history[:1]
    )
    assert as_of(now, at(1.9)) is None
    oldest = as_of(now, at(2))
    assert oldest is not None
    assert (oldest.outcome, oldest.source, oldest.history) == (0.0, "a", ())
