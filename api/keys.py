"""`python -m api.keys create|list|revoke`: who may use the API."""

from __future__ import annotations

import argparse
import secrets
import sys
import uuid
from datetime import UTC, datetime

from api.security import digest_of
from database import api_keys
from database.client import SyncRegistry
from deployment.wiring import registry, settings_from_environment
from model.access import ApiKey, Scope
from model.errors import ConfigurationError, FarolError

PREFIX = "farol_"


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; 0 done, 1 failed, 2 used wrongly."""
    options = _parser().parse_args(arguments)
    try:
        opened = registry(settings_from_environment())
        try:
            return _run(options, opened)
        finally:
            opened.close()
    except FarolError as error:
        sys.stderr.write(f"keys: {error}\n")
        return 2 if isinstance(error, ConfigurationError) else 1


def _run(options: argparse.Namespace, opened: SyncRegistry) -> int:
    now = datetime.now(UTC)
    if options.command == "create":
        secret = PREFIX + secrets.token_urlsafe(32)
        key = ApiKey(
            key_id=uuid.uuid4().hex[:12],
            name=options.name,
            digest=digest_of(secret),
            scopes=options.scope,
            created_at=now,
        )
        opened.run(api_keys.add(key))
        sys.stderr.write(f"Key {key.key_id} for {key.name}. It is shown once:\n")
        sys.stdout.write(f"{secret}\n")
    elif options.command == "revoke":
        opened.run(api_keys.revoke(options.key_id, now))
        sys.stdout.write(f"{options.key_id} revoked\n")
    else:
        for key in opened.run(api_keys.all()):
            sys.stdout.write(f"{_line(key)}\n")
    return 0


def _line(key: ApiKey) -> str:
    scopes = ",".join(sorted(key.scopes))
    state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "active"
    return f"{key.key_id}  {key.name}  {scopes}  {key.created_at:%Y-%m-%d}  {state}"


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
    create.add_argument("--scope", required=True, type=scopes, help="predict,label,read,admin")
    commands.add_parser("list", help="list the keys, without their secrets")
    revoke = commands.add_parser("revoke", help="make a key useless")
    revoke.add_argument("key_id")
    return parser


if __name__ == "__main__":
    sys.exit(main())
