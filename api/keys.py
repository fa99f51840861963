"""`python -m api.keys create|list|rotate|revoke|adopt`: who may use the API.

Keys are signed with the installation's key, so this runs where that key is: on a host of the
installation, or with FAROL_SIGNING_KEY set.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.key_trust import REMEDY
from api.keyring.listed import lines
from api.keyring.made import days, hours, new_key, successor, usable
from api.units import without_units
from database.api_keys import ApiKeyRepository, KeyUseRepository, is_ours
from database.driver.client import SyncRegistry
from deployment.command_trail import told
from deployment.exit_codes import ExitCode, failed
from deployment.settings import Settings
from deployment.tasks.installed import all_installed
from deployment.wiring import root_registry, settings_from_environment
from model.access import Scope
from model.errors import ConfigurationError, FarolError
from model.trust.key_file import KeyFile
from model.trust.key_seal import sealed
from model.trust.tombstone import TombstoneKey


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; 0 done, 1 failed, 2 used wrongly."""
    options = _parser().parse_args(arguments)
    try:
        settings = settings_from_environment()
        desk = Desk(
            KeyFile(settings.home),
            settings.signing_key.get_secret_value(),
            settings.tombstone_key,
        )
        if options.command == "create":
            check_limits(options, settings)
        with root_registry(settings) as opened:
            _run(options, desk, opened)
            return ExitCode.DONE
    except FarolError as error:
        return failed("keys", error)


def check_limits(options: argparse.Namespace, settings: Settings) -> None:
    """Refuses limits that would open nothing, or more than they say.

    Args:
        options: with `task`, `unit` and `scope`.
        settings: of the installation.

    Raises:
        ConfigurationError: names the option and the fix.
    """
    if not options.task and not options.unit:
        return
    tasks = {task.name: task.spec for task in all_installed(settings)}
    unknown = sorted(set(options.task) - tasks.keys())
    if unknown:
        raise ConfigurationError(
            f"--task {', '.join(unknown)}: no task of this host; known are {', '.join(tasks)}"
        )
    if options.unit and Scope.ADMIN in options.scope:
        raise ConfigurationError(
            "--unit: what an admin does is about all units; give a key of some units the scopes "
            "predict, label, read or act"
        )
    plain = without_units(tasks[name] for name in options.task or tasks)
    if options.unit and plain:
        raise ConfigurationError(
            f"--unit: {', '.join(plain)} has no unit columns, so the key would open nothing in it; "
            "add `unit` to its YAML, or name other tasks with --task"
        )


@dataclass(frozen=True, slots=True)
class Desk:
    """What key administration needs of its host: its notes and the installation's keys."""

    file: KeyFile
    installation: bytes
    data_key: TombstoneKey

    def tell(self, opened: SyncRegistry, action: str, subject: str, now: datetime) -> None:
        """Tells the audit trail what was done to which keys."""
        opened.run(told(action, "api_keys", subject, key=self.data_key, now=now))


def _run(options: argparse.Namespace, desk: Desk, opened: SyncRegistry) -> None:
    now = datetime.now(UTC)
    if options.command == "adopt":
        _adopt(options.key_ids, desk, opened, now)
        return
    if options.command == "list":
        _list(desk, opened, now)
        return
    done = opened.run(ApiKeyRepository().establish(now, desk.installation, trusted=False))
    if not is_ours(done, desk.installation):
        raise ConfigurationError(REMEDY)
    if options.command == "create":
        _create(options, desk, opened, now)
    elif options.command == "rotate":
        _rotate(options, desk, opened, now)
    else:
        opened.run(ApiKeyRepository().revoke(options.key_id, now, desk.installation))
        desk.file.add(revoked={options.key_id})
        desk.tell(opened, "key revoked", options.key_id, now)
        sys.stdout.write(f"{options.key_id} revoked\n")


def _create(options: argparse.Namespace, desk: Desk, opened: SyncRegistry, now: datetime) -> None:
    key, secret = new_key(
        options.name,
        options.scope,
        now,
        lasts=options.expires,
        tasks=options.task,
        units=options.unit,
    )
    opened.run(ApiKeyRepository().add(sealed(key, desk.installation)))
    desk.tell(opened, "key created", f"{key.key_id} {key.name}", now)
    until = "" if key.expires_at is None else f", until {key.expires_at:%F %R} UTC"
    sys.stderr.write(f"Key {key.key_id} for {key.name}{until}. It is shown once:\n")
    sys.stdout.write(f"{secret}\n")


def _rotate(options: argparse.Namespace, desk: Desk, opened: SyncRegistry, now: datetime) -> None:
    """A new secret with the same rights; the former one counts for a while, and ends by itself."""
    found = opened.run(ApiKeyRepository().those_in_force(desk.file.read(), desk.installation, now))
    former = usable(options.key_id, found)
    later, secret = successor(former, now, lasts=options.expires)
    until = min(filter(None, (now + options.overlap, former.expires_at)))
    later = sealed(later, desk.installation)
    opened.run(ApiKeyRepository().replace_by(former, later, until, desk.installation))
    desk.file.add(ends={former.key_id: until})
    done = f"{former.key_id} ends at {until:%F %R} UTC, {later.key_id} is in its place"
    desk.tell(opened, "key rotated", done, now)
    sys.stderr.write(
        f"Key {later.key_id} for {later.name}, in the place of {former.key_id}, which ends at "
        f"{until:%F %R} UTC. It is shown once:\n"
    )
    sys.stdout.write(f"{secret}\n")


def _adopt(key_ids: Sequence[str], desk: Desk, opened: SyncRegistry, now: datetime) -> None:
    keys = [opened.run(ApiKeyRepository().get(key_id)) for key_id in key_ids]
    opened.run(ApiKeyRepository().adopt(keys, now, desk.installation))
    ids = ", ".join(key_ids)
    desk.tell(opened, "adopt", ids, now)
    sys.stdout.write(f"{ids} signed\n")


def _list(desk: Desk, opened: SyncRegistry, now: datetime) -> None:
    found = opened.run(ApiKeyRepository().those_in_force(desk.file.read(), desk.installation, now))
    keys = opened.run(ApiKeyRepository().all())
    uses = opened.run(KeyUseRepository().all())
    for line in lines(keys, found, uses, now):
        sys.stdout.write(f"{line}\n")


def scopes(text: str) -> frozenset[Scope]:
    """Scopes written with commas.

    >>> sorted(scopes("read,predict"))
    [<Scope.PREDICT: 'predict'>, <Scope.READ: 'read'>]
    """
    try:
        return frozenset(Scope(part.strip()) for part in text.split(","))
    except ValueError as error:
        known = ", ".join(Scope)
        raise argparse.ArgumentTypeError(f"{error}; known are {known}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api.keys", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="make a key and print it once")
    create.add_argument("--name", required=True, help="whose key it is")
    create.add_argument("--scope", required=True, type=scopes, help="predict,label,read,act,admin")
    create.add_argument(
        "--task",
        action="append",
        default=[],
        metavar="NAME",
        help="only for this task; may be given more than once (default: for every task)",
    )
    create.add_argument(
        "--unit",
        action="append",
        default=[],
        metavar="UNIT",
        help='only for the students of this school, --unit "Escola A"; may be given more than once',
    )
    create.add_argument(
        "--expires",
        type=days,
        metavar="DAYS",
        help="after so many days it opens nothing (default: until it is revoked)",
    )
    commands.add_parser("list", help="list the keys, without their secrets")
    rotate = commands.add_parser("rotate", help="make a new secret; the former one ends by itself")
    rotate.add_argument("key_id")
    rotate.add_argument(
        "--overlap",
        type=hours,
        default=timedelta(hours=24),
        metavar="HOURS",
        help="for how long the former one still counts (default: 24)",
    )
    rotate.add_argument(
        "--expires",
        type=days,
        metavar="DAYS",
        help="after so many days the new one opens nothing (default: as many as the former had)",
    )
    revoke = commands.add_parser("revoke", help="make a key useless")
    revoke.add_argument("key_id")
    adopt = commands.add_parser("adopt", help="sign keys that this installation has not signed")
    adopt.add_argument("key_ids", nargs="+", metavar="key_id", help="keys that you know are yours")
    return parser


if __name__ == "__main__":
    sys.exit(main())
