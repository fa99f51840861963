"""`python -m api.people invite|list|reset|change|disable|seen`: the people who sign in.

People are signed with the installation's key, so this runs where that key is: on a host of the
installation, or with FAROL_SIGNING_KEY set.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from api.key_trust import REMEDY
from api.keys import check_limits, scopes
from database.api_keys import ApiKeyRepository, is_ours
from database.driver.client import SyncRegistry
from database.mapping.documents import milliseconds
from database.people.invitations import code_of, invited
from database.people.people import PersonRepository, revoked_of
from database.trail.trail import TrailRepository
from deployment.command_trail import told
from deployment.exit_codes import ExitCode, failed
from deployment.settings import Settings
from deployment.wiring import root_registry, settings_from_environment
from model.audit.entry import pseudonym
from model.errors import ConfigurationError, FarolError
from model.people.person import Person, checked_name, folded_name
from model.pseudonyms.pseudonyms import known_as
from model.trust.key_file import KeyFile
from model.trust.key_seal import is_genuine, sealed

DAYS = 7


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; 0 done, 1 failed, 2 used wrongly."""
    options = _parser().parse_args(arguments)
    try:
        settings = settings_from_environment()
        if getattr(options, "scope", None):
            check_limits(options, settings)
        with root_registry(settings) as root:
            now = milliseconds(datetime.now(UTC))
            for line in COMMANDS[options.command](_Desk(settings, root, now), options):
                sys.stdout.write(f"{line}\n")
        return ExitCode.DONE
    except FarolError as error:
        return failed("people", error)


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the commands work with."""

    settings: Settings
    root: SyncRegistry
    now: datetime

    @property
    def installation(self) -> bytes:
        return self.settings.signing_key.get_secret_value()

    @property
    def notes(self) -> KeyFile:
        return KeyFile(self.settings.home)

    def check(self) -> None:
        """Refuses to sign what no host of this installation would believe."""
        op = ApiKeyRepository().establish(self.now, self.installation, trusted=False)
        if not is_ours(self.root.run(op), self.installation):
            raise ConfigurationError(REMEDY)

    def person(self, name: str) -> Person:
        """The person of that name, if this installation knows one.

        Raises:
            NotFound: there is none.
            ConfigurationError: somebody else wrote the document.
        """
        person = self.root.run(PersonRepository().of_name(folded_name(name)))
        if not is_genuine(person, self.installation):
            raise ConfigurationError(
                f"{person.name} was not signed by this installation: whoever can write to the "
                "registry wrote it. Delete the document and invite the person anew"
            )
        return person

    def follow(self, former: Person, later: Person, action: str) -> None:
        """Stores a person's next edition; the former one counts nowhere from here on."""
        later = replace(later, edition=uuid.uuid4().hex)
        self.notes.add(revoked={former.edition})
        self.root.run(PersonRepository().follow(former, later, self.now, self.installation))
        self.tell(action, former.name)

    def tell(self, action: str, name: str) -> None:
        """Adds a line to the audit log."""
        self.root.run(told(action, name, key=self.settings.tombstone_key, now=self.now))


def _invite(desk: _Desk, options: argparse.Namespace) -> Iterator[str]:
    desk.check()
    name = checked_name(options.name)
    person = Person(
        person_id=uuid.uuid4().hex[:12],
        edition=uuid.uuid4().hex,
        name=name,
        full_name=options.full_name or name,
        scopes=options.scope,
        created_at=desk.now,
        units=tuple(dict.fromkeys(options.unit)),
        tasks=tuple(dict.fromkeys(options.task)),
        email=folded_name(options.email or (name if "@" in name else "")),
        language=options.language or "",
    )
    person, code = _with_code(person, desk, options.days)
    desk.root.run(PersonRepository().add(sealed(person, desk.installation)))
    desk.tell("person invited", name)
    yield from _told(person, code, desk)


def _reset(desk: _Desk, options: argparse.Namespace) -> Iterator[str]:
    desk.check()
    former = desk.person(options.name)
    later, code = _with_code(former, desk, options.days)
    desk.follow(former, later, "person reset")
    yield from _told(later, code, desk)


def _change(desk: _Desk, options: argparse.Namespace) -> Iterator[str]:
    desk.check()
    former = desk.person(options.name)
    given = {
        "full_name": options.full_name,
        "email": None if options.email is None else folded_name(options.email),
        "language": options.language,
    }
    later = replace(
        former,
        scopes=options.scope,
        units=tuple(dict.fromkeys(options.unit)),
        tasks=tuple(dict.fromkeys(options.task)),
        **{field: value for field, value in given.items() if value is not None},
    )
    desk.follow(former, later, "person changed")
    yield f"{former.name} changed; signed in again, it counts"


def _disable(desk: _Desk, options: argparse.Namespace) -> Iterator[str]:
    desk.check()
    former = desk.person(options.name)
    later = replace(former, disabled_at=desk.now, password_hash="", invitation="")
    desk.follow(former, later, "person disabled")
    yield f"{former.name} disabled"


def _list(desk: _Desk, _options: argparse.Namespace) -> Iterator[str]:
    remembered = desk.notes.read().revoked
    for person in desk.root.run(PersonRepository().all()):
        revoked = desk.root.run(revoked_of(person, remembered, desk.installation))
        limits = "  ".join(
            ",".join(some) or every
            for some, every in ((person.tasks, "every task"), (person.units, "every unit"))
        )
        held = ",".join(sorted(person.scopes))
        state = _state(person, person.counts(revoked, desk.installation), desk)
        yield f"{person.name}  {person.full_name}  {held}  {limits}  {state}"


def _seen(desk: _Desk, options: argparse.Namespace) -> Iterator[str]:
    student = known_as(options.student, desk.settings.student_pseudonyms)
    subject = pseudonym(student, desk.settings.tombstone_key)
    for event in desk.root.run(TrailRepository().of_student(subject)):
        yield f"{event.at:%Y-%m-%d %H:%M} UTC  {event.actor}  {event.action}"


COMMANDS = {
    "invite": _invite,
    "list": _list,
    "reset": _reset,
    "change": _change,
    "disable": _disable,
    "seen": _seen,
}


def _with_code(person: Person, desk: _Desk, days: int) -> tuple[Person, str]:
    code = code_of(person.person_id, secrets.token_urlsafe(24))
    return invited(person, code, desk.now, timedelta(days=days)), code


def _told(person: Person, code: str, desk: _Desk) -> Iterator[str]:
    settings = desk.settings
    url = settings.dashboard_url or f"http://127.0.0.1:{settings.dashboard_port}"
    sys.stderr.write(
        f"For {person.name}, until {person.invited_until:%Y-%m-%d %H:%M} UTC, once. Hand it over "
        "so that nobody else reads it:\n"
    )
    yield f"{url.rstrip('/')}/?{urlencode({'invitation': code})}"


def _state(person: Person, counts: bool, desk: _Desk) -> str:
    if not is_genuine(person, desk.installation):
        return "not signed by this installation: ignored"
    if not counts:
        return "disabled"
    if person.password_hash:
        return "signs in with a password"
    if person.invitation and person.invited_until is not None:
        over = person.invited_until <= desk.now
        return f"invitation {'over since' if over else 'until'} {person.invited_until:%Y-%m-%d}"
    return "signs in through the organisation" if person.email else "cannot sign in"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m api.people", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    invite = commands.add_parser("invite", help="name a person, print the link for the password")
    invite.add_argument(
        "--name", required=True, help="what the person signs in with, an e-mail address say"
    )
    reset = commands.add_parser("reset", help="take the password, print another link; also enables")
    change = commands.add_parser("change", help="give other scopes, tasks and units, all anew")
    disable = commands.add_parser("disable", help="shut a person out, at once")
    for command in (reset, change, disable):
        command.add_argument("name", help="what the person signs in with")
    for command in (invite, reset):
        command.add_argument(
            "--days", type=_days, default=DAYS, help=f"how long the link counts (default: {DAYS})"
        )
    for command in (invite, change):
        _who(command)
    commands.add_parser("list", help="list the people")
    seen = commands.add_parser("seen", help="who of them opened a student's page")
    seen.add_argument("student", help="the student's id, as Farol keeps it")
    return parser


def _who(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--scope", required=True, type=scopes, help="read,act,predict,label,admin: some of them"
    )
    command.add_argument("--full-name", metavar="NAME", help="as others read it")
    command.add_argument(
        "--email", help="for the organisation's log-in (default: the name, where it is an address)"
    )
    command.add_argument("--language", choices=("pt", "en"), help="of the dashboard")
    for option, what in (("--task", "task"), ("--unit", "school")):
        command.add_argument(
            option,
            action="append",
            default=[],
            metavar=option[2:].upper(),
            help=f"only this {what}; may be given more than once (default: every one)",
        )


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= 60:
        raise argparse.ArgumentTypeError("must be 1 to 60 days")
    return days


if __name__ == "__main__":
    sys.exit(main())
