"""What the trail is told of each route: by the route itself, by what it shows, or why nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from model.people.looked import Looked


@dataclass(frozen=True, slots=True)
class Shown:
    """A route that shows something: whoever was answered is told of, once an hour.

    Attributes:
        action: what was looked at.
        subject: of what; `{version}` is the parameter of the path of that name. Where path or query
            name a student, it is that student.
    """

    action: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class ByItself:
    """A route that does something, and tells the trail what it did.

    Attributes:
        action: as the trail calls it.
    """

    action: str


@dataclass(frozen=True, slots=True)
class Untold:
    """A route of which nothing is told.

    Attributes:
        why: in a sentence.
    """

    why: str


Telling = Shown | ByItself | Untold

_STUDENTS = "students"
_SCORED = Untold("the prediction log keeps each prediction with the key that asked")
_NOBODY = Untold("it shows nothing of a student or a model")
_SERVING = Untold("every program asks it again and again which version serves; no figure of it")

TELLING: Mapping[str, Telling] = {
    "predict": _SCORED,
    "predict_student": _SCORED,
    "predict_batch": _SCORED,
    "predict_bulk": _SCORED,
    "label": ByItself("report"),
    "list_missing": Shown("list read", "missing outcomes"),
    "get_prediction_log": ByItself("download"),
    "preview_file": Untold("it shows callers their own file and keeps nothing"),
    "keep_file": ByItself("ingest"),
    "list_batches": Shown("files read", "batches"),
    "trace_student": ByItself("trace"),
    "trace_row": ByItself("trace"),
    "list_rejects": Shown("rejected rows read", "{batch_id}"),
    "act": ByItself("act"),
    "intervene": ByItself("intervene"),
    "remove_intervention": ByItself("remove intervention"),
    "assign": ByItself("assign"),
    "list_actions": Shown("actions read", _STUDENTS),
    "list_interventions": Shown("interventions read", _STUDENTS),
    "to_do": Shown("list read", "to do"),
    "summarise_help": Untold("counts of students, small ones withheld; nobody is named"),
    "students_at_risk": Shown("list read", _STUDENTS),
    "students_at_risk_file": ByItself("download"),
    "assess_student": Shown(Looked.STUDENT),
    "get_student": Shown(Looked.STUDENT),
    "get_cohort": Untold("quartiles of all students; nobody is named"),
    "export_student": ByItself("export"),
    "object_to_scoring": ByItself("objection"),
    "lift_objection": ByItself("objection lifted"),
    "correct_student": ByItself("correction"),
    "seen_by": Shown("seen by asked"),
    "erase_student": ByItself("erase"),
    "readmit_student": ByItself("readmit"),
    "get_budgets": _NOBODY,
    "put_budgets": ByItself("set"),
    "publish_list": ByItself("publish list"),
    "list_published": _NOBODY,
    "get_published": Shown("list read", "{list_id}"),
    "get_model": _SERVING,
    "get_champion": _SERVING,
    "list_versions": Shown("models read", "versions"),
    "get_version": Shown("models read", "{version}"),
    "get_card": Shown("models read", "{version}"),
    "get_bundle": ByItself("download"),
    "promote": ByItself("promote"),
    "rollback": ByItself("rollback"),
    "reload": ByItself("reload"),
    "list_promotions": Shown("models read", "promotions"),
    "approve": ByItself("approve"),
    "refuse": ByItself("refuse"),
    "list_trials": Shown("models read", "trials"),
    "set_canary": ByItself("canary"),
    "compare": ByItself("compare"),
    "list_comparisons": Shown("models read", "comparisons"),
    "get_comparison": Shown("models read", "{comparison_id}"),
    "get_alarms": Shown("models read", "alarms"),
    "acknowledge_alarm": ByItself("acknowledge"),
    "train": ByItself("train"),
    "list_runs": Shown("models read", "runs"),
    "get_run": Shown("models read", "{run_id}"),
    "get_run_log": Shown("models read", "{run_id}"),
    "list_drift_reports": Shown("models read", "drift"),
    "get_drift_report": Shown("models read", "{report_id}"),
    "get_drift_page": Shown("models read", "{report_id}"),
    "list_notices": Untold("what the watch found is sent to people anyway; nobody is named"),
    "get_performance": Shown("models read", "performance"),
    "get_effects": Shown("models read", "effects"),
    "sign_in": ByItself("sign-in"),
    "sign_out": ByItself("sign-out"),
    "change_password": ByItself("password changed"),
    "accept_invitation": ByItself("invitation accepted"),
    "get_me": Untold("it shows callers themselves"),
    "get_health": _NOBODY,
    "get_live": _NOBODY,
    "get_ready": _NOBODY,
    "get_metrics": Untold("counts for monitoring, read every few seconds; nobody is named"),
    "list_tasks": _NOBODY,
    "list_erasures": Shown("models read", "erasures"),
    "erasure_receipt": Shown("models read", "{receipt_id}"),
    "get_retention": Untold("how long records are kept, and how many are due; nobody is named"),
    "list_served_days": Untold("a day's counts of ten students or more; nobody is named"),
    "get_schema": _NOBODY,
    "get_home": _NOBODY,
    "get_openapi": _NOBODY,
    "get_docs": _NOBODY,
    "get_redoc": _NOBODY,
}
"""The operations of the API by their names; `tests/api/audit` walks them all."""
