"""How often who may call, as the settings say."""

from __future__ import annotations

from dataclasses import dataclass

from limits import RateLimitItem, parse

from deployment.settings import NO_RATE, Settings


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
    def of(cls, settings: Settings) -> CallRates:
        """The rates of an installation."""
        return cls(
            predict=_rate(settings.rate_predict),
            calls=_rate(settings.rate_calls),
            address=_rate(settings.rate_address),
            refused=_rate(settings.rate_refused),
        )


def _rate(text: str) -> RateLimitItem | None:
    """A rate as it is written in a setting.

    >>> _rate("20/10 minutes").get_expiry()
    600
    >>> _rate("off") is None
    True
    """
    return None if text == NO_RATE else parse(text)
