"""Boosted trees on spilled rows, by one process or by several that train one model together.

LightGBM and XGBoost bin the rows chunk by chunk: LightGBM keeps a byte a value in memory, XGBoost
pages of them on disk. Several processes add up their histograms by each library's own network.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import xgboost
from numpy.typing import NDArray
from xgboost.collective import CommunicatorContext
from xgboost.tracker import RabitTracker

from training.beyond_memory.spilled import Floats, SpilledRows
from training.families.lightgbm import lightgbm_settings
from training.families.xgboost import of_xgboost, xgboost_settings
from training.lightgbm_text import Tree, parse_text
from training.sample import class_weights, least_leaf

PATIENCE = 300
"""Seconds that one process waits for the others."""


@dataclass(frozen=True, slots=True)
class Boosting:
    """What is trained.

    Attributes:
        params: of the family.
        rows: all that are learned from.
        positives: of them at risk.
        numeric: whether the outcome is a number.
        monotone: as of a `Sample`.
        threads: that each process uses.
        addresses: `host:port` of each process, free for the model's network; of one alone empty.
    """

    params: Mapping[str, Any]
    seed: int
    rows: int
    positives: int
    numeric: bool
    monotone: tuple[int, ...]
    threads: int
    addresses: tuple[str, ...] = ()

    @property
    def leaf(self) -> int:
        """Records a leaf must hold."""
        return least_leaf(int(self.params["leaf"]), self.rows)

    def weights(self, outcome: Floats) -> Floats | None:
        """What each record counts; None where all count alike."""
        if self.numeric:
            return None
        weights = class_weights(outcome, self.positives / self.rows, self.params)
        return None if weights is None else weights.astype(np.float32)


def lightgbm_text(job: Boosting, rows: SpilledRows, rank: int) -> bytes:
    """LightGBM's model as its own text.

    Args:
        job: what is trained.
        rows: this process's.
        rank: of this process.
    """
    settings = lightgbm_settings(
        job.params, job.seed, numeric=job.numeric, leaf=job.leaf, monotone=job.monotone,
        threads=job.threads,
    )  # fmt: skip
    # By row it keeps all bins a second time: 34 of 115 bytes a row, with 22 columns.
    del settings["force_row_wise"]
    settings["force_col_wise"] = True
    if len(job.addresses) > 1:
        settings |= {
            "tree_learner": "data",
            "machines": ",".join(job.addresses),
            "num_machines": len(job.addresses),
            "local_listen_port": int(job.addresses[rank].rpartition(":")[2]),
            "time_out": PATIENCE // 60,
            "pre_partition": True,
        }
    data = lightgbm.Dataset(
        _RowSequence(rows), rows.outcome, weight=job.weights(rows.outcome), params={"verbosity": -1}
    )
    booster = lightgbm.train(settings, data, num_boost_round=job.params["trees"])
    text: str = booster.model_to_string(importance_type="split")
    if len(job.addresses) > 1:
        booster.free_network()
    return text.encode()


def xgboost_json(job: Boosting, rows: SpilledRows, rank: int) -> bytes:
    """XGBoost's model as its own JSON.

    Args:
        job: what is trained.
        rows: this process's.
        rank: of this process.
    """
    settings = xgboost_settings(
        job.params, job.seed, numeric=job.numeric, monotone=job.monotone, threads=job.threads
    )

    def trained() -> bytes:
        source = _ChunkIterator(rows, job)
        data = xgboost.ExtMemQuantileDMatrix(source, max_bin=256, nthread=job.threads)
        booster = xgboost.train(settings, data, num_boost_round=job.params["trees"])
        return bytes(booster.save_raw("json"))

    if len(job.addresses) < 2:
        return trained()
    host, _, port = job.addresses[0].rpartition(":")
    tracker = RabitTracker(len(job.addresses), host, int(port)) if rank == 0 else None
    if tracker is not None:
        tracker.start()
    with CommunicatorContext(
        dmlc_communicator="rabit",
        dmlc_tracker_uri=host,
        dmlc_tracker_port=int(port),
        dmlc_task_id=str(rank),
        dmlc_retry=20,
        dmlc_timeout=PATIENCE,
    ):
        model = trained()
    if tracker is not None:
        tracker.wait_for(PATIENCE)
    return model


def lightgbm_trees(model: bytes) -> Sequence[Tree]:
    """The trees of `lightgbm_text`."""
    return parse_text(model)


def xgboost_trees(model: bytes) -> Sequence[Tree]:
    """The trees of `xgboost_json`."""
    booster = xgboost.Booster()
    booster.load_model(bytearray(model))
    return of_xgboost(booster)


@dataclass(frozen=True, slots=True)
class OutOfCore:
    """A family that learns from more than memory holds.

    Attributes:
        train: its own form of a model, from a job, the rows of a process and its rank.
        trees: of that form.
    """

    train: Callable[[Boosting, SpilledRows, int], bytes]
    trees: Callable[[bytes], Sequence[Tree]]


OUT_OF_CORE: Mapping[str, OutOfCore] = {
    "lightgbm": OutOfCore(lightgbm_text, lightgbm_trees),
    "xgboost": OutOfCore(xgboost_json, xgboost_trees),
}


def free_address(_: None, host: str) -> str:
    """An address of this host that nobody listens at."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return f"{host}:{probe.getsockname()[1]}"


class _RowSequence(lightgbm.Sequence):
    """Rows as LightGBM asks for them: some at random to find bins by, then all in order."""

    batch_size = 32_768

    def __init__(self, rows: SpilledRows) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, at: int | slice | list[int]) -> NDArray[np.float64]:
        if isinstance(at, slice):
            start, stop, _ = at.indices(len(self))
            found = self._rows.read(start, stop)
        elif isinstance(at, list):
            found = np.concatenate([self._rows.read(i, i + 1) for i in at])
        else:
            found = self._rows.read(at, at + 1)[0]
        return np.asarray(found, dtype=np.float64)


class _ChunkIterator(xgboost.DataIter):
    """Rows as XGBoost asks for them: all in order, several times."""

    def __init__(self, rows: SpilledRows, job: Boosting) -> None:
        super().__init__(cache_prefix=str(rows.path.with_name("pages")))
        self._rows, self._job = rows, job
        self._left = rows.chunks()

    def next(self, input_data: Callable[..., None]) -> bool:
        found = next(self._left, None)
        if found is None:
            return False
        data, outcome = found
        weights = self._job.weights(outcome)
        input_data(data=data, label=outcome, **({} if weights is None else {"weight": weights}))
        return True

    def reset(self) -> None:
        self._left = self._rows.chunks()
