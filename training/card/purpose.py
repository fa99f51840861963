"""What a version is for, what it is not for, and what it cannot do."""

from __future__ import annotations

from training.card.document import Points, Section, Text
from training.card.facts import CardFacts
from training.card.words import name, share


def intended_use(facts: CardFacts) -> Section:
    """For whom and for what."""
    task = facts.task
    predicted = task.outcome.description or task.outcome.column.description or task.title
    return Section(
        "Intended use",
        (
            Text(f"{task.title}. {task.description}".strip()),
            Points(
                (
                    f"Predicts: {predicted} {_when(task.outcome.horizon)}",
                    "For: putting students in the order in which people should look at them, so "
                    "that help comes early. A person decides what to do.",
                    "Not for: deciding about a student without a person, marks, admission, "
                    "discipline or the withdrawal of help.",
                    "Not for: comparing teachers, classes or schools, or students of a school "
                    "system whose data the model was not trained on.",
                )
            ),
        ),
    )


def _when(horizon: int) -> str:
    if not horizon:
        return "Observed in the period of the features."
    return f"Observed {horizon} period{'s' if horizon > 1 else ''} after the features."


def limits(facts: CardFacts) -> Section:
    """What a reader must not conclude."""
    version = facts.version
    said = [
        f"Measured on {version.metrics_on}; another year or school may differ. Drift reports say "
        "when the data no longer look like those of the training.",
        "Contributions say what the score rests on, not what causes the outcome: changing a "
        "feature need not change what becomes of a student.",
        "Missing values are filled in with the training median or the most frequent category, "
        "categories never seen in training with the most frequent one; every answer names both.",
        "A record that gives less than "
        f"{version.thresholds.min_known_weight:.0%} of what the scores rest on has the status "
        "insufficient, whatever its score.",
    ]
    if not facts.numeric:
        said.append(_missed(facts))
    small = [
        f"{name(attribute)}: {name(group)}"
        for attribute, groups in version.fairness.items()
        for group, figures in groups.items()
        if figures["small"]
    ]
    if small:
        said.append(f"Too few students to judge these groups: {', '.join(small)}.")
    if version.family == "k_nearest_neighbours":
        said.append("The bundle holds its training records, encoded and without identifiers.")
    return Section("Limits", (Points(tuple(said)),))


def _missed(facts: CardFacts) -> str:
    metrics = facts.version.metrics
    if "recall" not in metrics:
        return "Nobody in the judged records was at risk: recall is unknown."
    missed = share(1 - metrics["recall"])
    wrong = share(1 - metrics["precision"]) if "precision" in metrics else "an unknown share"
    return (
        f"It misses {missed} of those who will be at risk, and {wrong} of those it flags will not "
        "be: not being flagged is no clean bill."
    )
