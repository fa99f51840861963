"""Further tasks for tests: the default one under other names."""

from __future__ import annotations

from pathlib import Path

from preprocessing.task.spec import task_text


def task_file(folder: Path, name: str, namespace: str = "passos_magicos") -> Path:
    """The default task under another name, as a file of a school's own."""
    path = folder / f"{name}.yaml"
    text = task_text("pede_lag").replace("name: pede_lag", f"name: {name}", 1)
    path.write_text(text.replace("passos_magicos", namespace, 1), "utf-8")
    return path
