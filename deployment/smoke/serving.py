"""What an installation answers to a key, for one task: features, model, a prediction of nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deployment.smoke.finding import SmokeFinding, fault, note, ok
from deployment.smoke.made_up import made_up_record, wrong_record
from deployment.smoke.reply import Caller, Reply
from model.prediction import PredictionSource

TRIED = f"?source={PredictionSource.DASHBOARD.value}"
"""Marks a record as one that somebody tried out: without a student it counts in no cohort."""

PROBLEM = "application/problem+json"


def tasks(caller: Caller) -> tuple[SmokeFinding, tuple[str, ...]]:
    """Which tasks are served, and whether each has a champion."""
    reply = caller.get("/tasks")
    listed = reply.document.get("tasks")
    if reply.status != 200 or not isinstance(listed, list) or not listed:
        return fault("tasks", reply.said, reply.seconds), ()
    names = tuple(str(one["task"]) for one in listed)
    without = [str(one["task"]) for one in listed if not one.get("model_version")]
    if without:
        told = f"without a champion: {', '.join(without)}"
        return fault("tasks", told, reply.seconds), names
    return ok("tasks", ", ".join(names), reply.seconds), names


def of_task(caller: Caller, task: str) -> Iterator[SmokeFinding]:
    """Everything that is asked about one task."""
    path = f"/tasks/{task}"
    schema = caller.get(f"{path}/schema")
    features = schema.document.get("features")
    if schema.status != 200 or not isinstance(features, list) or not features:
        yield fault(f"{task}: schema", schema.said, schema.seconds)
        return
    yield ok(f"{task}: schema", f"{len(features)} features", schema.seconds)
    model = caller.get(f"{path}/model")
    yield _model(f"{task}: model", model)
    version = model.document.get("model_version")
    answer = caller.post(f"{path}/predict{TRIED}", made_up_record(features))
    yield _prediction(f"{task}: prediction", answer, version)
    yield _refusal(f"{task}: wrong record", caller, path, features)


def _model(check: str, reply: Reply) -> SmokeFinding:
    told = reply.document
    if reply.status == 403:
        return note(check, f"not told to this key: {reply.said}", reply.seconds)
    if reply.status != 200 or not told.get("model_version"):
        return fault(check, reply.said, reply.seconds)
    if told.get("quarantined"):
        return fault(check, f"{told['model_version']} serves; another is quarantined, see /model")
    if told.get("provisional"):
        return note(check, f"{told['model_version']} serves, provisionally", reply.seconds)
    return ok(check, f"{told['model_version']}, {told.get('family')}", reply.seconds)


def _prediction(check: str, reply: Reply, version: object) -> SmokeFinding:
    told = reply.document
    if reply.status != 200:
        return fault(check, reply.said, reply.seconds)
    score = told.get("risk_score", told.get("predicted"))
    if not isinstance(score, int | float) or told.get("student_id") is not None:
        return fault(check, "the answer holds no score of nobody", reply.seconds)
    if "risk_score" in told and not 0 <= score <= 1:
        return fault(check, f"a risk of {score:g}", reply.seconds)
    seen = f"{score:.3g}, {told.get('status')}, by {told.get('model_version')}"
    if version is not None and told.get("model_version") != version:
        # A canary, or a promotion between the two calls.
        return note(check, f"{seen}, while {version} serves", reply.seconds)
    return ok(check, f"{seen}; kept as tried, without a student", reply.seconds)


def _refusal(
    check: str, caller: Caller, path: str, features: Sequence[Mapping[str, Any]]
) -> SmokeFinding:
    field, record = wrong_record(features)
    reply = caller.post(f"{path}/predict{TRIED}", record)
    named = [error.get("field") for error in reply.document.get("errors", ())]
    if reply.status == 422 and reply.headers.get("content-type") == PROBLEM and field in named:
        return ok(check, f"refused, and {field} named", reply.seconds)
    return fault(check, f"expected 422 that names {field}, not {reply.said}", reply.seconds)
