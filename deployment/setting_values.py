"""The kinds of values that settings take, each with the rule that a value has to follow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, SecretBytes, SecretStr

from api.limits.kinds import NO_RATE
from model.trust.keychain import keys_in

FILES_OFF, FILES_IN_REGISTRY = "off", "registry"

_HEADER = re.compile(r"[A-Za-z0-9-]+=[\x20-\x7e]+")
_RATE = re.compile(r"[1-9]\d{0,8} ?/ ?([1-9]\d{0,3} )?(second|minute|hour)s?")
_MLFLOW = re.compile(r"(https?://[^\s/]\S*|/\S+|)")


def parsed_headers(headers: SecretStr) -> Mapping[str, str]:
    """Headers by their names.

    >>> parsed_headers(SecretStr("Authorization=Basic a2V5=, x-scope=1"))
    {'Authorization': 'Basic a2V5=', 'x-scope': '1'}

    Raises:
        ValueError: a part has no name; it is not shown.
    """
    parts = [part.strip() for part in headers.get_secret_value().split(",") if part.strip()]
    for place, part in enumerate(parts, start=1):
        if not _HEADER.fullmatch(part):
            raise ValueError(f"header {place} is not NAME=VALUE; write commas between headers")
    return {name: value for name, _, value in (part.partition("=") for part in parts)}


def _rate(rate: str) -> str:
    if rate != NO_RATE and not _RATE.fullmatch(rate):
        raise ValueError(
            "is no rate; write a number of calls and a time, 1000/minute or 6000/10 minutes "
            "(second, minute, hour), or off"
        )
    return rate


def _whole_key(key: SecretBytes) -> SecretBytes:
    keys_in(key.get_secret_value())
    return key


def _headers(headers: SecretStr) -> SecretStr:
    parsed_headers(headers)
    return headers


def _addresses(notices: SecretStr) -> SecretStr:
    for place, address in enumerate(notices.get_secret_value().split(), start=1):
        if "://" not in address:
            raise ValueError(
                f"address {place} has no kind; write mailtos://..., jsons://..., or what else "
                "docs/notices.md names, with blanks between addresses"
            )
    return notices


def _tracking(mlflow: SecretStr) -> SecretStr:
    if not _MLFLOW.fullmatch(mlflow.get_secret_value()):
        raise ValueError(
            "is no tracking server or folder; write https://..., http://..., or the path of a "
            "folder that begins with / (docs/mlflow.md)"
        )
    return mlflow


def _place_of_files(files: SecretStr) -> SecretStr:
    said = files.get_secret_value()
    known = said in {"", FILES_OFF, FILES_IN_REGISTRY}
    if not known and not re.match(r"/|[a-z0-9+.-]+://", said):
        raise ValueError("must be registry, off, a URL (s3://bucket/files) or a path from /")
    return files


Port = Annotated[int, Field(ge=1, le=65535)]
WebAddress = Annotated[str, Field(pattern=r"^https?://\S+$")]
Rate = Annotated[str, AfterValidator(_rate)]
SigningKey = Annotated[SecretBytes, AfterValidator(_whole_key)]
Headers = Annotated[SecretStr, AfterValidator(_headers)]
NoticeAddresses = Annotated[SecretStr, AfterValidator(_addresses)]
TrackingPlace = Annotated[SecretStr, AfterValidator(_tracking)]
FilesPlace = Annotated[SecretStr, AfterValidator(_place_of_files)]
