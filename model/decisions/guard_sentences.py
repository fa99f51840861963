"""How a guard's sentence is chosen and its figures are written, in English and in Portuguese."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any

Figure = float | str | None


class _English(Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        """As `format` writes it; a spec that ends in `p` writes a share in percentage points."""
        if value is None:
            return "-"
        if format_spec.endswith("p"):
            return f"{value * 100:{format_spec[:-1]}f}"
        return format(value, format_spec)


class _Portuguese(_English):
    def format_field(self, value: Any, format_spec: str) -> str:
        """The same with a decimal comma."""
        text = super().format_field(value, format_spec)
        return text if isinstance(value, str) else text.replace(".", ",").replace("%", " %")


ENGLISH, PORTUGUESE = _English(), _Portuguese()


def sentence(
    sentences: Mapping[str, str],
    language: Formatter,
    *,
    passed: bool,
    figures: Mapping[str, Figure],
    case: str = "",
) -> str:
    """The sentence of a case with its figures.

    Args:
        sentences: case to template. Without one for `case`, `unmeasured` is taken where there is no
            `value`, then `passed` or `failed`, then `either`.
        language: `ENGLISH` or `PORTUGUESE`.
        passed: whether the guard was met.
        figures: name to figure, `value` among them.
        case: what else the guard found.

    Raises:
        KeyError: there is no such sentence, or no figure that it names.

    >>> said = {"either": "recall gains {value:+.1p} points; {limit:.0%} is asked"}
    >>> figures = {"value": 0.0123, "limit": 0.95}
    >>> sentence(said, ENGLISH, passed=True, figures=figures)
    'recall gains +1.2 points; 95% is asked'
    >>> sentence(said, PORTUGUESE, passed=True, figures=figures)
    'recall gains +1,2 points; 95 % is asked'
    """
    unmeasured = "unmeasured" if figures.get("value") is None else ""
    kinds = (case, unmeasured, "passed" if passed else "failed", "either")
    key = next((kind for kind in kinds if kind in sentences), "either")
    return language.vformat(sentences[key], (), figures)
