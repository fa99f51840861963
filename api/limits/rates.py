"""How often who may call, as the settings say."""

from __future__ import annotations

from dataclasses import dataclass

from limits import RateLimitItem, parse

from api.limits.kinds import NO_RATE


@dataclass(frozen=True, slots=True)
class CallRates:
    """How many calls in what time, of each worker; None is any number.

    Attributes:
        predict: calls of `/predict` with one key, or by one person.
        calls: other calls with one key, or by one person.
        address: calls from one address that bring no key that is known.
        refused: keys that nobody knows, from one address.
    """

    predict: RateLimitItem | None
    calls: RateLimitItem | None
    address: RateLimitItem | None
    refused: RateLimitItem | None

    @classmethod
    def read(cls, *, predict: str, calls: str, address: str, refused: str) -> CallRates:
        """The rates as they are written in settings, checked there."""
        return cls(_rate(predict), _rate(calls), _rate(address), _rate(refused))


def _rate(text: str) -> RateLimitItem | None:
    """A rate as it is written in a setting.

    >>> _rate("20/10 minutes").get_expiry()
    600
    >>> _rate("off") is None
    True
    """
    return None if text == NO_RATE else parse(text)
