"""Takes the rows of an erased student out of the school files that are kept.

Whoever reads a school file does it in a process of its own (`api.files.child`), here too.
"""

from __future__ import annotations

import asyncio
import os
import sys
from http import HTTPStatus

import orjson

from api.http.problems import Problem
from api.registry import Registry
from database.kept.files import KeptFileRepository

SECONDS = 600.0


async def free_kept_files(registry: Registry, task: str) -> int | None:
    """Frees the kept files of a task of all whom tombstones name; the student's are laid.

    Args:
        registry: of the task.
        task: its name.

    Returns:
        How many files were written anew; None where none are kept.

    Raises:
        Problem: 503, not all could be; the student is known still, so the same call does it again.
        RegistryError: the registry fails.
    """
    if not await registry.run(KeptFileRepository().count()):
        return None
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deployment.following", str(os.getpid())),
        *(sys.executable, "-m", "preprocessing.kept", f"--task={task}", "--json"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            said, _ = await child.communicate()
    except TimeoutError:
        said = b""
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "School files that are kept could not be freed of the student. Send it again.",
            retry_after=5,
        )
    return int(orjson.loads(said)["files"])
