"""The time zone of the machine, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from model.errors import ConfigurationError

LOCALTIME = Path("/etc/localtime")
FOLDER = "zoneinfo"


def installation_zone(env: Mapping[str, str], localtime: Path = LOCALTIME) -> tzinfo:
    """What `TZ` names, else where the system's own clock is; UTC where neither tells.

    Args:
        env: the process's environment.
        localtime: the system's link into the data base of zones.

    Raises:
        ConfigurationError: `TZ` names no zone.

    >>> installation_zone({"TZ": "America/Sao_Paulo"})
    zoneinfo.ZoneInfo(key='America/Sao_Paulo')
    >>> installation_zone({}, Path("/nowhere"))
    datetime.timezone.utc
    """
    wished = env.get("TZ", "").removeprefix(":")
    name = wished or localtime.resolve().as_posix().partition(f"/{FOLDER}/")[2]
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError) as error:
        if wished:
            raise ConfigurationError(
                f"TZ={wished!r}: no time zone; write America/Sao_Paulo, say"
            ) from error
        return UTC
