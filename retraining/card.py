"""`python -m retraining.card`: writes a version's stored model card into a folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from database.aliases import CHAMPION, AliasRepository
from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.versions import ModelVersionRepository
from deployment.exit_codes import ExitCode, failed
from deployment.wiring import add_task_option, registry, settings_from_environment
from model.errors import FarolError, NotFound

EPILOG = """\
Every version has its card from the moment it is registered, refused ones too; it is stored in the
registry and never changes. The same card is at GET /models/{version}/card.

example
  python -m retraining.card --version v3 --out cards     cards/v3.html and cards/v3.md
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Writes one card and prints the files."""
    arguments = _parser().parse_args(argv)
    try:
        with registry(settings_from_environment(arguments.task)) as opened:
            written = write_card(opened, arguments.version, arguments.out)
    except (FarolError, OSError) as error:
        return failed("card", error)
    sys.stdout.writelines(f"{path}\n" for path in written)
    return ExitCode.DONE


def write_card(opened: SyncRegistry, version: str | None, folder: Path) -> tuple[Path, Path]:
    """Writes both forms of a stored card; the folder is made, files of the name are replaced.

    Args:
        opened: the registry.
        version: its name; None is the champion.
        folder: where to.

    Raises:
        NotFound: no such version, no champion, or a version without a card.
        RegistryError: the registry fails.
        OSError: the folder cannot be written.
    """
    found = opened.run(ModelVersionRepository().get(version or _champion(opened)))
    if found.card is None:
        raise NotFound(
            f"the model card of {found.version}, registered before there were cards; every "
            "version from the next python -m retraining.pipeline on has one"
        )
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"{found.version}.html", folder / f"{found.version}.md"
    for path, digest in zip(paths, (found.card.html, found.card.markdown), strict=True):
        path.write_bytes(opened.run(ArtifactRepository().get(digest)))
    return paths


def _champion(opened: SyncRegistry) -> str:
    alias = opened.run(AliasRepository().find(CHAMPION))
    if alias is None:
        raise NotFound("a champion; give --version")
    return alias.version


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m retraining.card",
        description="Writes a version's model card as HTML and Markdown.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_task_option(parser)
    parser.add_argument("--version", metavar="V", help="v3, say (default: the champion)")
    parser.add_argument(
        "--out", type=Path, default=Path(), metavar="FOLDER", help="default: this folder"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
