"""A question at a time, with a default: what only somebody of the school can know."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from model.errors import ConfigurationError
from preprocessing.proposing import words
from preprocessing.proposing.proposal import Choices, Proposal
from preprocessing.proposing.propose import SeenFiles, propose
from preprocessing.task.spec import TASK_NAME

Ask = Callable[[str, str], str]
"""A question and its default to the answer; an empty answer is the default."""
Take = Callable[[Choices, str], Choices]


def asked(seen: SeenFiles, choices: Choices, ask: Ask, say: Callable[[str], None]) -> Choices:
    """What somebody decides of the proposal; what was decided already is not asked again.

    Args:
        seen: what the files hold.
        choices: made by options of the command.
        ask: puts a question.
        say: tells what is wrong with an answer, before the same question is put again.
    """
    for of, question, default, take in _QUESTIONS:
        if of(choices) is not None:
            continue
        while True:
            proposal = propose(seen, choices)
            shown = default(proposal)
            answer = ask(question(proposal), shown)
            try:
                made = take(choices, answer) if answer and answer != shown else choices
                propose(seen, made)
            except (ConfigurationError, ValueError) as error:
                say(str(error))
                continue
            choices = made
            break
    return choices


def known_all_the_same(proposal: Proposal, choices: Choices, ask: Ask) -> Choices:
    """Asks of each leak whether it is known when predicting."""
    for leak in proposal.leaks():
        question = f"{leak.name} {leak.reason}. Is it known when predicting all the same?"
        if ask(question, "no").casefold() in words.YES:
            choices = replace(choices, known=(*choices.known, leak.name))
    return choices


def _outcome_question(proposal: Proposal) -> str:
    rivals = f" (or {', '.join(proposal.rivals)})" if proposal.rivals else ""
    return f"Which column is the outcome{rivals}?"


def _rule_question(proposal: Proposal) -> str:
    if proposal.rule.positive:
        known = proposal.outcome.keys.get("categories")
        names = ", ".join(known) if isinstance(known, dict) else ""
        return f"Whom to warn of, `is` and some of {names}?"
    return "Whom to warn of, as `below 10`, `at_least 1`, or `number` to predict the number?"


def _task_name(answer: str) -> str:
    if not re.fullmatch(TASK_NAME, answer):
        raise ConfigurationError(f"{answer!r}: expected {TASK_NAME}")
    return answer


def _whole(answer: str) -> int:
    if not answer.isdecimal():
        raise ConfigurationError(f"{answer!r}: write a whole number")
    return int(answer)


_QUESTIONS: tuple[
    tuple[Callable[[Choices], object], Callable[[Proposal], str], Callable[[Proposal], str], Take],
    ...,
] = (
    (
        lambda choices: choices.name,
        lambda _: f"What is the task called ({TASK_NAME})?",
        lambda proposal: proposal.name,
        lambda choices, answer: replace(choices, name=_task_name(answer)),
    ),
    (
        lambda choices: choices.outcome,
        _outcome_question,
        lambda proposal: proposal.outcome.name,
        lambda choices, answer: replace(choices, outcome=answer),
    ),
    (
        lambda choices: choices.at_risk,
        _rule_question,
        lambda proposal: str(proposal.rule),
        lambda choices, answer: replace(choices, at_risk=answer),
    ),
    (
        lambda choices: choices.id,
        lambda _: "Which column is the students' id?",
        lambda proposal: "none" if proposal.number_rows else proposal.id.name,
        lambda choices, answer: replace(choices, id=answer),
    ),
    (
        lambda choices: choices.horizon,
        lambda _: "How many periods after a record does its outcome come?",
        lambda proposal: str(proposal.horizon),
        lambda choices, answer: replace(choices, horizon=_whole(answer)),
    ),
)
