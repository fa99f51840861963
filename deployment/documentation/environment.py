"""The environment variables, from the settings that are read of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deployment.documentation.docstrings import attributes_of
from deployment.documentation.markdown import code, plain, table
from deployment.documentation.schemas import kind_of
from deployment.settings import HOST_KEYS, KEYS, SECRETS, Settings

READ_BY = {
    "DATA": ("make run", "a folder of school files for an empty registry; else made-up ones"),
    "PERIOD": ("make run", "the period of those files, where neither name nor column tells it"),
    "TZ": ("the dashboard", "the time zone of this machine, where no task names one"),
}  # fmt: skip
"""What is read from the environment and is no setting: by whom, and what it is."""

HEAD = """\
# Environment variables

Made from `deployment/settings.py`. They are read from the environment, or from a `.env` file in the
folder that Farol is started from; the environment wins, and an empty value counts as unset. A wrong
value stops the start with its name. In context: [Running Farol](../operations.md#settings).

{settings}
## Read by one command

{others}"""


def environment_page() -> str:
    """A row for every variable."""
    return HEAD.format(
        settings=table(("variable", "type", "default", "meaning"), _rows()),
        others=table(
            ("variable", "read by", "meaning"),
            ((code(name), by, plain(is_for)) for name, (by, is_for) in READ_BY.items()),
        ),
    )


def _rows() -> Iterator[tuple[str, ...]]:
    told = attributes_of(Settings)
    schema = Settings.model_json_schema()
    defined, of_field = schema.get("$defs", {}), schema["properties"]
    for field, variable in KEYS.items():
        kind = kind_of(_inlined(of_field[field], defined))
        yield (code(variable), kind, _default(field), plain(told.get(field, "")))


def _inlined(part: Any, defined: Mapping[str, Any]) -> Any:
    """A schema with what it refers to in its place; the page has no section for that."""
    if isinstance(part, list):
        return [_inlined(one, defined) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return defined[part["$ref"].rpartition("/")[2]]
    return {key: _inlined(value, defined) for key, value in part.items()}


def _default(field: str) -> str:
    if field in HOST_KEYS:
        return "made once, kept in `FAROL_HOME`; secret"
    value = Settings.model_fields[field].default
    shown = ",".join(value) if isinstance(value, tuple) else value
    secret = KEYS[field] in SECRETS
    if value is None or secret or shown == "":
        return "unset; secret" if secret else "unset"
    return code(shown)
