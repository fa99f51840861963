"""How the people of a school are told what the watch finds."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from preprocessing.task.columns import Spec

HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


class NoticePolicy(Spec):
    """Language and hours of notices (`retraining.notices`); where they go is a secret setting.

    Attributes:
        language: None: Portuguese where the task has a Portuguese title, else English.
        quiet: hours in which only what is critical is sent, `20:00-07:00` say, by the clock of
            `zone`; None for never.
        zone: the school's time zone, by its name in the IANA data base.
    """

    language: Literal["pt", "en"] | None = None
    quiet: str | None = None
    zone: Annotated[str, Field(min_length=1)] = "UTC"

    @field_validator("quiet")
    @classmethod
    def _quiet_are_hours(cls, quiet: str | None) -> str | None:
        if quiet is not None:
            found = HOURS.fullmatch(quiet)
            if found is None or found.group(1, 2) == found.group(3, 4):
                raise ValueError(f"{quiet!r} is no span of hours; write it as '20:00-07:00'")
        return quiet

    @field_validator("zone")
    @classmethod
    def _zone_is_known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{zone!r} is no time zone; write America/Sao_Paulo, say") from error
        return zone

    def local(self, moment: datetime) -> datetime:
        """A moment by the school's clock."""
        return moment.astimezone(ZoneInfo(self.zone))

    def quiet_until(self, now: datetime) -> datetime | None:
        """When the quiet hours of that moment end; None outside of them.

        >>> from datetime import UTC
        >>> policy = NoticePolicy(quiet="20:00-07:00", zone="America/Sao_Paulo")
        >>> late, noon = (datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (23, 15))
        >>> str(policy.quiet_until(late)), policy.quiet_until(noon)
        ('2026-03-03 07:00:00-03:00', None)
        """
        if self.quiet is None:
            return None
        begin, end = (time.fromisoformat(part) for part in self.quiet.split("-"))
        here = self.local(now)
        clock = here.time()
        before, after = clock < end, clock >= begin
        inside = before and after if begin < end else before or after
        if not inside:
            return None
        ends = datetime.combine(here.date(), end, here.tzinfo)
        return ends if before else ends + timedelta(days=1)
