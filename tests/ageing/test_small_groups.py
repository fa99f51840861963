"""On no route does a figure tell of fewer than ten students: every route has its row here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.app import operations
from api.withheld.counts import actions_told, help_told, told_parts
from api.withheld.groups import shown_evidence, shown_groups
from api.withheld.records import shown_lanes, shown_report, shown_statuses
from database import indexes
from database.drift_reports import DriftReportRepository
from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import Replace, ReplaceMany
from database.embedded import lifecycle
from database.helping.actions import ActionRepository
from database.mapping.documents import to_document
from database.promotions import PromotionRepository
from database.students import StudentRepository
from database.versions import ModelVersionRepository
from model.drift import DriftReport
from model.figures import AtK, ClassFigures, Share
from model.helping.action import Action, ActionKind
from model.helping.tally import ActionTally, HelpTally, KindTally
from model.lists.finds import LaneCurve
from model.lists.published import Lane
from model.promotion import DecisionStatus, Promotion
from model.statuses import StatusFigures
from model.student import Observation
from tests.api import bundles
from tests.api.server import Server, served

ROOT = Path(__file__).parents[2]
FEW, MANY = 0.7317, 0.6173
"""Every figure of a group of nine, and every figure of a group of forty."""

HERE: Mapping[str, str] = {
    "get_model": "/model",
    "list_versions": "/models",
    "get_version": "/models/v1",
    "list_promotions": "/promotions",
    "list_drift_reports": "/drift",
    "get_drift_report": "/drift/d1",
    "get_drift_page": "/drift/d1/page?language=en",
    "summarise_help": "/help/summary",
}
"""Route to the address at which this file looks for the figure of a few."""

THERE: Mapping[str, tuple[str, str]] = {
    "get_card": ("training/test_card.py", "withholds_the_figures_of_a_handful"),
    "get_performance": ("drift/test_over_time.py", "of_fewer_than_ten_at_risk_or_flagged"),
    "get_effects": ("retraining/helping/test_effects.py", "of_fewer_than_ten_on_a_side_nothing"),
    "list_comparisons": ("retraining/test_comparing_versions.py", "too_few_records"),
    "get_comparison": ("retraining/test_comparing_versions.py", "too_few_records"),
    "compare": ("retraining/test_comparing_versions.py", "too_few_records"),
    "list_trials": ("model/test_shadow_figures.py", "of_fewer_than_ten_records_nothing"),
    "get_cohort": ("api/test_cohort.py", "of_fewer_than_ten_students_nothing"),
    "list_notices": ("retraining/notices/test_personal.py", "figures_of_fewer_than_ten_are"),
    "list_served_days": ("ageing/test_served_days.py", "tells_of_fewer_than_ten"),
}
"""Route whose figures are withheld where they are made, to the test that says so."""

ONE_BY_ONE = {
    "predict", "predict_bulk", "predict_batch", "predict_student", "label", "list_missing",
    "get_prediction_log", "act", "intervene", "remove_intervention", "assign", "list_actions",
    "list_interventions", "to_do", "students_at_risk", "students_at_risk_file", "assess_student",
    "export_student", "get_student", "trace_student", "erase_student", "readmit_student",
    "publish_list",
    "list_published", "get_published", "get_budgets", "put_budgets", "object_to_scoring",
    "lift_objection", "correct_student", "seen_by", "list_erasures", "erasure_receipt",
}  # fmt: skip
"""Tells the students themselves to whoever may see them; its counts are those of its own rows."""

OF_FILES = {"preview_file", "keep_file", "list_batches", "list_rejects", "trace_row"}
"""Counts the rows of a file, for whoever sent or may read it: which cells could not be used."""

OF_THE_MACHINE = {
    "get_health", "get_live", "get_ready", "get_metrics", "train", "list_runs", "get_run",
    "get_run_log", "get_champion", "set_canary", "get_alarms", "acknowledge_alarm",
    "get_retention",
}  # fmt: skip
"""Counts calls, records and runs; a feature's alarm is about a cohort, no group of one. `/metrics`
needs no key and counts predictions by status: docs/operations.md keeps it behind the proxy."""

OF_THE_MODEL = {"get_bundle"}
"""The model itself, for administrators alone: docs/serving.md says what it holds."""

NO_FIGURE = {
    "promote", "rollback", "reload", "approve", "refuse", "sign_in", "sign_out", "get_me",
    "change_password", "accept_invitation", "list_tasks", "get_schema", "get_home", "get_openapi",
    "get_docs", "get_redoc",
}  # fmt: skip


def test_every_route_is_withheld_somewhere_or_says_why_it_need_not() -> None:
    known = [*HERE, *THERE, *ONE_BY_ONE, *OF_FILES, *OF_THE_MACHINE, *OF_THE_MODEL, *NO_FIGURE]
    routed = {*operations(), "predict"}

    assert sorted(name for name in known if known.count(name) > 1) == []
    assert sorted(routed - set(known)) == [], "routes without a row in this file"
    assert sorted(set(known) - routed) == [], "rows of no route"


@pytest.mark.parametrize("route", sorted(THERE))
def test_the_test_that_a_row_names_is_there(route: str) -> None:
    path, name = THERE[route]

    text = (ROOT / "tests" / path).read_text("utf-8")
    assert re.search(rf"^(?:async )?def test_\w*{name}", text, re.MULTILINE)


def figures(rows: int, positives: int, figure: float) -> dict[str, Any]:
    shares = {
        f"{name}{end}": figure
        for name in ("recall", "precision", "new_recall")
        for end in ("", "_low", "_high")
    }
    return {"rows": rows, "positives": positives, "small": rows < 30, **shares} | {
        "flagged": 0.5, "flagged_low": 0.4, "flagged_high": 0.6,
    }  # fmt: skip


def group(name: str, rows: int, positives: int, figure: float) -> dict[str, Any]:
    return {
        "attribute": "gender", "group": name, "rows": rows, "positives": positives, "small": False,
        "champion": figure, "challenger": figure, "low": figure, "high": figure, "flagged": 0.5,
        "independent": True, "moved_error": 0.0,
    }  # fmt: skip


def planted(registry: SyncRegistry) -> None:
    """A version, a decision and a report with figures of nine students and of forty."""
    version = registry.run(ModelVersionRepository().get("v1"))
    told = replace(
        version,
        metrics={"recall": MANY, "new_recall": FEW, "new_positives": 9.0},
        fairness={"gender": {"F": figures(40, 20, MANY), "M": figures(40, 20, MANY),
                             "X": figures(9, 5, FEW), "Y": figures(9, 4, FEW),
                             "Z": figures(9, 5, FEW)}},
        statuses=(
            StatusFigures("high", 0.5, 9, Share(FEW), FEW),
            StatusFigures("critical", 0.8, 3, Share(FEW), FEW),
            StatusFigures("alert", 0.5, 20, Share(MANY), MANY),
            StatusFigures("expected", 0.0, 40, Share(MANY), MANY),
        ),
        by_lane=(LaneCurve(Lane.NEW, 40, 9, (0.0, FEW)), LaneCurve(Lane.KNOWN, 60, 30, (0, MANY))),
        report=(ClassFigures("high", FEW, FEW, FEW, 9), ClassFigures("low", FEW, FEW, FEW, 60)),
        at_k=(AtK(20, MANY, MANY, FEW),),
    )  # fmt: skip
    document = to_document(told, key="version")
    stored = Replace({"_id": "v1"}, document)
    registry.execute(ReplaceMany(ModelVersionRepository.collection, [stored]))
    groups = [group("F", 40, 20, MANY), group("M", 40, 20, MANY), group("X", 9, 5, FEW),
              group("Y", 19, 9, FEW)]  # fmt: skip
    made = Promotion("p1", bundles.NOW, "pipeline", "train", DecisionStatus.KEPT, "v1", None,
                     ("a test",), evidence={"groups": groups})  # fmt: skip
    registry.run(PromotionRepository().add(made))
    realised = {"n": 9.0, "positives": 5.0, "prevalence": FEW, "recall": FEW, "precision": FEW}
    registry.run(DriftReportRepository().add(
        DriftReport("d1", bundles.NOW, "v1", 60, ("2023",), (), drifted=False, realised=realised)
    ))  # fmt: skip
    seen = [Observation(f"S{n}", "2023", {"inde": 5.0}, bundles.NOW) for n in range(40)]
    registry.run(StudentRepository().observe(seen))
    for n in range(21):
        kind = ActionKind.SEEN if n < 15 else ActionKind.ACTED
        unit = "escola a" if n < 12 else "escola b"
        registry.run(ActionRepository().add(
            Action(f"a{n}", f"S{n}", "2023", kind, bundles.NOW, "Ana", unit)
        ))  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("few")
    uri = lifecycle.ensure_running(home)
    try:
        with open_registry(uri, "farol") as registry:
            registry.run(indexes.ensure_indexes())
            bundles.promote(registry, bundles.register(registry, bundles.archive()))
            planted(registry)
            with served(home, workers=1) as running:
                yield running
    finally:
        lifecycle.stop(home)


@pytest.mark.slow
@pytest.mark.parametrize("route", sorted(HERE))
def test_no_answer_holds_the_figure_of_a_few(server: Server, route: str) -> None:
    answered = server.get(HERE[route])

    assert answered.status_code == 200, answered.text
    assert str(FEW) not in answered.text
    assert "73%" not in answered.text and "73 of 100" not in answered.text


@pytest.mark.slow
def test_what_ten_students_share_is_told(server: Server) -> None:
    version = server.get("/models/v1").json()
    counted = server.get("/help/summary?period=2023").json()["actions"]

    assert version["fairness"]["gender"]["F"]["recall"] == MANY
    assert version["fairness"]["gender"]["X"] == {"small": True, "rows": None}
    assert [one["status"] for one in version["statuses"]] == ["expected"]
    assert version["metrics"] == {"recall": MANY}
    assert version["by_lane"] == [], "the other lane's would follow from the total"
    (decision,) = [one for one in version["decisions"] if one["evidence"]]
    assert [one["group"] for one in decision["evidence"]["groups"]] == ["F", "M"]
    # Six were acted for: with the fifteen they would follow from the total.
    assert counted["whole"] == {"students": 21, "seen": None, "acted": None, "not_useful": 0}
    assert counted["units"] == {"escola a": None, "escola b": None}
    assert counted["people"]["Ana"]["students"] == 21


def test_a_group_that_would_follow_from_the_others_hides_one_more() -> None:
    groups = {"F": figures(40, 20, MANY), "M": figures(30, 15, MANY), "X": figures(9, 5, FEW)}
    told = shown_groups(groups)
    evidence = shown_evidence({"groups": [group("F", 40, 20, MANY), group("M", 30, 9, FEW)]})

    assert told["M"] == told["X"] == {"small": True, "rows": None}
    assert told["F"]["recall"] == MANY
    assert evidence["groups"] == []


def test_a_recall_of_nine_at_risk_is_withheld_and_the_share_flagged_told() -> None:
    told = shown_groups({"F": figures(40, 9, FEW), "M": figures(40, 20, MANY)})

    assert (told["F"]["recall"], told["F"]["positives"], told["F"]["flagged"]) == (None, None, 0.5)
    assert told["M"]["recall"] is None, "it would follow from the total"
    assert shown_groups({"a": {"rows": 40, "mae": MANY}, "b": {"rows": 50, "mae": MANY}}) == {
        "a": {"rows": 40, "mae": MANY}, "b": {"rows": 50, "mae": MANY},
    }  # fmt: skip


def test_counts_of_parts_tell_no_few_by_their_difference() -> None:
    assert told_parts({"a": 30, "b": 9, "c": 0}) == {"a": None, "b": None, "c": 0}
    assert told_parts({"a": 30, "b": 6, "c": 6}) == {"a": 30, "b": None, "c": None}
    tally = ActionTally(KindTally(9, 9), {"a": KindTally(9, 9)}, {})
    assert actions_told(tally)["whole"]["students"] is None
    dose = help_told(HelpTally("tutoring", 30, 25, 9, 2.0))
    assert (dose["students"], dose["going_on"], dose["doses"], dose["mean_dose"]) == (
        30, None, None, None,
    )  # fmt: skip


def test_a_report_tells_what_came_of_ten_at_risk_and_ten_who_were_not() -> None:
    report = DriftReport("d1", bundles.NOW, "v1", 60, ("2023",), (), drifted=False)
    whole = {"n": 40.0, "positives": 20.0, "recall": MANY, "new_positives": 9.0, "new_recall": FEW}

    thin = replace(report, realised={"n": 40.0, "positives": 9.0, "recall": FEW})
    assert shown_report(thin).realised == {}
    assert shown_report(replace(report, realised=whole)).realised == {
        "n": 40.0, "positives": 20.0, "recall": MANY,
    }  # fmt: skip
    assert shown_report(report) == report
    lanes = [LaneCurve(Lane.NEW, 40, 12, (0, 12)), LaneCurve(Lane.KNOWN, 60, 30, (0, 30))]
    assert shown_lanes(lanes) == lanes
    assert shown_statuses(()) == []
