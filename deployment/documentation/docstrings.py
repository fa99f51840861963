"""What the docstring of a class says of its attributes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping

_ATTRIBUTE = re.compile(r"(\w+): (.*)")


def attributes_of(kind: type) -> Mapping[str, str]:
    """Attribute to what `Attributes:` says of it, of the class and of what it derives from.

    >>> class Example:
    ...     '''One.
    ...
    ...     Attributes:
    ...         first: what it is,
    ...             at length.
    ...         second: and so on.
    ...     '''
    >>> attributes_of(Example)["first"]
    'what it is, at length.'
    """
    told: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        told |= _section(inspect.cleandoc(vars(one).get("__doc__") or ""))
    return told


def _section(text: str) -> dict[str, str]:
    _, _, rest = text.partition("\nAttributes:\n")
    told: dict[str, str] = {}
    name = ""
    for line in rest.splitlines():
        if line and not line.startswith("    "):
            break
        found = _ATTRIBUTE.fullmatch(line[4:])
        if found and not line.startswith("     "):
            name = found[1]
            told[name] = found[2]
        elif name and line.strip():
            told[name] += f" {line.strip()}"
    return told
