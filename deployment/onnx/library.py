"""The libraries of the extra `onnx`, which need not be there."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from model.errors import ConfigurationError

MODULES = ("onnx", "onnxruntime")


def installed() -> bool:
    """Whether the extra `onnx` is there."""
    return all(find_spec(name) is not None for name in MODULES)


def onnx_library() -> Any:
    """The library that writes ONNX files.

    Raises:
        ConfigurationError: it is not installed; the make target is named.
    """
    _require()
    import onnx

    return onnx


def runtime() -> Any:
    """The library that scores with them.

    Raises:
        ConfigurationError: it is not installed; the make target is named.
    """
    _require()
    import onnxruntime

    return onnxruntime


def _require() -> None:
    if not installed():
        raise ConfigurationError("ONNX needs an extra: make setup-onnx")
