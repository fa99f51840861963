"""`python -m deployment.restore --from FILE [--re-sign]`: an installation on an empty home."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import bson
import orjson
from bson.codec_options import CodecOptions

from api.durability import outbox
from database.aliases import AliasRepository
from database.api_keys import ApiKeyRepository
from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import Count, DeleteMany, Document
from database.leases import LeaseRepository
from database.predictions import PredictionRepository
from database.repair import repair
from database.versions import ModelVersionRepository
from deployment import backup_file
from deployment.backup import LEASES
from deployment.backup_file import Manifest
from deployment.exit_codes import ExitCode, failed
from deployment.registry_copy import COLLECTIONS, put
from deployment.resigning import WARNING, resign_all, signed_elsewhere
from deployment.settings import Settings
from deployment.wiring import (
    configure_logging,
    environment,
    private_settings,
    registry,
    registry_uri,
    tombstone_key,
)
from model.errors import ConfigurationError, FarolError
from model.live import LiveModel
from model.trust.key_file import KeyFile
from model.trust.private import write_private
from preprocessing.task.spec import load_task, task_text

EPILOG = f"""\
what it does
  1. compares every byte of the file with its manifest
  2. refuses a home or a registry that holds anything
  3. puts the data key in place, the signing key where it is in the file, and the registry
  4. brings every label in line with its facts, as `python -m deployment.repair --full` does
  An interrupted one is finished by the same command.

the signing key
  Versions and API keys are signed with the key of the installation that made them. Put that key in
  place (FAROL_HOME/signing.key, or FAROL_SIGNING_KEY) before the restore, or let this
  installation's own key sign them:

{"".join(f"  {line}{chr(10)}" for line in WARNING.splitlines())}
  Without --from, --re-sign signs what the present registry holds.
"""

NOTE = "restore.json"
"""In the home while a restore is under way."""

MADE_AT_OPENING = ("installation", "key_adoptions", "version_adoptions", LEASES)
"""What whoever opens an empty registry may have left there."""

CODEC: CodecOptions[Document] = CodecOptions(tz_aware=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; exit code 0 when all is there, 1 when not, 2 for wrong usage."""
    given = _parser().parse_args(argv)
    if given.file is None and not given.re_sign:
        _parser().error("give --from FILE, or --re-sign for the present registry")
    try:
        if given.file is None:
            settings = private_settings(environment())
            configure_logging(settings)
            with registry(settings) as opened:
                _re_sign(opened, load_task(settings.task).name, settings, datetime.now(UTC))
        else:
            restore(given.file, environment(), now=datetime.now(UTC), re_sign=given.re_sign)
    except FarolError as error:
        return failed("restore", error)
    return ExitCode.DONE


def restore(file: Path, env: Mapping[str, str], *, now: datetime, re_sign: bool) -> None:
    """Puts a backup in place.

    Args:
        file: the backup.
        env: as for every other command; it says where.
        now: aware UTC.
        re_sign: sign versions and keys with this installation's key.

    Raises:
        ConfigurationError: the file is no whole backup, something is there already, or a key is
            missing; nothing but keys was written.
        RegistryError: the registry fails; the same command goes on where it was.
    """
    manifest = backup_file.verified(file)
    kept = dict(_small(file))
    settings = private_settings(env)
    configure_logging(settings)
    _say(f"{file}: whole, made {manifest.made_at}, task {manifest.task}")
    if not re_sign:
        _refuse_unsigned(file, kept, settings)
    with _empty(settings, manifest):
        settings = _with_keys(settings, kept, env, re_sign=re_sign)
        with registry(settings) as opened:
            _fill(opened, file)
            _tell_missing(opened, manifest)
            if re_sign:
                _re_sign(opened, manifest.task, settings, now)
            # Also removes whom the tombstones name: erased while the backup was being written.
            done = repair(now=now, full=True, tombstone_key=tombstone_key(settings))
            _say(opened.run(done).told())
        _keep_notes(settings.home, kept)
        _place_task(settings, manifest, kept[backup_file.TASK])
    _say(f"Restored into {settings.home}. Start it as usual (make run).")


def _small(file: Path) -> Iterator[tuple[str, bytes]]:
    for name, content in backup_file.read(file):
        if not name.startswith((backup_file.REGISTRY, backup_file.OUTBOX)):
            yield name, content


@contextmanager
def _empty(settings: Settings, manifest: Manifest) -> Iterator[None]:
    """Makes sure that nothing is there, but for what the same restore has begun to write."""
    note = settings.home / NOTE
    begun = orjson.dumps(dict(manifest.members))
    if not (note.exists() and note.read_bytes() == begun):
        _refuse_what_is_there(settings)
        note.write_bytes(begun)
    yield
    note.unlink()


def _refuse_what_is_there(settings: Settings) -> None:
    home = settings.home
    other = "give an empty FAROL_HOME (and an empty MONGO_DB, where MONGO_URI is set)"
    if LiveModel(home).stamp() is not None or outbox.waiting(home / "outbox"):
        raise ConfigurationError(f"FAROL_HOME={str(home)!r} holds an installation already; {other}")
    # Opened plainly: nothing is claimed, adopted or indexed where something may be.
    with open_registry(registry_uri(settings), settings.mongo_db) as opened:
        for name in COLLECTIONS:
            if name not in MADE_AT_OPENING and opened.execute(Count(name, {})):
                raise ConfigurationError(
                    f"the registry (MONGO_DB={settings.mongo_db}) holds {name} already; {other}"
                )
        for name in MADE_AT_OPENING:
            opened.execute(DeleteMany(name, {}))


def _with_keys(
    settings: Settings, kept: Mapping[str, bytes], env: Mapping[str, str], *, re_sign: bool
) -> Settings:
    """Puts the keys of the backup in place and gives the settings that have them."""
    wanted = {"FAROL_DATA_KEY": (backup_file.DATA_KEY, "data.key")}
    if backup_file.SIGNING_KEY in kept and not re_sign:
        wanted["FAROL_SIGNING_KEY"] = (backup_file.SIGNING_KEY, "signing.key")
    for variable, (member, name) in wanted.items():
        if not env.get(variable):
            write_private(settings.home / name, kept[member])
        elif env[variable].encode() != kept[member]:
            raise ConfigurationError(
                f"{variable} is another key than the backup's; unset it, and the backup's is used"
            )
    return private_settings(env)


def _fill(opened: SyncRegistry, file: Path) -> None:
    """Writes everything; where the champion points comes last."""
    pointing: list[Document] = []
    for name, page in _documents(file):
        if name == AliasRepository.collection:
            pointing += page
        elif name == LEASES:
            for document in page:
                opened.run(LeaseRepository().carry(LeaseRepository().read(document)))
        else:
            put(opened, name, page)
            _say(f"{name}: {len(page)}")
    put(opened, AliasRepository.collection, pointing)


def _documents(file: Path) -> Iterator[tuple[str, list[Document]]]:
    """Pages of documents, each with the collection it is of."""
    for member, content in backup_file.read(file):
        if member.startswith(backup_file.OUTBOX):
            yield PredictionRepository.collection, bson.decode_all(content, CODEC)
        elif member.startswith(backup_file.REGISTRY):
            yield member.split("/")[1], bson.decode_all(content, CODEC)


def _tell_missing(opened: SyncRegistry, manifest: Manifest) -> None:
    for name in COLLECTIONS:
        wanted = manifest.collections.get(name, 0)
        found: int = opened.execute(Count(name, {}))
        if found < wanted:
            _say(f"{name}: {found} of {wanted} are there; those of erased students are left out")


def _refuse_unsigned(file: Path, kept: Mapping[str, bytes], settings: Settings) -> None:
    key = kept.get(backup_file.SIGNING_KEY, settings.signing_key.get_secret_value())
    found: dict[str, list[Document]] = {
        ModelVersionRepository.collection: [],
        ApiKeyRepository.collection: [],
    }
    for name, page in _documents(file):
        if name in found:
            found[name] += page
    foreign = signed_elsewhere(
        [ModelVersionRepository().read(d) for d in found[ModelVersionRepository.collection]],
        [ApiKeyRepository().read(d) for d in found[ApiKeyRepository.collection]],
        key,
    )
    if foreign:
        some = ", ".join(foreign[:5]) + (", ..." if len(foreign) > 5 else "")
        raise ConfigurationError(
            f"{some}: not signed with this installation's key, and the signing key is not in the "
            f"backup. Put that key in place ({settings.home / 'signing.key'}, or "
            f"FAROL_SIGNING_KEY), or add --re-sign. Nothing was written.\n{WARNING}"
        )


def _re_sign(opened: SyncRegistry, task: str, settings: Settings, now: datetime) -> None:
    key = settings.signing_key.get_secret_value()
    done = opened.run(resign_all(task, key, now=now, actor="deployment.restore"))
    _say(f"signed anew: {len(done.versions)} versions, {len(done.keys)} API keys")
    for line in done.left:
        _say(f"not signed: {line}")


def _keep_notes(home: Path, kept: Mapping[str, bytes]) -> None:
    """What the former host knew of revoked keys; a new home vouches for no unsigned one."""
    told = orjson.loads(kept.get(backup_file.REVOKED, b'{"revoked": []}'))
    KeyFile(home).add(adopted=True, revoked=frozenset(map(str, told["revoked"])))


def _place_task(settings: Settings, manifest: Manifest, text: bytes) -> None:
    if task_text(settings.task).encode() == text:
        return
    path = settings.home / f"{manifest.task}.yaml"
    write_private(path, text)
    _say(f"The backup's task is not FAROL_TASK={settings.task}: set FAROL_TASK={path}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployment.restore",
        description="Puts a backup in place, on an empty home and an empty registry.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--from", dest="file", type=Path, metavar="FILE")
    parser.add_argument(
        "--re-sign", action="store_true", help="sign versions and API keys with this home's key"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
