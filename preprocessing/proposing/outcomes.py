"""Which column is the outcome, and which of its values are to be warned of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model.errors import ConfigurationError
from preprocessing.proposing import words
from preprocessing.proposing.columns import SourceColumn
from preprocessing.proposing.reading import SCALES, Reading, scale_of
from preprocessing.proposing.words import says, slug
from preprocessing.task.spelling import fold

MOST_KINDS = 12
"""Categories of a text that may be an outcome."""
NUMBERED = re.compile(r"\d+", re.ASCII)
Readings = Mapping[str, Reading]


@dataclass(frozen=True, slots=True)
class Rule:
    """Which outcomes are to be warned of.

    Attributes:
        below: a number below it.
        at_least: a number from it on.
        positive: canonical categories; with `negative`, others are not known yet.
        cutoffs: concern, alert and critical of an outcome that stays a number.
        doubts: what may be wrong.
    """

    below: float | None = None
    at_least: float | None = None
    positive: tuple[str, ...] = ()
    cutoffs: tuple[str, float, float] | None = None
    doubts: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.positive:
            return f"is {', '.join(self.positive)}"
        if self.cutoffs is not None:
            return "number"
        return f"below {self.below:g}" if self.below is not None else f"at_least {self.at_least:g}"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The outcome's column; `rivals` are those that might have been it."""

    column: SourceColumn
    rivals: tuple[SourceColumn, ...]
    doubts: tuple[str, ...]


def series_of(columns: Sequence[SourceColumn], readings: Readings) -> dict[str, list[str]]:
    """Numbered columns of one name, `G1`, `G2`, `G3`: the name of each to all of them in order."""
    stems: dict[str, list[tuple[int, str]]] = {}
    for column in columns:
        reading = readings.get(column.name)
        numbers = NUMBERED.findall(column.header)
        if reading is not None and reading.numeric and len(numbers) == 1:
            stem = NUMBERED.sub("#", fold(column.header))
            stems.setdefault(stem, []).append((int(numbers[0]), column.name))
    runs = ([name for _, name in sorted(run)] for run in stems.values() if len(run) > 1)
    return {name: run for run in runs for name in run}


def outcome_of(
    columns: Sequence[SourceColumn], readings: Readings, wanted: str | None = None
) -> Chosen | None:
    """The column that is most likely the outcome; None where none can be one.

    Args:
        columns: in the order of the files.
        readings: how those that can be read are read.
        wanted: the name of the column that somebody chose.
    """
    able = [c for c in columns if c.name in readings and _may_be(readings[c.name])]
    if wanted is not None:
        return Chosen(next(c for c in columns if c.name == wanted), (), ())
    if not able:
        return None
    series = series_of(columns, readings)
    scores = {c.name: _score(c, series) + (c is able[-1]) for c in able}
    best = max(able, key=lambda c: (scores[c.name], able.index(c)))
    rivals = tuple(c for c in able if c is not best and scores[c.name] >= max(2, scores[best.name]))
    if not rivals:
        rivals = tuple(c for c in able if c is not best and scores[c.name] >= 2)
    doubts = []
    if scores[best.name] < 2:
        doubts.append("no name says what is to be predicted; the last column was taken")
    elif rivals:
        doubts.append(f"it could also be {', '.join(c.name for c in rivals)}")
    return Chosen(best, rivals, tuple(doubts))


def _may_be(reading: Reading) -> bool:
    return reading.categories is None or len(reading.categories) <= MOST_KINDS


def _score(column: SourceColumn, series: Mapping[str, list[str]]) -> float:
    score = 5.0 * says(column.header, words.OUTCOME) + 1.0 * says(column.header, words.ENDING)
    if says(column.header, words.GRADE):
        score += 2.0
    run = series.get(column.name)
    return score + (3.0 if run and run[-1] == column.name else 0.0)


def rule_of(column: SourceColumn, reading: Reading, *, graded: bool) -> Rule:
    """Whom to warn of, by the outcome's name and values.

    Args:
        column: of the outcome.
        reading: of the same.
        graded: it is a mark, whatever its name says.
    """
    if reading.categories is not None:
        return _of_texts(column.header, reading.categories)
    values = reading.values
    if set(values) <= {0.0, 1.0}:
        good = says(column.header, words.GOOD)
        side = "0" if good else "1"
        doubt = f"{side} was taken for the students to warn of"
        return Rule(below=1.0, doubts=(doubt,)) if good else Rule(at_least=1.0, doubts=(doubt,))
    if says(column.header, words.LAG):
        return Rule(below=0.0, doubts=("a lag below 0 was taken for the students to warn of",))
    if says(column.header, words.COUNTED | words.BAD):
        high = _quantile(values, 0.8)
        return Rule(at_least=high, doubts=(f"{high:g} is the highest fifth, no rule of yours",))
    if graded and values[-1] <= SCALES[-1]:
        half = scale_of(values[-1]) / 2
        if 0.05 <= sum(value < half for value in values) / len(values) <= 0.6:
            return Rule(below=half, doubts=(f"{half:g} is half of the scale; write your mark",))
    low = _quantile(values, 0.25)
    low = low if low > values[0] else next(value for value in values if value > low)
    return Rule(below=low, doubts=(f"{low:g} is the lowest quarter; no rule of yours",))


def _of_texts(header: str, categories: Mapping[str, tuple[str, ...]]) -> Rule:
    known = list(categories)
    yes, no = (tuple(one for one in known if one in said) for said in (words.YES, words.NO))
    if yes and no and says(header, words.GOOD | words.BAD):
        return Rule(
            positive=no if says(header, words.GOOD) else yes,
            doubts=("by the name of the column",),
        )
    bad = [name for name in known if says(name.replace("_", " "), words.BAD)]
    if bad and len(bad) < len(known):
        return Rule(positive=tuple(bad), doubts=("by the words of the categories",))
    last = [known[-1]]  # The rarest: categories come by how common they are.
    return Rule(positive=tuple(last), doubts=("the rarest category was taken for whom to warn of",))


def stated_rule(text: str, reading: Reading) -> Rule:
    """A rule as people write it: `below 10`, `at_least 1`, `is dropout, failed`, `number`.

    Args:
        text: the rule.
        reading: of the outcome's column.

    Raises:
        ConfigurationError: it is none, or none for this column.
    """
    word, _, rest = text.strip().partition(" ")
    if reading.categories is not None:
        wanted = [slug(one) for one in rest.split(",")]
        unknown = [one for one in wanted if one not in reading.categories]
        if word != "is" or unknown or len(wanted) >= len(reading.categories):
            raise ConfigurationError(
                f"{text!r}: the outcome is a text; write `is` and some of "
                f"{', '.join(reading.categories)}"
            )
        return Rule(positive=tuple(wanted))
    if word == "number" and not rest:
        return numeric_rule(reading)
    try:
        number = float(rest.replace(",", "."))
    except ValueError:
        number = float("nan")
    if word not in ("below", "at_least") or number != number:
        raise ConfigurationError(f"{text!r}: write `below 10`, `at_least 1` or `number`")
    return Rule(below=number) if word == "below" else Rule(at_least=number)


def numeric_rule(reading: Reading) -> Rule:
    """An outcome that stays a number, of which low values are of concern."""
    alert, critical = (_quantile(reading.values, share) for share in (0.25, 0.1))
    doubt = "low was taken to be of concern; alert is the lowest quarter, critical the lowest tenth"
    return Rule(cutoffs=("low", alert, critical), doubts=(doubt,))


def at_risk(rule: Rule, reading: Reading) -> float | None:
    """The share of known outcomes that the rule warns of; None for a text or a number."""
    if rule.positive or rule.cutoffs is not None or not reading.values:
        return None
    if rule.below is not None:
        return sum(value < rule.below for value in reading.values) / len(reading.values)
    assert rule.at_least is not None
    return sum(value >= rule.at_least for value in reading.values) / len(reading.values)


def _quantile(values: Sequence[float], share: float) -> float:
    return values[min(int(share * len(values)), len(values) - 1)]
