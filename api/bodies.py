"""The bodies that routes take, with the task's own fields, bounds and words."""

from __future__ import annotations

from typing import Any

from api.helping.fields import LONGEST_NAME, LONGEST_NOTE
from api.helping.reading import LONGEST_KIND, MOST_DOSE, OWN_ID
from api.operation import Json
from api.outcomes import MOST as MOST_LABELS
from api.payload import LONGEST_REASON
from model.helping.action import ActionKind
from model.options import OPTIONS, Allowed
from model.people.password import LONGEST, SHORTEST
from preprocessing.task.columns import Column, Kind
from preprocessing.task.spec import TaskSpec

MOST_RECORDS = 1_000
MOST_SHARE = 0.5
"""Of the students whom a canary may answer; the rest is the champion's."""

STUDENT, PERIOD, DAY = "RA-77", "2026", "2026-03-09"
"""Of examples."""


def task_schemas(task: TaskSpec) -> Json:
    """The schemas that depend on the task, by the names that the bodies refer to."""
    return {
        "Record": _record(task),
        "Label": _label(task),
        "ActionBody": _action(task),
        "InterventionBody": _intervention(task),
        "CorrectionBody": _correction(task),
    }


def feature_schema(column: Column) -> Json:
    """JSON schema of one feature.

    >>> feature_schema(Column(name="ida", low=0, high=10))["maximum"]
    10.0
    """
    schema: Json = {"description": column.description}
    if column.kind is Kind.CATEGORY:
        schema["type"] = "string"
        if column.categories:
            schema["enum"] = list(column.categories)
        return schema
    schema["type"] = "integer" if column.integer else "number"
    if column.low is not None:
        schema["minimum"] = column.low
    if column.high is not None:
        schema["maximum"] = column.high
    return schema


def _record(task: TaskSpec) -> Json:
    return _object(
        student_id=_text("The school's own identifier."),
        period=_text("Default: this year.") | {"pattern": task.periods},
        **{column.name: feature_schema(column) for column in (*task.unit, *task.features)},
    )


def _label(task: TaskSpec) -> Json:
    raw = task.outcome.column
    return _object(
        prediction_id=_text("What /predict answered; or:"),
        student_id=_text(),
        period=_text("The period of the features."),
        outcome={"type": ["number", "boolean"], "description": task.outcome.description},
        **{
            raw.name: feature_schema(raw)
            | {"description": f"Instead of outcome. {raw.description}"}
        },
        observed_at=_text("Default: now.") | {"format": "date-time"},
        **{column.name: feature_schema(column) for column in task.unit},
    ) | {"examples": [{"student_id": STUDENT, "period": PERIOD, "outcome": 1}]}


def _action(task: TaskSpec) -> Json:
    return _object(
        student_id=_text("The school's own identifier."),
        period=_text("Of the list. Default: the newest.") | {"pattern": task.periods},
        kind=_text("What was done.") | {"enum": [kind.value for kind in ActionKind]},
        note=_text(maxLength=LONGEST_NOTE),
        next_on=_day("When to look again."),
        action_id=_text("Makes the call one that may be repeated.", pattern=OWN_ID.pattern),
        **{column.name: feature_schema(column) for column in task.unit},
    ) | {
        "required": ["student_id", "kind"],
        "examples": [{"student_id": STUDENT, "kind": "acted", "note": "rang the mother"}],
    }


def _intervention(task: TaskSpec) -> Json:
    named = [kind.name for kind in task.interventions]
    kinds: Json = {"enum": named} if named else {"maxLength": LONGEST_KIND}
    return _object(
        student_id=_text("The school's own identifier."),
        kind=_text("Which help.") | kinds,
        start=_day("The first day."),
        end=_day("The last day; while it goes on there is none."),
        dose={"type": ["number", "null"], "minimum": 0, "maximum": MOST_DOSE,
              "description": "How much, in the kind's unit."},
        note=_text(maxLength=LONGEST_NOTE),
        intervention_id=_text("Changes what is said of this one.", pattern=OWN_ID.pattern),
        **{column.name: feature_schema(column) for column in task.unit},
    ) | {
        "required": ["student_id"],
        "examples": [{"student_id": STUDENT, "kind": [*named, "tutoring"][0], "start": DAY}],
    }  # fmt: skip


def _correction(task: TaskSpec) -> Json:
    columns = (*task.checked, *task.protected, *task.features)
    values = {column.name: _or_null(feature_schema(column)) for column in columns}
    right = _object(outcome={"type": ["number", "boolean"]}, **values) | {
        "minProperties": 1,
        "description": "Columns of the school's record with their right values; null: not known.",
    }
    return _object(
        period=_text("Of the record.") | {"pattern": task.periods},
        values=right,
        reason=_text("What was wrong.", minLength=1, maxLength=LONGEST_REASON),
    ) | {"required": ["period", "values", "reason"]}


def _or_null(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def _day(description: str) -> Json:
    return {"type": ["string", "null"], "format": "date", "description": description}


def _option(allowed: Allowed) -> Json:
    if allowed.kind is bool:
        return {"type": "boolean", "description": allowed.help}
    least = "exclusiveMinimum" if allowed.above else "minimum"
    return {
        "type": "integer" if allowed.kind is int else "number",
        "description": allowed.help,
        least: allowed.low,
        "maximum": allowed.high,
    }


def _text(description: str = "", **more: Any) -> Json:
    return {"type": "string", **({"description": description} if description else {}), **more}


def _object(**properties: Json) -> Json:
    """An object with any of the properties; another one is refused."""
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _with(name: str, schema: Json) -> Json:
    """An object that has this property; others are not looked at."""
    return {"type": "object", "properties": {name: schema}, "required": [name]}


def _list(name: str, most: int) -> Json:
    return {"type": "array", "items": _ref(name), "maxItems": most}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _body(schema: Json, *, required: bool = True, csv: bool = False) -> Json:
    content: Json = {"application/json": {"schema": schema}}
    if csv:
        content["text/csv"] = {"schema": {"type": "string"}}
    return {"content": content, "required": required}


RECORD = _body(_ref("Record"))
RECORDS = _body(_with("records", _list("Record", MOST_RECORDS)))
LABELS = _body({
    "oneOf": [
        _ref("Label"),
        _list("Label", MOST_LABELS),
        _with("labels", _list("Label", MOST_LABELS)),
    ]
}, csv=True)  # fmt: skip
REASON = _body(_with("reason", _text(minLength=1, maxLength=LONGEST_REASON)))
ACTION = _body(_ref("ActionBody"))
CORRECTION = _body(_ref("CorrectionBody"))
INTERVENTION = _body(_ref("InterventionBody"))
ASSIGNED = _body(_with("person", _text("Empty: nobody.", maxLength=LONGEST_NAME)))
CANARY = _body({
    "type": "object",
    "properties": {
        "share": {
            "type": "number",
            "minimum": 0,
            "maximum": MOST_SHARE,
            "description": "Of the students; 0 ends it.",
        },
        "reason": _text(minLength=1, maxLength=LONGEST_REASON),
    },
    "required": ["share", "reason"],
})  # fmt: skip
COMPARISON = _body({
    "type": "object",
    "properties": {
        "first": _text("The version that the other is held against, v3 say."),
        "second": _text("The other version."),
    },
    "required": ["first", "second"],
    "additionalProperties": False,
})  # fmt: skip
RUN_OPTIONS = _body(
    _object(
        reason=_text("Why it is asked for; it is recorded.", maxLength=LONGEST_REASON),
        **{name: _option(allowed) for name, allowed in OPTIONS.items()},
    ),
    required=False,
)

_CHOSEN = _text("At least 12 characters; without the name.", minLength=SHORTEST, maxLength=LONGEST)
_TYPED = _text(minLength=1, maxLength=LONGEST)


def _all_of(**properties: Json) -> Json:
    """An object that has each of these properties."""
    return {"type": "object", "properties": properties, "required": list(properties)}


CREDENTIALS = _body(_all_of(name=_TYPED, password=_TYPED))
PASSWORD = _body(_all_of(password=_CHOSEN))
NEW_PASSWORD = _body(_all_of(former=_TYPED, password=_CHOSEN))
