"""A challenger in memory, and the requests that it answers in the champion's place."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypedDict

from api.canary.chosen import is_chosen, number_of
from api.canary.guard import CanaryCounts
from api.champion import Champion
from api.records.asked import Asked
from api.scoring import explanation, score_one
from api.security import Client
from model.prediction import Prediction, RiskLabel

_log = logging.getLogger(__name__)


class ScoreOptions(TypedDict):
    """What `score_one` is told of a request, whoever scores it."""

    features: Iterable[str]
    now: datetime
    client: Client
    request_id: str


class CanaryArm:
    """Answers a share of the students, and counts for the guard; used from one event loop.

    Args:
        challenger: loaded and tested.
        counts: what this worker has counted of this canary so far.
        timer: seconds, from any moment.

    Attributes:
        failed: why the challenger answers nobody any more; empty while it does.
        paused: it answers nobody while what it answered cannot be counted.
    """

    def __init__(
        self,
        challenger: Champion,
        counts: CanaryCounts,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.challenger = challenger
        self.counts = counts
        self.failed = ""
        self.paused = False
        self._pointer = challenger.pointer
        self._timer = timer

    @property
    def revision(self) -> int:
        """Of the canary's document that asked for it."""
        return self._pointer.revision

    def score(
        self,
        champion: Champion,
        asked: Asked,
        *,
        features: Iterable[str],
        now: datetime,
        client: Client,
        request_id: str,
        explain: bool = False,
    ) -> tuple[Champion, Prediction]:
        """Who answers, and the prediction.

        A record that the challenger cannot score, or explain, ends the canary, and the champion
        answers it.

        Args:
            champion: who answers all others.
            asked: the record.
            features: every feature of the task.
            now: aware UTC.
            client: who asks.
            request_id: by which request.
            explain: whether the score will be explained.
        """
        options: ScoreOptions = {
            "features": features, "now": now, "client": client, "request_id": request_id,
        }  # fmt: skip
        if self.failed or self.paused or champion.version != self._pointer.against:
            return champion, score_one(champion, asked, **options)
        number = number_of(self._pointer.version, asked)
        began = self._timer()
        if is_chosen(number, self._pointer.share):
            prediction = self._tried(asked, options)
            if prediction is not None:
                self._count(self.counts.challenger.count, number, prediction, began)
                if not explain or self._explains(asked, prediction):
                    return self.challenger, prediction
            return champion, score_one(champion, asked, **options)
        prediction = score_one(champion, asked, **options)
        self._count(self.counts.champion.count, number, prediction, began)
        return champion, prediction

    def _tried(self, asked: Asked, options: ScoreOptions) -> Prediction | None:
        try:
            made = score_one(self.challenger, asked, **options)
        except Exception as error:  # noqa: BLE001  whatever it is, the champion answers instead
            self._fail(f"a record that it could not score ({type(error).__name__})")
            return None
        if not math.isfinite(made.risk_score):
            self._fail("a score that is no number")
            return None
        return made

    def _explains(self, asked: Asked, made: Prediction) -> bool:
        try:
            explanation(self.challenger, asked, made.risk_score)
        except Exception as error:  # noqa: BLE001  whatever it is, the champion answers instead
            self._fail(f"a score that it could not explain ({type(error).__name__})")
        return not self.failed

    def _fail(self, reason: str) -> None:
        self.failed = reason
        _log.error("%s answers nobody any more: %s", self._pointer.version, reason)

    def _count(
        self, count: Callable[..., None], number: int, prediction: Prediction, began: float
    ) -> None:
        flagged = prediction.risk_label is RiskLabel.HIGH
        count(number, flagged=flagged, seconds=self._timer() - began)
