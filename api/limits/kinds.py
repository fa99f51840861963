"""What may be too many, and what a caller is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

NO_RATE = "off"
"""What a setting says where any number is answered."""


class CallLimit(StrEnum):
    """What was too many."""

    PREDICT = "predict"
    CALLS = "calls"
    ADDRESS = "address"
    REFUSED = "refused"


WHY: Mapping[CallLimit, str] = {
    CallLimit.PREDICT: "Too many predictions, one by one, with this key; "
    "/predict/batch and /predict/bulk take many at once.",
    CallLimit.CALLS: "Too many calls with this key.",
    CallLimit.ADDRESS: "Too many calls without a key from this address.",
    CallLimit.REFUSED: "Too many unknown keys from this address.",
}
