"""How a route tells the audit trail what it did, and for whom."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from api.audit.writer import TrailWriter
from api.security import Client
from model.audit.entry import LONGEST_DETAIL, ActorKind, Entry, pseudonym

CLIENT = "farol.client"
"""Where a request carries who asks."""

TOLD = "farol.told"
"""Set in a request that its route has told of."""


@dataclass(frozen=True, slots=True)
class Trail:
    """The trail of one task.

    Attributes:
        task: its name; "" is the installation.
        writer: of this worker.
    """

    task: str
    writer: TrailWriter

    def shown(
        self,
        request: Request,
        client: Client,
        action: str,
        *,
        student_id: str | None = None,
        subject: str = "",
    ) -> None:
        """Tells that a client was shown something; of the same, from the same place, once an hour.

        Args:
            request: tells from where.
            client: to whom.
            action: what was looked at.
            student_id: of which student.
            subject: or of what else.

        Raises:
            Overloaded: as `tell`.
        """
        look = (self.task, client.kind, client.name, action, student_id or subject, _place(request))
        if self.writer.remembers(look):
            return
        self.tell(request, client, action, student_id=student_id, subject=subject)
        self.writer.remember(look)

    def tell(
        self,
        request: Request,
        client: Client,
        action: str,
        *,
        student_id: str | None = None,
        subject: str = "",
        detail: str = "",
    ) -> None:
        """Tells that a client did something; waits for nothing, and is kept before the answer.

        Args:
            request: tells from where.
            client: who.
            action: what was done.
            student_id: to which student; told by its pseudonym.
            subject: to what else.
            detail: how much, why; no name, no id, no features.

        Raises:
            Overloaded: it cannot be kept; nothing may be answered then.
        """
        request.scope[TOLD] = True
        self.writer.add(
            Entry(
                at=self.writer.now(),
                task=self.task,
                actor=client.name,
                kind=ActorKind(client.kind),
                action=action,
                subject=subject if student_id is None else pseudonym(student_id, self.writer.key),
                detail=detail[:LONGEST_DETAIL],
                source=_place(request),
            )
        )


def _place(request: Request) -> str:
    return request.client.host if request.client else ""
