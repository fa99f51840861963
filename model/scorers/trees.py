"""Trees that add up: every ensemble of trees in one form, scored by masks or LightGBM's C library.

Decision trees, forests and boosters of any library are written as LightGBM's text model at
training time (`training.lightgbm_text`), so that serving knows one scorer for all of them.
"""

from __future__ import annotations

import ctypes
import threading
import weakref
from functools import cache, partial
from typing import ClassVar, Self

import numpy as np

from model.scorers import lightgbm_library as lgbm
from model.scorers.leaf_masks import LeafMasks
from model.scorers.lightgbm_form import FILE, check_form
from model.scorers.scorer import Rows

MANY = 256
"""Rows from which on it pays to share them among the cores."""

CROWD = 2_048
"""Rows for which it pays to make masks of leaves where none are made yet; a row alone makes them
too, since rows come alone where a version serves."""

WALKS = 4_000
"""Walks, one for each row and tree, of which masks take a fraction once they are made."""


class TreeScorer:
    """Scores with masks of leaves, or by walks of LightGBM where there are none or too few trees.

    Both give the same margins to the last bit, on one thread and without any allocation of its own
    for one row. Safe to share between threads: one row at a time passes through the buffers.

    Args:
        text: a LightGBM text model whose raw score is the margin, made in this process; one from
            elsewhere goes through `load`.
    """

    FILE: ClassVar[str] = FILE
    EXPLAINED: ClassVar[int] = 200
    KEEPS_RECORDS: ClassVar[bool] = False

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._masks = cache(partial(LeafMasks.of, text))
        library = lgbm.library()
        handle, iterations, width = ctypes.c_void_p(), ctypes.c_int(), ctypes.c_int()
        lgbm.check(
            library.LGBM_BoosterLoadModelFromString(
                text, ctypes.byref(iterations), ctypes.byref(handle)
            )
        )
        self._configs: list[int | None] = []
        weakref.finalize(self, _free, library, handle.value, self._configs)
        lgbm.check(library.LGBM_BoosterGetNumFeature(handle, ctypes.byref(width)))
        self._handle = handle
        self._width = width.value
        self._lock = threading.Lock()
        self._row = np.zeros(self._width)
        self._margin = np.zeros(1)
        self._parts = np.zeros(self._width + 1)
        self._length = ctypes.c_int64()
        self._predict = library.LGBM_BoosterPredictForMatSingleRowFast
        self._predict_short = lgbm.short_call(library, "LGBM_BoosterPredictForMatSingleRowFast")
        length = ctypes.addressof(self._length)
        self._margin_call = (
            self._fast(lgbm.RAW_SCORE), self._row.ctypes.data, length, self._margin.ctypes.data,
        )  # fmt: skip
        self._parts_call = (
            self._fast(lgbm.CONTRIBUTIONS), self._row.ctypes.data, length, self._parts.ctypes.data,
        )  # fmt: skip

    @property
    def width(self) -> int:
        """Columns a row must have."""
        return self._width

    def margin(self, rows: Rows) -> Rows:
        """Margins of shape (n,)."""
        if len(rows) >= CROWD or self._masks.cache_info().currsize:
            masks = self._masks()
            if masks is not None and len(rows) * masks.trees >= WALKS:
                return masks.margin(rows)
        return self._of_all(rows, lgbm.RAW_SCORE, 1, alone=len(rows) < MANY)[:, 0]

    def margin_one(self, row: Rows) -> float:
        """The margin of one row."""
        with self._lock:
            self._row[:] = row
            masks = self._masks()
            if masks is not None and masks.quick_alone:
                return masks.margin_one(self._row)
            if self._predict_short(*self._margin_call):
                lgbm.check(-1)
            return float(self._margin[0])

    def contributions(self, row: Rows) -> tuple[Rows, float]:
        """Shapley values of the trees (TreeSHAP, Lundberg et al. 2018) and the expected margin."""
        with self._lock:
            self._row[:] = row
            lgbm.check(self._predict(*self._parts_call))
            return self._parts[:-1].copy(), float(self._parts[-1])

    def contributions_many(self, rows: Rows) -> tuple[Rows, float]:
        """Shapley values of each row, shape (n, d), and the expected margin.

        One explanation takes as long as hundreds of margins, so few already are shared among the
        cores.
        """
        found = self._of_all(rows, lgbm.CONTRIBUTIONS, self._width + 1, alone=len(rows) < 2)
        return found[:, :-1], float(found[0, -1])

    def dump(self) -> bytes:
        """The text the scorer was made from."""
        return self._text

    @classmethod
    def load(cls, data: bytes) -> Self:
        """The scorer of a text model from elsewhere, whose form is checked first.

        Raises:
            BundleError: not such bytes.
        """
        check_form(data)
        return cls(data)

    def _of_all(self, rows: Rows, what: int, values: int, *, alone: bool) -> Rows:
        """So many values of each row, shape (n, values); on one thread, or on all cores."""
        dense = np.ascontiguousarray(rows, dtype=np.float64)
        found = np.zeros((len(dense), values))
        if not len(dense):
            return found
        length = ctypes.c_int64()
        code = lgbm.library().LGBM_BoosterPredictForMat(
            self._handle, dense.ctypes.data, lgbm.FLOAT64, dense.shape[0], dense.shape[1],
            lgbm.ROW_MAJOR, what, 0, lgbm.ALL_TREES,
            lgbm.PARAMETERS if alone else lgbm.PARALLEL, ctypes.byref(length), found.ctypes.data,
        )  # fmt: skip
        lgbm.check(code)
        return found

    def _fast(self, what: int) -> int | None:
        config = ctypes.c_void_p()
        code = lgbm.library().LGBM_BoosterPredictForMatSingleRowFastInit(
            self._handle, what, 0, lgbm.ALL_TREES, lgbm.FLOAT64, self._width,
            lgbm.PARAMETERS, ctypes.byref(config),
        )  # fmt: skip
        lgbm.check(code)
        self._configs.append(config.value)
        return config.value


def _free(library: ctypes.CDLL, booster: int | None, configs: list[int | None]) -> None:
    for config in configs:
        library.LGBM_FastConfigFree(config)
    library.LGBM_BoosterFree(booster)
