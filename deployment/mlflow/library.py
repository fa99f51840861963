"""The library of the extra `mlflow`, which need not be there, and how it is held in check."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from model.errors import ConfigurationError, TrackingFailed

CHECKED: Mapping[str, str] = {
    # It would tell its makers of each call.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # A server that does not answer is tried again by the worker, not by the library for minutes.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    # It would print the address of each run, with the credentials that the server's may hold.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""Variables of MLflow's own, unless somebody has set them."""

LONGEST_TOLD = 300
_CREDENTIALS = re.compile(r"//[^/\s]+@")


def installed() -> bool:
    """Whether the extra `mlflow` is there."""
    return find_spec("mlflow") is not None


def prepare(env: Mapping[str, str]) -> None:
    """Sets MLflow's variables in this process, before it is imported; for entry points only.

    Args:
        env: the environment with what a `.env` file says.
    """
    for name, value in env.items():
        if name.startswith("MLFLOW_"):
            os.environ.setdefault(name, value)
    for name, value in CHECKED.items():
        os.environ.setdefault(name, value)


def mlflow_library() -> Any:
    """The library, with the parts that are used here.

    Raises:
        ConfigurationError: it is not installed; the make target is named.
    """
    if not installed():
        raise ConfigurationError("MLflow needs an extra: make setup-mlflow")
    import mlflow
    import mlflow.entities
    import mlflow.models
    import mlflow.pyfunc
    import mlflow.types.schema

    return mlflow


@contextmanager
def failures_told(library: Any, what: str) -> Iterator[None]:
    """Turns the library's errors into ours.

    Raises:
        TrackingFailed: it failed; the message holds no credentials.
    """
    try:
        yield
    except (library.exceptions.MlflowException, OSError) as error:
        raise TrackingFailed(f"{what}: {told(error)}") from error


def told(error: Exception) -> str:
    """An error in a line, without the credentials of an address.

    >>> told(OSError("no answer from http://ana:secret@host/api"))
    'no answer from http://host/api'
    >>> told(OSError("http://ana:p@ss@host"))
    'http://host'
    """
    line = " ".join(str(error).split()) or type(error).__name__
    return _CREDENTIALS.sub("//", line)[:LONGEST_TOLD]
