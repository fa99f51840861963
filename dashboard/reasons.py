"""Why a student's score is what it is, in words: what an indicator says beside the middle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dashboard.texts import Language, Texts
from model.prediction import Scale

SHOWN = 3


class Weight(StrEnum):
    """What a reason does to the concern about a student.

    `AGAINST_ITSELF`: it raises the concern although its number is a good one, or the other way
    round. A model may weigh so; nobody should read it as advice.
    """

    RAISES = "raises"
    LESSENS = "lessens"
    AGAINST_ITSELF = "against_itself"


@dataclass(frozen=True, slots=True)
class Indicator:
    """A feature, or a number derived from some, as people speak of it.

    Attributes:
        label: in the reader's language.
        about: what it says, in the reader's language.
        middle: of the students that the champion learned from; None is unknown.
        better: 1 where more is never of more concern, -1 where more is never of less; 0 either.
        formula: of a derived one.
    """

    name: str
    label: str
    about: str
    middle: float | str | None = None
    better: int = 0
    influenced: bool = False
    formula: str = ""


Indicators = Mapping[str, Indicator]


def indicators(schema: Mapping[str, Any], language: Language, scale: Scale) -> Indicators:
    """Every feature and derived number of the API's schema, by name.

    >>> given = {"features": [{"name": "ipv", "label": "Turning point", "middle": 7.1}]}
    >>> indicators(given, Language.EN, Scale.RISK)["ipv"].label
    'Turning point'
    """
    told = [*schema["features"], *schema.get("derived", ())]
    return {one["name"]: _indicator(one, language, scale) for one in told}


def _indicator(one: Mapping[str, Any], language: Language, scale: Scale) -> Indicator:
    return Indicator(
        name=one["name"],
        label=label_of(one, language),
        about=in_language(one, "description", language),
        middle=one.get("middle"),
        better=-int(one.get("monotone", 0) * scale.concern(1.0)),
        influenced=bool(one.get("influenced")),
        formula=str(one.get("formula", "")),
    )


def label_of(one: Mapping[str, Any], language: Language) -> str:
    """What people call a feature or a unit of the API's schema, as `Texts.column` does.

    >>> label_of({"name": "ida", "label": "Learning"}, Language.PT)
    'Learning'
    >>> label_of({"name": "fase_ideal"}, Language.EN)
    'fase ideal'
    """
    return in_language(one, "label", language) or plain_name(one["name"])


def in_language(one: Mapping[str, Any], key: str, language: Language) -> str:
    """What the schema says under that key in the language, else in the other one."""
    own, other = ("_pt", "") if language is Language.PT else ("", "_pt")
    return str(one.get(f"{key}{own}") or one.get(f"{key}{other}") or "")


def plain_name(canonical: str) -> str:
    """A canonical name where the task has no word for it."""
    return canonical.replace("_", " ")


def known(name: str, among: Indicators) -> Indicator:
    """The indicator of that name; one that no schema tells has its plain name."""
    return among.get(name) or Indicator(name, plain_name(name), "")


def in_words(value: Any, indicator: Indicator, texts: Texts, middle: Any = None) -> str:
    """What an indicator says of a student, and where the middle is.

    Args:
        value: of the student; None is none.
        indicator: which one.
        texts: the reader's language.
        middle: in place of the indicator's own.

    >>> from dashboard.texts import load_texts
    >>> point = Indicator("ipv", "Turning point", "", 7.1)
    >>> in_words(3.2, point, load_texts(Language.EN))
    "Turning point low: 3.2 (school's middle: 7.1)"
    """
    middle = indicator.middle if middle is None else middle
    said = {
        "label": indicator.label,
        "value": told(value, texts, indicator.name),
        "middle": told(middle, texts, indicator.name),
    }
    if value is None:
        return texts("reason.missing", label=indicator.label)
    if middle is None:
        return texts("reason.plain", label=indicator.label, value=said["value"])
    if isinstance(value, str):
        same = value == middle
        return texts("reason.as_most", **said) if same else texts("reason.category", **said)
    side = _side(value, middle)
    return texts("reason.low" if side < 0 else "reason.high" if side else "reason.same", **said)


def weight(reason: Mapping[str, Any], indicator: Indicator, scale: Scale) -> Weight:
    """What a reason does to the concern, and whether its number says the same.

    >>> good = {"feature": "ieg", "value": 9.0, "contribution": 0.4}
    >>> weight(good, Indicator("ieg", "", "", middle=8.0, better=1), Scale.RISK).value
    'against_itself'
    """
    raises = scale.concern(reason["contribution"]) > 0
    value = reason["value"]
    if indicator.better and isinstance(value, int | float) and indicator.middle is not None:
        good = _side(value, indicator.middle) * indicator.better
        if good > 0 if raises else good < 0:
            return Weight.AGAINST_ITSELF
    return Weight.RAISES if raises else Weight.LESSENS


def sorted_reasons(
    reasons: Sequence[Mapping[str, Any]],
    among: Indicators,
    scale: Scale,
    texts: Texts,
) -> dict[Weight, list[str]]:
    """Every reason in words by what it does, the strongest first.

    Args:
        reasons: as the API gives them, strongest first.
        among: the indicators.
        scale: of the scores.
        texts: the reader's language.
    """
    found: dict[Weight, list[str]] = {one: [] for one in Weight}
    for reason in reasons:
        if reason["contribution"]:
            indicator = known(reason["feature"], among)
            words = in_words(reason["value"], indicator, texts)
            found[weight(reason, indicator, scale)].append(words)
    return found


def main_reasons(
    reasons: Sequence[Mapping[str, Any]], among: Indicators, scale: Scale, texts: Texts
) -> str:
    """The three strongest reasons for concern, in a line; without any, those against it.

    >>> from dashboard.texts import load_texts
    >>> given = [
    ...     {"feature": "ieg", "value": 3.25, "contribution": 0.8},
    ...     {"feature": "ida", "value": 9.0, "contribution": -0.3},
    ... ]
    >>> names = {n: Indicator(n, n.upper(), "", 7.0) for n in ("ieg", "ida")}
    >>> main_reasons(given, names, Scale.RISK, load_texts(Language.EN))
    "IEG low: 3.2 (school's middle: 7)"
    """
    found = sorted_reasons(reasons, among, scale, texts)
    if found[Weight.RAISES]:
        return " · ".join(found[Weight.RAISES][:SHOWN])
    against = " · ".join(found[Weight.LESSENS][:SHOWN])
    return texts("reason.against", reasons=against) if against else ""


def glossary(among: Indicators, texts: Texts) -> list[str]:
    """What each indicator means, one line of Markdown each; a derived one with its formula."""
    return [_explained(one, texts) for one in among.values()]


def _explained(one: Indicator, texts: Texts) -> str:
    plain = plain_name(one.name)
    name = plain.upper()  # As schools write an abbreviation.
    label = name if one.label == plain else one.label
    called = f"**{label}**" + ("" if label.upper() == name else f" ({name})")
    line = f"- {called}: {one.about}"
    if not one.formula:
        return line
    worked_out = texts("reason.derived", formula=f"`{one.formula}`")
    return f"{line} {worked_out}"


def told(value: Any, texts: Texts, name: str = "") -> str:
    """A value as people write it, a category of the feature of that name as the school does.

    >>> told(3.25, Texts(Language.PT, {})), told(4.0, Texts(Language.EN, {}))
    ('3,2', '4')
    """
    if isinstance(value, int | float):
        rounded = _rounded(value)
        return texts.number(rounded, 0 if rounded.is_integer() else 1)
    if value is None:
        return ""
    return texts.or_name(f"category.{name}.{value}", str(value).replace("_", " "))


def _side(value: float, middle: Any) -> int:
    """Below the middle (-1), at it, or above, as the numbers are shown."""
    if not isinstance(middle, int | float):
        return 0
    left, right = _rounded(value), _rounded(middle)
    return (left > right) - (left < right)


def _rounded(value: float) -> float:
    return round(float(value), 1) + 0.0  # -0.0 becomes 0.0.
