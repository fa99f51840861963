"""Long lists are in memory before anybody asks for them, and follow what schools report."""

from __future__ import annotations

import asyncio
import logging

from api.http.problems import Problem
from api.lists.view import Question, gone, look_at, stamp_of
from api.lists.wanted import ListFilter
from api.ranked.kept import KEPT_FROM, follow
from api.ranked.reading import Stamp
from api.services import Services
from database.students import StudentRepository
from model.errors import FarolError

START_SECONDS = 1.0

_log = logging.getLogger(__name__)


async def keep_lists(here: Services) -> None:
    """Reads the list of the newest period where it is long, then follows the lists that are kept.

    Until cancelled; one that cannot be read is read when somebody asks for it.
    """
    while here.holder.current is None:
        await asyncio.sleep(START_SECONDS)
    try:
        if await here.registry.run(StudentRepository().count()) >= KEPT_FROM:
            await look_at(here, Question(None, None, None, ListFilter()))
    except (FarolError, Problem) as error:
        _log.debug("the list is not read before it is asked for: %s", error)

    async def state() -> tuple[Stamp, str] | None:
        champion = here.holder.current
        if champion is None:
            return None
        return await stamp_of(here), champion.version

    await follow(here.lists, state, lambda: here.shared_lists.sweep(gone(here)))
