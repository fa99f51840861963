"""Who may do what with one task."""

from __future__ import annotations

from starlette.types import Scope as AsgiScope

from api.http.problems import Problem
from api.security import Client, KeyRing
from model.access import Scope


class TaskKeys:
    """Who may do what with one task.

    Args:
        ring: the keys of the installation.
        task: the task's name.
        tells_units: whether it has unit columns; else a key for some units is for nobody in it.
    """

    def __init__(self, ring: KeyRing, task: str, *, tells_units: bool) -> None:
        self._ring = ring
        self._task = task
        self._tells_units = tells_units

    def known(self, scope: AsgiScope, needed: Scope) -> Client | None:
        """The client, if that can be told without waiting.

        Raises:
            Problem: 403, this client may not do that.
        """
        client = self._ring.known(scope, needed)
        return None if client is None else self._admitted(client)

    async def client(self, scope: AsgiScope, needed: Scope) -> Client:
        """The client who sent this request.

        Raises:
            Problem: 401 no or an unknown key, 403 not allowed, 503 the keys are not known yet.
        """
        return self._admitted(await self._ring.client(scope, needed))

    async def of_any_task(self, scope: AsgiScope, needed: Scope | None) -> Client:
        """The client who sent this request, whatever tasks the key is for.

        Args:
            scope: the request.
            needed: what it is to be allowed; None is nothing but to be known.

        Raises:
            Problem: as `client`, but for the task.
        """
        return await self._ring.client(scope, needed)

    def _admitted(self, client: Client) -> Client:
        if not client.may_see(self._task):
            raise Problem(403, f"{client.told} is not for the task {self._task}.")
        if client.units and not self._tells_units:
            raise Problem(403, f"{client.told} is for some units, and {self._task} has none.")
        return client
