"""What the audit trail says was done, in the reader's words."""

from __future__ import annotations

from dashboard.texts import Texts


def action_told(action: str, texts: Texts) -> str:
    """An action in words; by its own name where there is no sentence for it."""
    return texts.or_name(action_key(action), action)


def action_key(action: str) -> str:
    """The key of the sentence for an action.

    >>> action_key("student opened")
    'audit.did.student_opened'
    """
    return f"audit.did.{action.replace(' ', '_')}"
