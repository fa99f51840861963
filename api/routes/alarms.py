"""The alarms of the drift watch, and who knows of them."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.access import MayDecide, MayReadAll
from api.answers.alarms import AlarmsAnswer
from api.bodies import REASON
from api.http.body import SMALL, read_body
from api.http.json_answer import json_answer
from api.operation import operation
from api.payload import read_reason
from api.services import services
from database.watch.alarms import AlarmRepository
from model.watch.alarm import WatchState

router = APIRouter(tags=["drift"])

ACKNOWLEDGE = "acknowledge"


@router.get("/drift/alarms", **operation("The state of every watched feature", AlarmsAnswer))
async def get_alarms(request: Request, _client: MayReadAll) -> Response:
    """Quiet, suspected, alarmed, or acknowledged and by whom."""
    here = services(request)
    state = await here.registry.run(AlarmRepository().current())
    return json_answer(_told(state, here.task.drift.checks))


@router.post(
    "/drift/alarms/{feature}/acknowledge",
    **operation("Says that an alarm is known", AlarmsAnswer, 404, 409, body=REASON),
)
async def acknowledge_alarm(request: Request, feature: str, client: MayDecide) -> Response:
    """Until the feature is quiet again, or drifts clearly further."""
    here, now = services(request), services(request).now()
    reason = read_reason(await read_body(request.receive, SMALL))
    state = await here.registry.run(
        AlarmRepository().acknowledge(feature, by=client.name, reason=reason, now=now)
    )
    here.trail.tell(request, client, ACKNOWLEDGE, subject=feature, detail=reason)
    return json_answer(_told(state, here.task.drift.checks))


def _told(state: WatchState | None, checks: int) -> AlarmsAnswer:
    return AlarmsAnswer(
        model_version=state.model_version if state else None,
        at=state.at if state else None,
        report_id=state.report_id if state else None,
        period=state.period if state else None,
        checks_needed=checks,
        alarmed=state.alarmed if state else (),
        features=state.features if state else (),
        expected_false_alarms=state.expected if state else None,
    )
