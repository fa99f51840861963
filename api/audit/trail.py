"""How a route tells the audit trail what it did, and for whom."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from api.audit.writer import TrailWriter
from api.security import Client
from model.audit.entry import LONGEST_DETAIL, ActorKind, Entry, pseudonym


@dataclass(frozen=True, slots=True)
class Trail:
    """The trail of one task.

    Attributes:
        task: its name; "" is the installation.
        writer: of this worker.
    """

    task: str
    writer: TrailWriter

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
        self.writer.add(
            Entry(
                at=self.writer.now(),
                task=self.task,
                actor=client.name,
                kind=_kind(client),
                action=action,
                subject=subject if student_id is None else pseudonym(student_id, self.writer.key),
                detail=detail[:LONGEST_DETAIL],
                source=request.client.host if request.client else "",
            )
        )


def _kind(client: Client) -> ActorKind:
    return ActorKind.KEY if client.signed_in is None else ActorKind.PERSON
