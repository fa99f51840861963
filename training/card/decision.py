"""A version against the champion, and what was decided about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model.promotion import DecisionStatus
from model.version import FEWEST_SHOWN
from training.card.document import Block, Section, Table, Text
from training.card.facts import CardFacts
from training.card.quality import TITLES
from training.card.words import figure, name, share


def comparison(facts: CardFacts) -> Section:
    """Against the champion, and what was decided."""
    evidence, decision = facts.evidence, facts.decision
    blocks: list[Block] = [Text(_decided(facts))]
    if evidence.get("gains"):
        champion = evidence["champion"]["version"]
        blocks.append(
            Table(
                f"On the same {evidence['rows']:,} records, none of which {champion} had learned "
                f"from; both flag {evidence['flagged']:,}",
                ("metric", champion, facts.version.version, "gain", "95% interval of the gain"),
                tuple(map(_gain, evidence["gains"])),
            )
        )
        blocks += _by_group(facts, champion)
    blocks.append(
        Table(
            "Conditions looked at",
            ("condition", "met", "what was found"),
            tuple((name(g.name), "yes" if g.passed else "no", g.reason) for g in decision.guards),
        )
    )
    return Section("Comparison and decision", tuple(blocks))


def _by_group(facts: CardFacts, champion: str) -> list[Block]:
    """Recall of both models by group, where each flags as many students."""
    rows = tuple(
        (
            f"{name(g['attribute'])}: {name(g['group'])}{' (small)' if g['small'] else ''}",
            share(g["champion"]),
            share(g["challenger"]),
        )
        for g in facts.evidence["groups"]
        if g["rows"] >= FEWEST_SHOWN
    )
    header = ("group", champion, facts.version.version)
    return [Table("Recall by group, with as many flagged", header, rows)] if rows else []


def _gain(gain: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        TITLES.get(gain["metric"], name(gain["metric"])),
        figure(gain["champion"]),
        figure(gain["challenger"]),
        f"{gain['gain']:+.3f}",
        f"{gain['low']:+.3f} to {gain['high']:+.3f}",
    )


def _decided(facts: CardFacts) -> str:
    version, champion = facts.version.version, facts.version.lineage.parent
    if facts.decision.status is DecisionStatus.PROMOTED:
        instead = f" in place of {champion}" if champion else " as the first champion"
        found = f"The run decided that {version} serves{instead}."
    else:
        stays = f"{champion} serves on" if champion else "nobody serves"
        found = f"The run refused {version}: {'; '.join(facts.decision.reasons)}. So {stays}."
    return f"{found} The ledger holds what was decided since, by people too."
