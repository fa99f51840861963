"""Receipts as they are answered."""

from __future__ import annotations

from api.answers.erasures import (
    BackupHorizon,
    ErasedHost,
    ErasedTask,
    ErasureReceiptAnswer,
)
from api.answers.filled import filled
from api.security import Client
from model.erasing.receipt import Erasure


def visible(receipt: Erasure, client: Client) -> bool:
    """Whether a key may know of it: it is for one of the tasks, or none is told."""
    return not receipt.tasks or any(client.may_see(one.task) for one in receipt.tasks)


def receipt_answer(receipt: Erasure, client: Client) -> ErasureReceiptAnswer:
    """A receipt, with the tasks that the key is for."""
    seen = [one for one in receipt.tasks if client.may_see(one.task)]
    return filled(
        ErasureReceiptAnswer,
        receipt,
        tasks={one.task: filled(ErasedTask, one) for one in seen},
        hosts=[filled(ErasedHost, one) for one in receipt.hosts],
        backups=horizon(receipt),
    )


def horizon(receipt: Erasure) -> BackupHorizon:
    """How long a backup may hold the student."""
    return BackupHorizon(days=receipt.backup_days, until=receipt.backups_until)
