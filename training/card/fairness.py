"""How a version treats protected groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model.version import FEWEST_SHOWN
from training.card import plots
from training.card.document import Block, Section, Table, Text
from training.card.facts import CardFacts
from training.card.words import between, figure, group_interval, name, share
from training.fairness import MIN_POSITIVES, MIN_ROWS


def fairness(facts: CardFacts) -> Section:
    """Recall, precision and share flagged by group at the operating threshold, and the gaps."""
    if not facts.version.fairness:
        return Section("Fairness", (Text("No protected group is known of the judged records."),))
    if facts.numeric:
        return _errors(facts)
    blocks: list[Block] = [
        Text(
            "At the operating threshold, on the records the version is judged on. Intervals are "
            f"95% Wilson intervals. A group with fewer than {MIN_POSITIVES} at risk is small: it "
            "is shown, and no gap is taken from it. Figures of a group with fewer than "
            f"{FEWEST_SHOWN} records are withheld."
        )
    ]
    for attribute, groups in facts.version.fairness.items():
        rows = tuple(_row(group, figures) for group, figures in groups.items())
        blocks.append(Table(_title(facts, attribute), HEADER, rows))
    drawn = plots.groups(facts)
    return Section("Fairness", tuple(blocks if drawn is None else [*blocks, drawn]))


HEADER = (
    "group", "records", "at risk", "recall", "95% interval", "precision", "95% interval",
    "flagged", "95% interval",
)  # fmt: skip


def _row(group: str, figures: Mapping[str, Any]) -> tuple[str, ...]:
    if figures["rows"] < FEWEST_SHOWN:
        return (f"{name(group)} (small)", f"fewer than {FEWEST_SHOWN}", *["withheld"] * 7)
    small = " (small)" if figures["small"] else ""
    return (
        f"{name(group)}{small}",
        f"{figures['rows']:,}",
        f"{figures['positives']:,}",
        *(
            told
            for key in ("recall", "precision", "flagged")
            for told in (share(figures[key]), between(group_interval(figures, key), as_share=True))
        ),
    )


def _title(facts: CardFacts, attribute: str) -> str:
    gap = facts.version.fairness_gaps.get(attribute)
    if gap is None:
        return f"{name(attribute)}: no two groups are large enough for a gap"
    limit = facts.task.promotion.max_subgroup_gap
    return (
        f"{name(attribute)}: recall differs by {gap * 100:.1f} points "
        f"({limit * 100:.0f} are tolerated)"
    )


def _errors(facts: CardFacts) -> Section:
    """Mean absolute error and bias by group, of a numeric outcome."""
    said = Text(
        "On the records the version is judged on, intervals of the mean at 95%. A positive bias "
        f"means that the group is overrated. A group with fewer than {MIN_ROWS} records is small; "
        f"figures of one with fewer than {FEWEST_SHOWN} are withheld."
    )
    tables = (
        Table(
            name(attribute),
            ("group", "records", "mean absolute error", "95% interval", "bias"),
            tuple(_error_row(group, figures) for group, figures in groups.items()),
        )
        for attribute, groups in facts.version.fairness.items()
    )
    return Section("Fairness", (said, *tables))


def _error_row(group: str, figures: Mapping[str, Any]) -> tuple[str, ...]:
    if figures["rows"] < FEWEST_SHOWN:
        return (f"{name(group)} (small)", f"fewer than {FEWEST_SHOWN}", *["withheld"] * 3)
    return (
        f"{name(group)}{' (small)' if figures['small'] else ''}",
        f"{figures['rows']:,}",
        figure(figures["mae"]),
        between(group_interval(figures, "mae")),
        f"{figures['bias']:+.3f}",
    )
