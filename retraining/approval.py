"""`python -m retraining.approval`: lets a version that waits serve, or refuses it."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from database.decisions import approval
from database.driver.client import SyncRegistry
from database.trail.trail import TrailRepository
from deployment.exit_codes import ExitCode, failed
from deployment.tasks.installed import installed
from deployment.wiring import (
    add_task_option,
    configure_logging,
    root_registry,
    settings_from_environment,
    task_registry,
)
from model.audit.entry import LONGEST_DETAIL, ActorKind, Entry
from model.errors import FarolError
from model.promotion import APPROVE, REFUSE, DecisionStatus, Promotion, told_promise
from model.trust.tombstone import TombstoneKey
from preprocessing.task.policies import PromotionPolicy

EPILOG = """\
With promotion.approval: ask in the task, a run that would promote a version leaves it waiting. It
serves only when somebody approves it, while the champion is the one it was compared with; after
promotion.approval_days, or when a newer version waits, it is refused by itself.

examples
  python -m retraining.approval list
  python -m retraining.approval approve v7 --reason "seen by the council"
  python -m retraining.approval refuse v7 --reason "finds fewer girls" --task pede_lag
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Lists or answers; exit code 0 when done, 1 when that cannot be done, 2 for wrong usage."""
    given = _parser().parse_args(argv)
    try:
        settings = settings_from_environment(given.task)
        configure_logging(settings)
        with root_registry(settings) as root:
            task = installed(settings)
            opened, policy = task_registry(root, task), task.spec.promotion
            now = datetime.now(UTC)
            if given.command == "list":
                for line in listed(opened, policy, now):
                    sys.stdout.write(f"{line}\n")
                return ExitCode.DONE
            trail = TaskTrail(root, task.name, settings.tombstone_key)
            done = answer(opened, trail, given, policy, now)
    except FarolError as error:
        return failed("approval", error)
    serves = f"{done.challenger} serves now" if given.command == APPROVE else "it will not serve"
    sys.stdout.write(f"{done.challenger}: {done.status.value} by {done.actor}; {serves}\n")
    return ExitCode.DONE


@dataclass(frozen=True, slots=True)
class TaskTrail:
    """The audit trail, as a command tells it what it did to a task.

    Attributes:
        root: the root registry, where the trail is.
        task: the task's name.
        data_key: seals it.
    """

    root: SyncRegistry
    task: str
    data_key: TombstoneKey

    def tell(self, actor: str, action: str, subject: str, detail: str, now: datetime) -> None:
        """Tells what a command did.

        Args:
            actor: who ran it.
            action: what it did.
            subject: to which version.
            detail: why.
            now: aware UTC.

        Raises:
            RegistryError: the registry refuses, or does not answer.
        """
        kept = detail[:LONGEST_DETAIL]
        entry = Entry(now, self.task, actor, ActorKind.COMMAND, action, subject, kept)
        self.root.run(TrailRepository().tell([entry], self.data_key, now=now))


def answer(
    opened: SyncRegistry,
    trail: TaskTrail,
    given: argparse.Namespace,
    policy: PromotionPolicy,
    now: datetime,
) -> Promotion:
    """Approves or refuses, and tells the audit trail.

    Args:
        opened: the task's registry.
        trail: the audit trail of the task.
        given: the command with its version and reason.
        policy: of the task.
        now: aware UTC.

    Raises:
        NotFound: there is no such version.
        Conflict: it does not wait, or the champion is another one.
    """
    act = approval.approve if given.command == APPROVE else approval.refuse
    actor, days = f"cli/{getpass.getuser()}", policy.approval_days
    done = opened.run(act(given.version, actor=actor, reason=given.reason, days=days, now=now))
    trail.tell(actor, given.command, given.version, given.reason, now)
    return done


def listed(opened: SyncRegistry, policy: PromotionPolicy, now: datetime) -> Iterator[str]:
    """What waits, in words."""
    staged = opened.run(approval.settle(policy.approval_days, now=now))
    if staged is None:
        yield "no version waits for approval"
        return
    if staged.status is DecisionStatus.SHADOW:
        tried = f"{staged.challenger} is tried beside {staged.champion}"
        yield f"no version waits for approval; {tried}"
        return
    until = approval.expires_at(staged, policy.approval_days)
    instead = f"instead of {staged.champion}" if staged.champion else "while nobody serves"
    yield f"{staged.challenger} waits since {staged.at:%F %H:%M} UTC, until {until:%F %H:%M} UTC"
    yield f"  to serve {instead}{', provisionally' if staged.provisional else ''}"
    if staged.promise is not None:
        yield f"  it promises {told_promise(staged.promise)}"
    yield from (f"  {reason}" for reason in staged.reasons)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m retraining.approval",
        description="Lets a version that waits for approval serve, or refuses it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, help in (
        ("list", "which version waits, since when, and why it would serve"),
        (APPROVE, "lets it serve"),
        (REFUSE, "ends its wait; the champion serves on"),
    ):
        command = commands.add_parser(name, help=help, description=help)
        add_task_option(command)
        if name != "list":
            command.add_argument("version", metavar="VERSION", help="its name, v7 say")
            command.add_argument(
                "--reason", required=True, type=_reason, help="recorded in ledger and audit"
            )
    return parser


def _reason(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("must not be empty")
    return text.strip()


if __name__ == "__main__":
    sys.exit(main())
