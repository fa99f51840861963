"""Replacements in several messages, where a server does not take many in one.

FerretDB 1 keeps a read open for each replacement of a message until the message is answered, and
has a hundred connections to SQLite for each database: the hundredth replacement waits for one for
ever, and with it everything else of that database (`docs/servers.md`). Other servers are sent what
an operation replaces in one message, which costs them one commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from database.driver.commands import Command, ReplaceMany
from database.driver.paging import in_parts

FEW = 10
"""Replacements in a message that FerretDB 1 takes from nine writers at once."""


@dataclass(slots=True)
class TakenAtOnce:
    """What is known of a client's server; its databases share it.

    Attributes:
        few: whether it takes few replacements in a message; None before that was asked.
    """

    few: bool | None = None

    def told(self, build: Mapping[str, Any]) -> bool:
        """Keeps what the server's `buildInfo` says, and gives whether it takes few.

        >>> TakenAtOnce().told({"version": "7.0.42", "ferretdbVersion": "v1.24.2"})
        True
        """
        self.few = "ferretdbVersion" in build
        return self.few


def are_many(command: Command) -> TypeGuard[ReplaceMany]:
    """Whether it matters how many replacements the server takes in a message."""
    return isinstance(command, ReplaceMany) and len(command.replacements) > FEW


def in_messages(command: ReplaceMany) -> list[ReplaceMany]:
    """The same replacements, few in each command.

    >>> from database.driver.commands import Replace
    >>> many = ReplaceMany("labels", [Replace({"_id": str(i)}, {"_id": str(i)}) for i in range(21)])
    >>> [len(one.replacements) for one in in_messages(many)]
    [10, 10, 1]
    """
    parts = in_parts(command.replacements, FEW)
    return [ReplaceMany(command.collection, part) for part in parts]
