"""Spellings that mean the same."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """The text without case, accents and surplus blanks, to compare spellings by.

    >>> fold("  Ágata ") == fold("agata")
    True
    >>> fold("Instituição  de ensino")
    'instituicao de ensino'
    >>> fold("Nº Av")
    'no av'
    """
    if text.isascii():
        return " ".join(text.casefold().split())
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())
