"""The home of an installation on a host: what lies where in it, and whether it can be used."""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
from pathlib import Path

from model.errors import ConfigurationError

TASKS = "tasks"
"""The folder of a home that holds one folder per task."""

TASK_FILE = "task.yaml"
"""The TaskSpec of a task that was added to the installation, in the task's folder."""

RETIRED_FILE = "task.retired.yaml"
"""The same of a task that was retired; nobody serves it."""


def in_home(home: Path, name_or_path: str) -> str:
    """A task's own file where `deployment.tasks add` has put one in the home, else as it was."""
    added = home / TASKS / name_or_path / TASK_FILE
    return str(added) if added.is_file() else name_or_path


def require_home(home: Path) -> None:
    """Makes sure that the home is a folder that can be written to.

    Raises:
        ConfigurationError: it is not.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(home, error) from error
    # Asked of the system and not tried: a full disk is another matter, and passes.
    if not os.access(home, os.W_OK | os.X_OK):
        reason = errno.EROFS if os.statvfs(home).f_flag & os.ST_RDONLY else errno.EACCES
        raise unusable(home, OSError(reason, os.strerror(reason)))


def unusable(home: Path, error: Exception) -> ConfigurationError:
    """What to tell where something in the home cannot be read or written."""
    reason = error.strerror if isinstance(error, OSError) else error
    return ConfigurationError(
        f"FAROL_HOME={str(home)!r} cannot be used ({reason}); give a folder that this account "
        "can write to, on a disk with room"
    )


def kept_key(path: Path) -> bytes:
    """The host's own key, made on first use; readable by its owner only.

    Raises:
        ConfigurationError: it cannot be read or made, or the file is empty: what an empty key
            signs, anybody could sign.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _publish_once(path, secrets.token_hex(32).encode())
        key = path.read_bytes()
    except OSError as error:
        raise unusable(path.parent, error) from error
    if not key:
        raise ConfigurationError(
            f"{path} is empty; put the key there that the installation had, from a backup, or "
            "remove the file where there was none yet"
        )
    return key


def _publish_once(path: Path, content: bytes) -> None:
    """Writes a private file whole or not at all; whoever is first wins."""
    handle, name = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        pass  # Another process of this host made it in the meantime: that one counts.
    finally:
        Path(name).unlink()
