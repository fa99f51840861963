"""`python -m deployment.signing status|prepare|switch|finish`: changes the signing key.

Without a moment in which something is refused: `prepare` makes a key that is believed and does not
sign yet, `switch` lets it sign and seals anew what the former one sealed, `finish` seals the rest
and forgets the former one. Between two steps every process of every host is started anew, so that
all of them believe both keys before one signs with the new one. Where everything is stopped, the
three may follow one after the other.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from api.durability.worker_slots import alive
from deployment.command_trail import told
from deployment.exit_codes import ExitCode, failed
from deployment.settings import Settings
from deployment.signing.resealing import OF_ROOT, OF_TASK, Resealed, resealed
from deployment.tasks.installed import all_installed
from deployment.wiring import environment, private_settings, root_registry, task_registry
from model.errors import ConfigurationError, FarolError
from model.live.folder import CHALLENGER_POINTER, POINTER, LiveModel
from model.trust.keychain import KeyChange, chained, keys_in, stage_of
from model.trust.private import write_private

VARIABLE = "FAROL_SIGNING_KEY"
NAME = "signing.key"

POINTERS = (POINTER, CHALLENGER_POINTER)

RESTART = (
    "Now start every process of every host anew (API, worker, dashboard), with the same key on "
    "each, then: python -m deployment.signing"
)
TURN: Mapping[KeyChange, str] = {
    KeyChange.ONE: "one key signs and is believed; a change begins with prepare",
    KeyChange.PREPARED: "a new key is believed beside the one that signs; go on with switch",
    KeyChange.SWITCHED: "the new key signs, the former is still believed; go on with finish",
}


def main(arguments: list[str] | None = None) -> int:
    """Runs one step; 0 done, 1 failed, 2 used wrongly or out of turn."""
    options = _parser().parse_args(arguments)
    try:
        env = environment()
        step = SigningStep(private_settings(env), VARIABLE in env and bool(env[VARIABLE]))
        for line in STEPS[options.step](step):
            sys.stderr.write(f"{line}\n")
        return ExitCode.DONE
    except FarolError as error:
        return failed("signing", error)


@dataclass(frozen=True, slots=True)
class SigningStep:
    """What a step works with.

    Attributes:
        settings: with the key as it is before the step.
        from_environment: the key is set in the environment, where no command can change it.
    """

    settings: Settings
    from_environment: bool

    @property
    def key(self) -> bytes:
        """The key, or the chain."""
        return self.settings.signing_key.get_secret_value()

    def require(self, stage: KeyChange) -> tuple[bytes, ...]:
        """The keys, where it is this step's turn and every worker of this host knows them.

        Raises:
            ConfigurationError: it is another step's turn, or a worker has to be started anew.
        """
        found = stage_of(self.key)
        if found is not stage:
            raise ConfigurationError(f"{TURN[found]} (the change of the key is at: {found})")
        if stage is not KeyChange.ONE and not self.from_environment:
            self._require_restarted()
        return keys_in(self.key)

    def keep(self, content: bytes) -> Iterator[str]:
        """Puts a key in the place of what was there, or says what to put there by hand."""
        if not self.from_environment:
            write_private(self._file, content)
            yield f"{self._file} is written; hosts that share the registry need the same file."
            return
        yield f"Set {VARIABLE} to what is printed here, on every host; it is shown once:"
        sys.stdout.write(f"{content.decode()}\n")

    @property
    def _file(self) -> Path:
        return self.settings.home / NAME

    def _require_restarted(self) -> None:
        changed = datetime.fromtimestamp(self._file.stat().st_mtime, UTC)
        for task in all_installed(self.settings):
            for worker in alive(task.home / "workers"):
                if worker.started_at < changed:
                    raise ConfigurationError(
                        f"process {worker.pid} of the API runs since {worker.started_at:%F %T} UTC "
                        f"and does not know the key of {changed:%F %T} UTC; start everything anew, "
                        "then do this again"
                    )


def _status(step: SigningStep) -> Iterator[str]:
    stage = stage_of(step.key)
    yield f"the change of the signing key is at: {stage}; {TURN[stage]}"
    yield from _resealed(step.settings, step.key, write=False)


def _prepare(step: SigningStep) -> Iterator[str]:
    (former,) = step.require(KeyChange.ONE)
    yield from step.keep(chained(KeyChange.PREPARED, former, secrets.token_hex(32).encode()))
    yield f"The new key is believed and does not sign yet. {RESTART} switch"


def _switch(step: SigningStep) -> Iterator[str]:
    former, new = step.require(KeyChange.PREPARED)
    chain = chained(KeyChange.SWITCHED, new, former)
    yield from _resealed(step.settings, chain, write=True)
    yield from step.keep(chain)
    yield f"The new key signs; the former one is believed until finish. {RESTART} finish"


def _finish(step: SigningStep) -> Iterator[str]:
    new, _former = step.require(KeyChange.SWITCHED)
    yield from _resealed(step.settings, step.key, write=True)
    yield from step.keep(new)
    yield (
        "The former key is forgotten; start everything anew, which ends the sessions that it "
        "signed. Keep it apart as long as you keep backups of before: a restore of one needs it."
    )


def _resealed(settings: Settings, key: bytes, *, write: bool) -> Iterator[str]:
    """Seals anew what is in the registry and on this host's disk, or counts it."""
    whole = Resealed()
    with root_registry(settings) as root:
        whole += root.run(resealed(OF_ROOT, key, write=write))
        for task in all_installed(settings):
            opened = task_registry(root, task)
            whole += opened.run(resealed(OF_TASK, key, write=write))
            if write:
                for pointer in POINTERS:
                    LiveModel(task.home, pointer).sign_anew(key)
        done = f"{whole.done} {'' if write else 'to be '}sealed anew, {whole.there} were already"
        if write:
            data_key, now = settings.tombstone_key, datetime.now(UTC)
            root.run(told("signing key changed", "registry", done, key=data_key, now=now))
    yield done
    for one in whole.foreign:
        yield f"not sealed by this installation, left as it is: {one}"


STEPS: Mapping[str, Callable[[SigningStep], Iterator[str]]] = {
    "status": _status,
    "prepare": _prepare,
    "switch": _switch,
    "finish": _finish,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deployment.signing", description=__doc__)
    parser.add_argument("step", choices=STEPS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
