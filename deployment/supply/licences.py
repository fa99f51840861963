"""The licence of each library, as its own package tells it.

A package tells it as an SPDX expression (PEP 639), before that in a free field or by classifiers;
where all are silent, the text of its licence file is recognised by its title.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import Distribution, PackageMetadata, distributions
from pathlib import Path

from deployment.supply.locks import canonical
from model.errors import ConfigurationError

SPDX: Mapping[str, str] = {
    "mit license": "MIT",
    "the mit license": "MIT",
    "mit": "MIT",
    "mit-cmu": "MIT-CMU",
    "apache software license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache2.0": "Apache-2.0",
    "apache": "Apache-2.0",
    "bsd license": "BSD",
    "bsd": "BSD",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause",
    "bsd 2-clause": "BSD-2-Clause",
    "2-clause bsd": "BSD-2-Clause",
    "python software foundation license": "PSF-2.0",
    "psf": "PSF-2.0",
    "isc license (iscl)": "ISC",
    "isc license": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "mozilla public license 2.0": "MPL-2.0",
    "the unlicense (unlicense)": "Unlicense",
    "gpl-3": "GPL-3.0",
    "gnu general public license v3 (gplv3)": "GPL-3.0",
}
"""How packages call their licence, folded, to its SPDX name."""

VAGUE = frozenset({"BSD", "Dual License"})
"""Names of several licences; the text says which."""

COPYLEFT = re.compile(r"\b(A?GPL|LGPL|MPL|EPL|CDDL|EUPL)\b")
"""Licences that ask for more than to be named where the library is handed on."""

LONGEST = 60
"""Characters of a free field that is a name and not a text."""


def licences(names: Iterable[str], *, also: Sequence[Path] = ()) -> Mapping[str, str]:
    """Library to licence, of those that are installed.

    Args:
        names: canonical.
        also: folders of packages besides this environment's.

    Raises:
        ConfigurationError: an installed one does not tell its licence.
    """
    wanted = set(names)
    found: dict[str, str] = {}
    for one in (*distributions(), *distributions(path=[str(path) for path in also])):
        name = canonical(one.metadata["Name"])
        if name in wanted and name not in found:
            found[name] = licence_of(one)
    return found


def licence_of(one: Distribution) -> str:
    """The licence of an installed library.

    Raises:
        ConfigurationError: nothing tells it.
    """
    told = one.metadata
    if expression := _first(told, "License-Expression"):
        return expression
    free = _first(told, "License")
    classified = [
        line.rpartition("::")[2].strip()
        for line in told.get_all("Classifier") or ()
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    candidates = [free] if free and len(free) <= LONGEST and "\n" not in free else []
    names = [_spdx(name) for name in (*candidates, *classified)]
    exact = [name for name in names if name not in VAGUE]
    known = exact or [name for name in map(_titled, _files(one)) if name] or names
    if not known:
        raise ConfigurationError(f"{told['Name']}: tells no licence; look at its files")
    return known[0]


def _first(told: PackageMetadata, name: str) -> str:
    return next(iter(told.get_all(name) or ()), "").strip()


def _spdx(name: str) -> str:
    return SPDX.get(name.lower(), name)


def _files(one: Distribution) -> Iterable[str]:
    for path in one.files or ():
        if re.fullmatch(r"(LICEN[CS]E|COPYING)(\.\w+)?", path.name, re.IGNORECASE):
            yield path.read_text(encoding="utf-8")


def _titled(text: str) -> str:
    """The licence of a text, by what it begins with or asks.

    >>> _titled("MIT License  Copyright (c) somebody")
    'MIT'
    """
    start = " ".join(text[:3000].split())
    if "Redistribution and use in source and binary forms" in start:
        return "BSD-3-Clause" if "endorse or promote" in start else "BSD-2-Clause"
    titles = {"Apache License": "Apache-2.0", "MIT License": "MIT"}
    return next((name for title, name in titles.items() if title in start), "")
