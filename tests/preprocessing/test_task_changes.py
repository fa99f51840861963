"""What a changed TaskSpec means for what was recorded: every key has its consequence."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from preprocessing.task.change_rules import Named, Rule, RulesOf
from preprocessing.task.changes import TASK, compare
from preprocessing.task.spec import TaskSpec, parse_task

BEFORE = r"""
name: school
title: A made-up school
id: {name: student, namespace: city}
unit:
  - {name: school, kind: category, categories: {north: [Norte], south: [Sul]}}
  - {name: class, kind: category}
period: {name: year}
periods: ^\d{4}$
features:
  - {name: reading, low: 0, high: 10}
  - {name: sums, low: 0, high: 10, integer: true}
  - {name: shift, kind: category, categories: {day: [Manhã], night: [Noite]}}
derived:
  - {name: gap, formula: reading - sums}
protected:
  - {name: gender, kind: category, categories: {girl: [F], boy: [M]}}
outcome:
  column: {name: absent, aliases: [Faltas], low: 0, high: 200}
  horizon: 1
  kind: numeric
status: {concern: high, alert: 20, critical: 40}
"""
TEXT_OUTCOME = (
    BEFORE.replace("kind: numeric", "positive: [out]")
    .replace(
        "{name: absent, aliases: [Faltas], low: 0, high: 200}",
        "{name: end, kind: category, categories: {out: [Saiu], in: [Ficou]}}",
    )
    .replace("status: {concern: high, alert: 20, critical: 40}\n", "")
)

FIRST_UNIT = "  - {name: school, kind: category, categories: {north: [Norte], south: [Sul]}}\n"
COMPARABLE = {
    "unit.school.categories.west: added": ("south: [Sul]", "south: [Sul], west: []"),
    "unit.school.categories.north": ("[Norte]", "[Norte, N]"),
    "unit.class: removed": ("  - {name: class, kind: category}\n", ""),
    "title": ("A made-up school", "Another title"),
    "id.aliases": ("name: student,", "name: student, aliases: [RA],"),
    "period": ("period: {name: year}\n", ""),
    "features.reading.high": ("{name: reading, low: 0, high: 10}", "{name: reading, low: 0}"),
    "features.sums.integer": (", integer: true", ""),
    "features.shift.categories.night": ("[Noite]", "[Noite, Noturno]"),
    "features.reading.monotone": ("reading, low: 0", "reading, monotone: -1, low: 0"),
    "features": ("  - {name: reading, low: 0, high: 10}\n", ""),
    "derived.gap.description": ("reading - sums", "reading - sums, description: Gap"),
    "protected.gender.categories": ("boy: [M]", "boy: [M], other: []"),
    "outcome.column.aliases": ("[Faltas]", "[Faltas, Ausências]"),
    "outcome.column.low": ("aliases: [Faltas], low: 0", "aliases: [Faltas]"),
    "status.alert": ("alert: 20", "alert: 25"),
    "schedule.retrain": ("name: school\n", "name: school\nschedule: {retrain: 0 9 * * tue}\n"),
    "promotion.min_labelled": ("name: school\n", "name: school\npromotion: {min_labelled: 9}\n"),
    "labels": ("name: school\n", "name: school\nlabels: after_horizon\n"),
    "notices.quiet": ("name: school\n", "name: school\nnotices: {quiet: '20:00-07:00'}\n"),
    "interventions": ("name: school\n", "name: school\ninterventions: [{name: tutoring}]\n"),
    "excluded": ("name: school\n", "name: school\nexcluded: {G2: too late}\n"),
}  # fmt: skip
NEW_CHAMPION = {
    "features.reading.low": ("reading, low: 0", "reading, low: 1"),
    "features.reading.integer": ("{name: reading,", "{name: reading, integer: true,"),
    "features.reading.reader": ("{name: reading,", "{name: reading, reader: phase,"),
    "features.shift.categories.evening": ("night: [Noite]", "night: [Noite], evening: []"),
    "features.shift.categories": ("day: [Manhã], night: [Noite]", "day: [Noite], night: [Manhã]"),
    "features.late: added": ("features:\n", "features:\n  - {name: late}\n"),
    "features.shift: removed": (
        "  - {name: shift, kind: category, categories: {day: [Manhã], night: [Noite]}}\n", "",
    ),
    "derived.gap.formula": ("reading - sums", "sums - reading"),
    "derived.sum: added": ("derived:\n", "derived:\n  - {name: sum, formula: reading + sums}\n"),
    "events": (
        "derived:\n", "events: {date: {name: day}, aggregates: [{name: absences}]}\nderived:\n",
    ),
    "longitudinal": ("derived:\n", "longitudinal: {features: [sums]}\nderived:\n"),
    "outcome.column.high": ("high: 200", "high: 150"),
    "status.concern": ("high, alert: 20, critical: 40", "low, alert: 40, critical: 20"),
}  # fmt: skip
REFUSED = {
    "id.unique_within": ("namespace: city", "namespace: city, unique_within: unit"),
    "unit: the first one: 'school' becomes 'class'": (FIRST_UNIT, ""),
    "unit.school.categories: 'norte'": ("[Norte], south: [Sul]", "[], south: [Norte]"),
    "unit.school.categories: {": (", categories: {north: [Norte], south: [Sul]}", ""),
    "name": ("name: school", "name: college"),
    "id.namespace": ("namespace: city", "namespace: state"),
    "number_rows": ("name: school\n", "name: school\nnumber_rows: true\n"),
    "periods": (r"^\d{4}$", r"^20\d{2}$"),
    "features.sums.kind": (
        "name: sums, low: 0, high: 10, integer: true}\n"
        "  - {name: shift, kind: category, categories: {day: [Manhã], night: [Noite]}}\n"
        "derived:\n  - {name: gap, formula: reading - sums}\n",
        "name: sums, kind: category}\n"
        "  - {name: shift, kind: category, categories: {day: [Manhã], night: [Noite]}}\n",
    ),
    "outcome.column.name": ("name: absent", "name: missed"),
    "outcome.column.reader": ("name: absent", "name: absent, reader: phase"),
    "outcome.horizon": ("horizon: 1", "horizon: 2"),
    "outcome.kind": (
        "kind: numeric\nstatus: {concern: high, alert: 20, critical: 40}", "at_least: 20",
    ),
}  # fmt: skip
REFUSED_TEXTS = {
    "outcome.positive": ("positive: [out]", "positive: [in]"),
    "outcome.negative": ("positive: [out]", "positive: [out]\n  negative: [in]"),
    "outcome.column.categories.away": ("in: [Ficou]", "in: [Ficou], away: []"),
    "outcome.column.categories": ("out: [Saiu], in: [Ficou]", "out: [Ficou], in: [Saiu]"),
}


def spec(text: str) -> TaskSpec:
    return parse_task(text, source="test")


def edited(text: str, edit: tuple[str, str]) -> TaskSpec:
    assert edit[0] in text
    added = spec(text.replace(*edit, 1))
    if edit[0].startswith("  - {name: reading"):  # Moved to the end of the list, not removed.
        added = added.model_copy(update={"reported": (*added.reported, spec(text).reported[0])})
    return added


@pytest.mark.parametrize("key", COMPARABLE)
def test_words_policies_and_wider_bounds_leave_everything_comparable(key: str) -> None:
    before = BEFORE
    if key == "features":
        before = BEFORE.replace("derived:\n  - {name: gap, formula: reading - sums}\n", "")

    found = compare(spec(before), edited(before, COMPARABLE[key]))

    assert (found.new_champion, found.refused) == ((), ())
    assert any(told.startswith(key) for told in found.comparable)


@pytest.mark.parametrize("key", NEW_CHAMPION)
def test_what_the_champion_did_not_learn_needs_a_new_one(key: str) -> None:
    found = compare(spec(BEFORE), edited(BEFORE, NEW_CHAMPION[key]))

    assert found.refused == ()
    assert any(told.startswith(key) for told in found.new_champion)


@pytest.mark.parametrize("key", [*REFUSED, *REFUSED_TEXTS])
def test_what_gives_recorded_rows_another_meaning_is_refused(key: str) -> None:
    before = BEFORE if key in REFUSED else TEXT_OUTCOME

    found = compare(spec(before), edited(before, (REFUSED | REFUSED_TEXTS)[key]))

    assert any(told.startswith(key) for told in found.refused)


def test_a_threshold_of_the_outcome_is_refused_with_both_figures() -> None:
    before = BEFORE.replace("kind: numeric\nstatus: {concern: high, alert: 20, critical: 40}",
                            "at_least: 20")  # fmt: skip

    found = compare(spec(before), edited(before, ("at_least: 20", "at_least: 30")))

    assert found.refused == ("outcome.at_least: 20.0 becomes 30.0",)


def test_a_first_namespace_is_taken_and_none_after_one_is_refused() -> None:
    named, unnamed = spec(BEFORE), edited(BEFORE, (", namespace: city", ""))

    assert compare(unnamed, named).comparable == ("id.namespace: not given becomes 'city'",)
    assert compare(named, unnamed).refused == ("id.namespace: 'city' becomes not given",)


def test_the_same_task_has_no_changes_however_its_file_is_written() -> None:
    assert compare(spec(BEFORE), spec(f"# a comment\n{BEFORE}")).told == ()


def test_every_key_of_a_task_has_a_consequence() -> None:
    lacking = list(unclassified("", TASK))

    assert lacking == [], f"declare in preprocessing/task/changes.py: {', '.join(lacking)}"


def test_a_key_without_a_consequence_would_be_named() -> None:
    rules = {key: rule for key, rule in TASK.rules.items() if key != "labels"}

    assert list(unclassified("", RulesOf(TASK.kind, rules))) == ["labels"]


def unclassified(where: str, part: RulesOf) -> Iterator[str]:
    """The keys of a part, and of the parts in it, that have no rule; and rules without a key."""
    for field in part.kind.model_fields.keys() ^ part.rules.keys():
        yield f"{where}{field}"
    for field, rule in part.rules.items():
        inner = _inner(rule)
        if inner is not None:
            yield from unclassified(f"{where}{field}.", inner)
            annotated = repr(part.kind.model_fields[field].annotation)
            assert re.search(rf"\b{inner.kind.__name__}\b", annotated), f"{where}{field}"


def _inner(rule: Rule) -> RulesOf | None:
    return rule if isinstance(rule, RulesOf) else rule.part if isinstance(rule, Named) else None
