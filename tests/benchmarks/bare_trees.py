"""LightGBM's own walk through a model's trees, called as directly as Python can: the floor."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import partial

import numpy as np

from model.scorers import lightgbm_library as lgbm
from model.scorers.scorer import Rows


class BareTrees:
    """A text model in LightGBM's C library, with nothing of Farol around it but encoded rows.

    Args:
        text: of the model.
        width: columns of a row.
    """

    def __init__(self, text: bytes, width: int) -> None:
        self._library, self._width = lgbm.library(), width
        self._handle, config, count = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_int()
        load, prepare = (
            self._library.LGBM_BoosterLoadModelFromString,
            self._library.LGBM_BoosterPredictForMatSingleRowFastInit,
        )
        lgbm.check(load(text, ctypes.byref(count), ctypes.byref(self._handle)))
        lgbm.check(
            prepare(
                self._handle, lgbm.RAW_SCORE, 0, lgbm.ALL_TREES, lgbm.FLOAT64, width,
                lgbm.PARAMETERS, ctypes.byref(config),
            )
        )  # fmt: skip
        self._config = config.value
        self._found, self._length = np.zeros(1), ctypes.c_int64()
        self._one = lgbm.short_call(self._library, "LGBM_BoosterPredictForMatSingleRowFast")

    def call_of(self, row: Rows) -> Callable[[], object]:
        """What scores that row, which must stay: one call of the library, into a buffer of ours."""
        return partial(
            self._one, self._config, row.ctypes.data, ctypes.addressof(self._length),
            self._found.ctypes.data,
        )  # fmt: skip

    def margins(self, rows: Rows, *, parallel: bool) -> Rows:
        """Of many rows, on one thread or on all cores."""
        found, length = np.zeros(len(rows)), ctypes.c_int64()
        lgbm.check(
            self._library.LGBM_BoosterPredictForMat(
                self._handle, rows.ctypes.data, lgbm.FLOAT64, len(rows), self._width,
                lgbm.ROW_MAJOR, lgbm.RAW_SCORE, 0, lgbm.ALL_TREES,
                lgbm.PARALLEL if parallel else lgbm.PARAMETERS, ctypes.byref(length),
                found.ctypes.data,
            )
        )  # fmt: skip
        return found
