"""LightGBM's C library without its Python package, which would import pandas and scikit-learn.

The functions and codes are those of LightGBM's `c_api.h`:
https://lightgbm.readthedocs.io/en/stable/C-API.html
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from model.errors import BundleError

FLOAT64 = 1
ROW_MAJOR = 1
RAW_SCORE = 1
CONTRIBUTIONS = 3
ALL_TREES = -1
PARAMETERS = b"num_threads=1 verbosity=-1"
PARALLEL = b"num_threads=0 verbosity=-1"
"""As many threads as the machine has cores, or as `OMP_NUM_THREADS` says."""

_NAMES = {"win32": "lib_lightgbm.dll", "darwin": "lib_lightgbm.dylib"}


@cache
def library() -> ctypes.CDLL:
    """The loaded library, once a process.

    Raises:
        BundleError: LightGBM is not installed, or not where its wheel puts the library.
    """
    spec = find_spec("lightgbm")  # finds the package, does not execute it
    if spec is None or not spec.submodule_search_locations:
        raise BundleError("a model of trees needs the `lightgbm` package, which is not installed")
    name = _NAMES.get(sys.platform, "lib_lightgbm.so")
    for folder in spec.submodule_search_locations:
        for path in (Path(folder) / "lib" / name, Path(folder) / name):
            if path.is_file():
                return _declared(ctypes.CDLL(str(path)))
    raise BundleError(f"{name} is not in the installed `lightgbm` package")


def short_call(found: ctypes.CDLL, name: str) -> Callable[..., int]:
    """A function of the library that takes microseconds, called with the interpreter held.

    Another thread that takes the interpreter meanwhile keeps it for milliseconds.
    """
    function = getattr(ctypes.PyDLL(None, handle=found._handle), name)
    function.argtypes = getattr(found, name).argtypes
    return cast(Callable[..., int], function)


def _declared(found: ctypes.CDLL) -> ctypes.CDLL:
    pointer, number, small = ctypes.c_void_p, ctypes.c_int, ctypes.c_int32
    found.LGBM_GetLastError.restype = ctypes.c_char_p
    found.LGBM_BoosterLoadModelFromString.argtypes = [ctypes.c_char_p, pointer, pointer]
    found.LGBM_BoosterGetNumFeature.argtypes = [pointer, pointer]
    found.LGBM_BoosterFree.argtypes = [pointer]
    found.LGBM_FastConfigFree.argtypes = [pointer]
    found.LGBM_BoosterPredictForMat.argtypes = [
        pointer, pointer, number, small, small, number, number, number, number,
        ctypes.c_char_p, pointer, pointer,
    ]  # fmt: skip
    found.LGBM_BoosterPredictForMatSingleRowFastInit.argtypes = [
        pointer, number, number, number, number, small, ctypes.c_char_p, pointer,
    ]  # fmt: skip
    found.LGBM_BoosterPredictForMatSingleRowFast.argtypes = [pointer] * 4
    return found


def check(code: int) -> None:
    """Raises what the library says went wrong.

    Raises:
        BundleError: `code` is not 0.
    """
    if code:
        reason = library().LGBM_GetLastError().decode(errors="replace")
        raise BundleError(f"LightGBM refused the model: {reason}")
