"""Any school file: a table by its content, or a bundle of tables by its manifest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import yaml
from pydantic import ValidationError

from model.errors import ConfigurationError
from preprocessing.files.admitted import AdmittedUnits
from preprocessing.files.loading import FileReading, read_file
from preprocessing.oneroster.bundle import is_bundle
from preprocessing.oneroster.reading import read_bundle
from preprocessing.task.mistakes import told
from preprocessing.task.oneroster import OneRosterMapping
from preprocessing.task.spec import TaskSpec

Interchange = Literal["table", "oneroster"]
"""What a file is read as."""


@dataclass(frozen=True, slots=True)
class ReadAs:
    """How files are to be read.

    Attributes:
        kind: None: as their content says.
        mapping: of a bundle, in the place of the task's own.
    """

    kind: Interchange | None = None
    mapping: OneRosterMapping | None = None


AS_IT_IS = ReadAs()


def read_any(
    path: Path,
    task: TaskSpec,
    *,
    now: datetime,
    period: str | None = None,
    name: str | None = None,
    admitted: AdmittedUnits | None = None,
    form: ReadAs = AS_IT_IS,
) -> FileReading:
    """The tables of a file or bundle.

    Args:
        path: a table, or the folder or zip of a bundle.
        task: what to look for.
        now: when the content becomes known (aware UTC).
        period: as for `preprocessing.files.loading.read_file`; of a bundle, only this one.
        name: what it is called, where the path does not say.
        admitted: the units whose rows are read; None is all.
        form: how it is read.

    Raises:
        NotThisTask: a bundle and no mapping, or no table of the task; says what is missing or
            malformed.
    """
    if (form.kind or ("oneroster" if is_bundle(path) else "table")) == "table":
        return read_file(path, task, now=now, period=period, name=name, admitted=admitted)
    return read_bundle(
        path, task, now=now, period=period, name=name, admitted=admitted, mapping=form.mapping
    )


def load_mapping(path: Path, task: TaskSpec) -> OneRosterMapping:
    """Reads a mapping from a YAML file.

    Args:
        path: the file.
        task: whose columns it is of.

    Raises:
        ConfigurationError: unreadable, or a key or column that is wrong; it is named.
    """
    try:
        text = path.read_text("utf-8")
        mapping = OneRosterMapping.model_validate(yaml.safe_load(text))
    except OSError as error:
        raise ConfigurationError(f"--mapping {path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"--mapping {path}: not readable as YAML") from error
    except ValidationError as error:
        where = told(error, text, OneRosterMapping, "mapping")
        raise ConfigurationError(f"--mapping {path}: {where}") from error
    if unknown := mapping.unknown(task.column_names):
        raise ConfigurationError(
            f"--mapping {path}: columns: {', '.join(unknown)}: no columns of task {task.name}"
        )
    return mapping
