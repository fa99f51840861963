"""`python -m retraining.notices`: what people are told, and a message that tries the addresses."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from database.driver.client import SyncRegistry
from database.watch.notices import NoticeRepository
from deployment.exit_codes import ExitCode, failed
from deployment.settings import Settings
from deployment.tasks.installed import InstalledTask, installed
from deployment.wiring import (
    add_task_option,
    configure_logging,
    root_registry,
    settings_from_environment,
    task_registry,
)
from model.errors import FarolError
from model.watch.notice import Notice
from retraining.notices.message import letterhead, trial_message
from retraining.notices.telling import Surroundings, surroundings, upcoming

EPILOG = """\
Addresses are in FAROL_NOTICES, with blanks between them: mailtos://USER:PASSWORD@HOST?to=WHO for
e-mail, jsons://HOST/PATH for a webhook, and what else docs/notices.md names. The worker sends;
these commands only try and show.

examples
  python -m retraining.notices test
  python -m retraining.notices list --task pede_lag
"""
LISTED = 50
NO_ADDRESS = "no address is set (FAROL_NOTICES): notices are shown on the dashboard only"


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 when done, 1 where an address did not accept, 2 for usage or a wrong setting."""
    given = _parser().parse_args(argv)
    try:
        settings = settings_from_environment(given.task)
        configure_logging(settings)
        task = installed(settings)
        around = _around(settings, task)
        if given.command == "test":
            return _try(around, task, settings)
        with root_registry(settings) as root:
            for line in listed(task_registry(root, task), root, task, around, datetime.now(UTC)):
                sys.stdout.write(f"{line}\n")
    except FarolError as error:
        return failed("notices", error)
    return ExitCode.DONE


def _around(settings: Settings, task: InstalledTask) -> Surroundings:
    return surroundings(
        settings.notices.get_secret_value(),
        task.name,
        settings.signing_key.get_secret_value(),
        holder=f"{socket.gethostname()}/{os.getpid()}",
        home=task.home,
        api_url=settings.api_url,
        dashboard_url=settings.dashboard_url,
    )


def _try(around: Surroundings, task: InstalledTask, settings: Settings) -> ExitCode:
    """Sends a message that says it is a test, whatever the hour, and tells who accepted it."""
    outlet = around.outlet
    message = trial_message(letterhead(task.spec, settings.dashboard_url))
    if not outlet.addresses:
        sys.stderr.write(f"notices: {NO_ADDRESS}\n")
        return ExitCode.USAGE
    answers = [(one, outlet.send(one, message)) for one in outlet.addresses]
    for address, why in answers:
        sys.stdout.write(f"{address.told}: {why or 'accepted'}\n")
    return ExitCode.FAILED if any(why for _, why in answers) else ExitCode.DONE


def listed(
    registry: SyncRegistry,
    root: SyncRegistry,
    task: InstalledTask,
    around: Surroundings,
    now: datetime,
) -> Iterator[str]:
    """What was told, newest first, and what the next look would add; writes nothing.

    Args:
        registry: the task's.
        root: the one that holds the workers' leases.
        task: whose notices they are.
        around: addresses, and what else this host knows.
        now: aware UTC.
    """
    if not around.outlet.addresses:
        yield NO_ADDRESS
    for address in around.outlet.addresses:
        yield address.told
    new = upcoming(registry, root, task.spec, around, now=now)
    language = task.spec.told_in
    yield f"the next look would add {len(new)}"
    yield from (_line(one, language) for one in new)
    known = registry.run(NoticeRepository().newest(LISTED))
    yield f"found before: {len(known)} (the newest {LISTED} at most)"
    yield from (_line(one, language) for one in known)


def _line(one: Notice, language: str) -> str:
    detail = f" [{one.detail}]" if one.detail else ""
    told = f"{one.title[language]}: {one.text[language]}"
    return f"  {one.at:%F %H:%M} UTC {one.severity.value:8} {one.state.value:7} {told}{detail}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m retraining.notices",
        description="What people are told of alarms, promotions, failures and promises.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, help in (
        ("test", "sends a message that says it is a test; says which address accepted it"),
        ("list", "what was told, and what would be"),
    ):
        add_task_option(commands.add_parser(name, help=help, description=help))
    return parser


if __name__ == "__main__":
    sys.exit(main())
