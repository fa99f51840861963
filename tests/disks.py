"""Disks that are small or cannot be written to, for tests that run as root; elsewhere they skip."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(at: Path, megabytes: int) -> Iterator[Path]:
    """A disk of that size, mounted at a folder that is made."""
    at.mkdir()
    with _mounted(["-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(at)], at):
        yield at


@contextmanager
def read_only(folder: Path, at: Path) -> Iterator[Path]:
    """A view of the folder through which nothing can be written."""
    at.mkdir()
    with _mounted(["--bind", str(folder), str(at)], at):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(at)], check=True)
        yield at


def fill(disk: Path) -> Path:
    """Fills the disk to its last byte; gives the file that does, to be deleted again."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        block = b"\1" * 65_536
        while block:
            try:
                file.write(block)
            except OSError:
                block = block[: len(block) // 2]
    return filler


@contextmanager
def _mounted(arguments: list[str], at: Path) -> Iterator[None]:
    try:
        done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    except OSError as error:
        pytest.skip(f"no disk can be mounted here: {error}")
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        # Lazily: a process that was killed may not have let go of its files yet.
        subprocess.run(["umount", "--lazy", str(at)], check=True)
