"""From facts to a model card.

The sections follow Mitchell et al. (2019), Model Cards for Model Reporting.
"""

from __future__ import annotations

from training.card.data import features, leakage, origin, training_data
from training.card.decision import comparison
from training.card.document import Card
from training.card.facts import CardFacts
from training.card.fairness import fairness
from training.card.portuguese import summary
from training.card.purpose import intended_use, limits
from training.card.quality import operating_point, performance, value_statuses
from training.card.words import name


def build_card(facts: CardFacts) -> Card:
    """The card of a version: the same facts give the same card."""
    version = facts.version
    sections = [
        intended_use(facts), performance(facts),
        value_statuses(facts) if facts.numeric else operating_point(facts),
        fairness(facts), comparison(facts), limits(facts), training_data(facts), features(facts),
        leakage(facts), origin(facts),
    ]  # fmt: skip
    return Card(
        title=f"Model card of {version.version}: {facts.task.title}",
        lead=(
            f"A {name(version.family)} model, trained on {version.window.rows:,} records of "
            f"{', '.join(version.window.periods)}; registered {version.created_at:%Y-%m-%d}."
        ),
        sections=tuple(sections),
        summary_pt=summary(facts),
    )
