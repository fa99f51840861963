"""Which tasks a call about one student goes through.

It reaches every task whose ids come from the same register (`id.namespace` of the TaskSpec), so a
child is not left behind in the next task; where a task names none, its ids are its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from api.security import Client
from api.services import Services
from database.tasks import TaskRecord, TaskRepository
from model.errors import ConfigurationError
from preprocessing.task.spec import TaskSpec, parse_task

NOT_KNOWN = "nothing is known of it"
"""Said of a student whom no task that was reached knows, or the key may not see."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The tasks in which an id means the same child.

    Attributes:
        tasks: the services of each that is reached, by its name.
        not_reached: names of those that the key is not for, that count ids otherwise, or that this
            host does not serve.
    """

    tasks: Mapping[str, Services]
    not_reached: tuple[str, ...]


async def reach(request: Request, here: Services, client: Client) -> Reach:
    """The tasks that a call about a student of the task `here` goes through.

    Raises:
        RegistryError: the tasks of the installation cannot be read.
    """
    served: Mapping[str, Services] = request.app.state.paths.all
    found = among_served(served, here, client)
    elsewhere = await _elsewhere(served, here)
    return Reach(found.tasks, (*found.not_reached, *elsewhere))


def among_served(served: Mapping[str, Services], here: Services, client: Client) -> Reach:
    """The same, of the tasks that this host serves."""
    namespace = here.task.id.namespace
    sharing = {
        name: one
        for name, one in served.items()
        if one is here or (namespace is not None and one.task.id.namespace == namespace)
    }
    reached = {
        name: one
        for name, one in sharing.items()
        if client.may_see(name)
        and _tells_units(client, one.task)
        and one.task.id.unique_within == here.task.id.unique_within
    }
    return Reach(reached, tuple(sorted(sharing.keys() - reached.keys())))


def _tells_units(client: Client, task: TaskSpec) -> bool:
    """Whether the task tells the schools that a key is for, where it is for some."""
    return not client.units or bool(task.unit)


async def _elsewhere(served: Mapping[str, Services], here: Services) -> list[str]:
    """Tasks of the same register that this host does not serve: retired, or another host's."""
    if here.task.id.namespace is None:
        return []
    recorded = await here.root.run(TaskRepository().all())
    others = [one for one in recorded if one.name not in served]
    return [one.name for one in others if _may_share(one, here.task.id.namespace)]


def _may_share(task: TaskRecord, namespace: str) -> bool:
    """Whether its ids are of that register; where that cannot be read it is named in vain."""
    try:
        return parse_task(task.spec, source=task.name).id.namespace == namespace
    except ConfigurationError:
        return True
