"""How long tuning may take."""

from __future__ import annotations

from dataclasses import dataclass

from preprocessing.task.policies import TrainingPolicy


@dataclass(frozen=True, slots=True)
class Budget:
    """What one search may cost; whichever ends first ends it.

    Attributes:
        trials: settings tried; 0 leaves the end to `seconds`.
        seconds: of wall-clock; None for any.
    """

    trials: int = 0
    seconds: float | None = None

    @classmethod
    def of(cls, policy: TrainingPolicy) -> Budget:
        """What the task allows."""
        return cls(policy.trials, policy.seconds)

    @property
    def any(self) -> bool:
        """Whether anything may be tried at all."""
        return self.trials > 0 or self.seconds is not None

    def part(self, share: float) -> Budget:
        """As many trials in a share of the time.

        >>> Budget(20, 60.0).part(0.1)
        Budget(trials=20, seconds=6.0)
        """
        return Budget(self.trials, None if self.seconds is None else self.seconds * share)

    def left(self, trials: int, seconds: float) -> bool:
        """Whether one more trial may begin after so many in so many seconds."""
        in_time = self.seconds is None or seconds < self.seconds
        return in_time and (self.trials == 0 or trials < self.trials)
