"""The kinds of outcome a task may have, and what its YAML file may say of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

OutcomeKind = Literal["binary", "numeric"]
"""At risk or not, or a number."""


@dataclass(frozen=True, slots=True)
class OutcomeForm:
    """What a kind of outcome asks of a task.

    Attributes:
        two_valued: whether the outcome is 0 or 1, so that scores are risks and the cut-offs of
            statuses are learned; otherwise the task states them on the outcome's own scale.
        of_texts: why a column of texts cannot be the outcome; empty where it can.
        rules: how many of `below` and `at_least` are needed of a column of numbers.
        otherwise: what to say where there are more or fewer.
    """

    two_valued: bool
    of_texts: str
    rules: int
    otherwise: str

    def misfit(self, column: str, text: bool, rules: int) -> str:
        """Why a rule does not fit this kind of outcome; empty where it does."""
        if text:
            return self.of_texts and f"{column} is a text: {self.of_texts}"
        return "" if rules == self.rules else self.otherwise

    def allows(self, value: float) -> bool:
        """Whether the value can be an outcome."""
        return not self.two_valued or value in (0, 1)


FORMS: Mapping[OutcomeKind, OutcomeForm] = {
    "binary": OutcomeForm(
        two_valued=True,
        of_texts="",
        rules=1,
        otherwise="a binary outcome needs exactly one of `below` and `at_least`",
    ),
    "numeric": OutcomeForm(
        two_valued=False,
        of_texts="a numeric outcome needs a column of numbers",
        rules=0,
        otherwise="a numeric outcome takes neither `below` nor `at_least`",
    ),
}
