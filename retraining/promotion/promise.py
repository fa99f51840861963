"""What a promotion promises of the next period, read from the evidence it was decided on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from model.promotion import Promise

RECALL, ERROR = "recall_at_budget", "mae"


def promise_of(evidence: Mapping[str, Any], learned: Iterable[str]) -> Promise | None:
    """The gain expected of the next period; the measured one where none is stated.

    Args:
        evidence: as the ledger keeps it.
        learned: the periods that the challenger learned from.

    Returns:
        None where nothing was compared: who replaces nobody promises no gain.

    >>> gain = {"metric": RECALL, "gain": 0.036, "low": 0.003, "high": 0.078}
    >>> promise_of({"gains": [gain]}, ["2022", "2023"])
    Promise(gain=0.036, low=0.003, high=0.078, period='2023', basis='measured', \
metric='recall_at_budget')
    """
    numeric = evidence.get("kind") == "numeric"
    metric, measured = (ERROR, evidence) if numeric else (RECALL, _gain(evidence))
    expected = evidence.get("expected")
    figures = expected or measured
    if measured.get("gain") is None or any(figures.get(k) is None for k in ("low", "high")):
        return None
    return Promise(
        gain=figures["gain"],
        low=figures["low"],
        high=figures["high"],
        period=max(learned, default=""),
        basis=str(expected.get("basis", "expected")) if expected else "measured",
        metric=metric,
    )


def _gain(evidence: Mapping[str, Any]) -> Mapping[str, Any]:
    gains = evidence.get("gains", ())
    return next((gain for gain in gains if gain["metric"] == RECALL), {})
