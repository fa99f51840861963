"""Receipts as they are answered."""

from __future__ import annotations

from api.answers.erasures import (
    BackupHorizon,
    ErasedHost,
    ErasedTask,
    ErasureReceiptAnswer,
)
from api.security import Client
from model.erasing.receipt import Erasure, HostPart, TaskPart


def visible(receipt: Erasure, client: Client) -> bool:
    """Whether a key may know of it: it is for one of the tasks, or none is told."""
    return not receipt.tasks or any(client.may_see(one.task) for one in receipt.tasks)


def receipt_answer(receipt: Erasure, client: Client) -> ErasureReceiptAnswer:
    """A receipt, with the tasks that the key is for."""
    tasks = {one.task: task_answer(one) for one in receipt.tasks if client.may_see(one.task)}
    return ErasureReceiptAnswer(
        receipt_id=receipt.receipt_id,
        at=receipt.at,
        actor=receipt.actor,
        finished_at=receipt.finished_at,
        complete=receipt.complete,
        tasks=tasks,
        not_reached=receipt.not_reached,
        hosts=[host_answer(one) for one in receipt.hosts],
        backups=horizon(receipt),
    )


def task_answer(task: TaskPart) -> ErasedTask:
    """What was erased in a task."""
    return ErasedTask(
        deleted=dict(task.deleted),
        model_versions=task.model_versions,
        keep_records=task.keep_records,
    )


def host_answer(part: HostPart) -> ErasedHost:
    """A host's part."""
    return ErasedHost(host=part.host, name=part.name, seen_at=part.seen_at, done_at=part.done_at)


def horizon(receipt: Erasure) -> BackupHorizon:
    """How long a backup may hold the student."""
    return BackupHorizon(days=receipt.backup_days, until=receipt.backups_until)
