"""What the page about data asks of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.api_client import FarolApi
from dashboard.texts import Language

Answer = Mapping[str, Any]

READING_SECONDS = 330.0
"""A file may wait for the one before it, and takes as long as the API lets it."""

CSV = "text/csv"
ANY = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class WishedOutcomes:
    """Whose outcome is looked for; empty is any."""

    period: str = ""
    unit: str = ""
    search: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """As the API takes them."""
        named = {"period": self.period, "unit": self.unit, "search": self.search}
        return {name: value for name, value in named.items() if value}


def missing(api: FarolApi, wished: WishedOutcomes, limit: int) -> Answer:
    """The first students whose outcome is not known."""
    asked = {**wished.parameters, "format": "json", "limit": limit}
    return api.get("/outcomes/missing", asked)


def missing_file(api: FarolApi, wished: WishedOutcomes, language: Language) -> bytes:
    """All of them, as a CSV to fill in."""
    asked = {**wished.parameters, "lang": language.value}
    return api.download("/outcomes/missing", asked)


def report(api: FarolApi, labels: Sequence[Answer]) -> Answer:
    """Reports outcomes."""
    return api.post("/labels", json=list(labels))


def report_file(api: FarolApi, content: bytes) -> Answer:
    """Reports the outcomes of a CSV that was filled in."""
    return api.post("/labels", content=content, kind=CSV, seconds=READING_SECONDS)


def read_school_file(
    api: FarolApi, content: bytes, *, name: str, period: str, keep: bool
) -> Answer:
    """What would be read of a school file, or what became of it.

    Args:
        api: where it is sent.
        content: of the file.
        name: what it is called.
        period: where the file does not say; empty where it does.
        keep: put it into the registry.
    """
    asked = {"name": name, **({"period": period} if period else {})}
    path = "/files" if keep else "/files/preview"
    return api.post(path, content=content, kind=ANY, params=asked, seconds=READING_SECONDS)


def batches(api: FarolApi) -> Answer:
    """The files that were read, newest first."""
    return api.get("/batches", {})


def rejects(api: FarolApi, batch_id: str) -> Answer:
    """The rows of one that could not be used."""
    return api.get(f"/batches/{batch_id}/rejects", {})


def rejects_file(api: FarolApi, batch_id: str, language: Language) -> bytes:
    """The same as a CSV."""
    return api.download(f"/batches/{batch_id}/rejects", {"format": "csv", "lang": language.value})


def prediction_log(
    api: FarolApi, *, since: str, period: str, form: str, language: Language
) -> bytes:
    """What was served, as a file.

    Args:
        api: where it is asked for.
        since: ISO 8601; nothing served before.
        period: only this one; empty is all.
        form: `csv` or `ndjson`.
        language: whose spreadsheet opens it.
    """
    asked = {"since": since, "format": form, "lang": language.value}
    return api.download("/predictions/log", {**asked, **({"period": period} if period else {})})
