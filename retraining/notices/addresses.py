"""Where notices go: addresses that are secrets, and the library that speaks to them.

An address holds passwords or tokens, often as its host or path, so nothing of it is ever shown: it
is called by its place in FAROL_NOTICES and by the service. The library's own log lines name
recipients; they are not let through.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import apprise

from model.errors import ConfigurationError
from model.trust.keychain import signing
from model.watch.notice import Severity
from retraining.notices.message import Message

FOR_ONE_TASK = re.compile(r"([a-z][a-z0-9_]{0,30})=(\w[\w+.-]*://.*)", re.ASCII)
MOST = 20
"""Addresses of one task, which are asked one after the other."""

PATIENCE = 20.0
"""Seconds for an address to accept a message."""

KINDS = {
    Severity.INFO: apprise.NotifyType.INFO,
    Severity.WARNING: apprise.NotifyType.WARNING,
    Severity.CRITICAL: apprise.NotifyType.FAILURE,
}
CODE = re.compile(r"\b(?:error|status|code)\W{1,2}([1-5]\d\d)\b", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """An address as it may be shown.

    Attributes:
        place: which of the setting's addresses it is, from 1.
        service: what it is to the library, `JSON` or `E-Mail` say.
        key: what the registry knows it by: a keyed hash, which tells nothing of it.
    """

    place: int
    service: str
    key: str

    @property
    def told(self) -> str:
        """How people are told of it."""
        return f"address {self.place} ({self.service})"


class Outlet(Protocol):
    """What messages go out by."""

    @property
    def addresses(self) -> Sequence[Address]:
        """Where to, in the order of the setting."""

    def send(self, address: Address, message: Message) -> str:
        """Sends a message; empty where it was accepted, else why not, without the address."""


class AppriseOutlet:
    """Sends through apprise, which speaks to webhooks, e-mail and some hundred services.

    Args:
        setting: FAROL_NOTICES: addresses with blanks between; `task=` before one is of that task
            alone.
        task: whose notices are sent.
        key: the installation's, for what the registry knows addresses by.

    Raises:
        ConfigurationError: an address is of no kind that the library knows, or lacks a part.
    """

    def __init__(self, setting: str, task: str, key: bytes) -> None:
        _silence()
        asset = apprise.AppriseAsset(
            app_id="Farol", app_desc="Farol", app_url="", async_mode=False, secure_logging=True
        )
        self._ways: dict[str, apprise.Apprise] = {}
        found = []
        for place, url in _of_task(setting, task):
            service = apprise.Apprise.instantiate(url, asset=asset)
            if service is None:
                raise ConfigurationError(
                    f"FAROL_NOTICES: address {place} is of no kind that is known, or lacks a part "
                    "(docs/notices.md); it is not shown here, as it may hold a password"
                )
            known_by = hmac.new(signing(key), url.encode(), hashlib.sha256).hexdigest()[:16]
            if known_by not in self._ways:
                found.append(Address(place, str(service.service_name), known_by))
                self._ways[known_by] = apprise.Apprise([service], asset=asset)
        if len(found) > MOST:
            raise ConfigurationError(
                f"FAROL_NOTICES: {len(found)} addresses for the task {task}; at most {MOST}"
            )
        self._addresses = tuple(found)

    @property
    def addresses(self) -> Sequence[Address]:
        """Where to, in the order of the setting."""
        return self._addresses

    def send(self, address: Address, message: Message) -> str:
        """Sends a message; empty where it was accepted, else why not, without the address."""
        done = self._ways[address.key].notify(
            title=message.title,
            body=message.body,
            notify_type=KINDS[message.severity],
            body_format=apprise.NotifyFormat.TEXT,
            timeout=PATIENCE,
        )
        if done:
            return ""
        # Of what the library says only the code is passed on: the rest names recipients.
        codes = [code for entry in done.logs() for code in CODE.findall(entry.message)]
        return f"answered {codes[-1]}" if codes else "not reached, or it refused"


def _of_task(setting: str, task: str) -> Iterator[tuple[int, str]]:
    """The addresses for a task with their places in the setting."""
    for place, address in enumerate(setting.split(), start=1):
        own = FOR_ONE_TASK.fullmatch(address)
        if own is None or own[1] == task:
            yield place, address if own is None else own[2]


def _silence() -> None:
    """Keeps the library's lines, which name recipients, out of ours."""
    log = logging.getLogger("apprise")
    log.propagate = False
    if not any(isinstance(known, logging.NullHandler) for known in log.handlers):
        log.addHandler(logging.NullHandler())  # Without one the last resort prints them.
