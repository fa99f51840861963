"""The guard on protected groups: a gap that is wide, no chance, and wider than the champion's."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from scipy.stats import norm, studentized_range

from model.decisions.guard_sentences import Figure
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.evidence import BinaryEvidence, GroupRecall
from retraining.promotion.guards import examples
from retraining.promotion.guards.rule import AFTER, BINARY, Found, GuardRule

LEVEL = 0.05
"""How often equal groups may look unequal by chance, over all pairs of all attributes together."""


@dataclass(frozen=True, slots=True)
class _Gap:
    """Two groups of one attribute.

    Attributes:
        size: how much more of the first group's is caught.
        now: the champion's largest gap in this attribute.
        limit: what the policy tolerates, or the champion's gap where that is wider.
        chance: how often so large a gap would come up among equal groups, anywhere.
        wider: whether it is wider than the champion's between the same two beyond chance.
    """

    attribute: str
    size: float
    now: float
    limit: float
    chance: float
    wider: bool

    @property
    def objects(self) -> bool:
        return self.size > self.limit and self.chance < LEVEL and self.wider


def subgroup_gap(evidence: BinaryEvidence, policy: PromotionPolicy) -> Found:
    """Whether the challenger misses one group much more than another, and more than now.

    A gap objects if it is measured wider than tolerated, is no chance over all pairs of groups, and
    is wider than the champion's beyond chance.
    """
    gaps = list(_gaps(evidence, policy.max_subgroup_gap))
    if not gaps:
        return Found(True)
    worst = max(gaps, key=lambda g: (g.objects, g.size - g.limit, g.attribute))
    figures: dict[str, Figure] = {
        "attribute": worst.attribute,
        "now": worst.now,
        "chance": worst.chance,
    }
    return Found(not worst.objects, worst.size, worst.limit, figures, _case(worst, policy))


def _case(gap: _Gap, policy: PromotionPolicy) -> str:
    if gap.size > gap.limit and not gap.objects:
        return "chance" if gap.chance >= LEVEL else "no_wider"
    return "" if gap.limit == policy.max_subgroup_gap else "champion"


def _gaps(evidence: BinaryEvidence, tolerated: float) -> Iterator[_Gap]:
    compared = {name: groups for name, groups in _judged(evidence).items() if len(groups) > 1}
    for attribute, groups in compared.items():
        now = _range([g.champion for g in groups if g.champion is not None])
        for pair in combinations(groups, 2):
            more, less = sorted(pair, key=lambda g: g.challenger or 0.0, reverse=True)
            size = (more.challenger or 0.0) - (less.challenger or 0.0)
            yield _Gap(
                attribute=attribute,
                size=size,
                now=now,
                limit=max(tolerated, now),
                chance=min(1.0, len(compared) * chance_of_gap(groups, more, less)),
                wider=_wider(more, less, len(list(combinations(groups, 2)))),
            )


def _judged(evidence: BinaryEvidence) -> Mapping[str, list[GroupRecall]]:
    judged: dict[str, list[GroupRecall]] = {}
    for group in evidence.groups:
        if not group.small and group.challenger is not None:
            judged.setdefault(group.attribute, []).append(group)
    return judged


def _range(recalls: Sequence[float]) -> float:
    return max(recalls) - min(recalls) if recalls else 0.0


def chance_of_gap(groups: Sequence[GroupRecall], more: GroupRecall, less: GroupRecall) -> float:
    """How often the widest gap between groups of equal recall is as large as this one.

    Source: Tukey (1953) and Kramer (1956), the studentized range over all pairs, which holds for
    groups of unequal size (Hayter 1984); of shares, by their pooled variance and with Yates's
    correction for continuity.

    Args:
        groups: of one attribute, at least two.
        more: the group with the larger recall.
        less: the other one.
    """
    sizes = [_size(group) for group in groups]
    caught = sum((g.challenger or 0.0) * n for g, n in zip(groups, sizes, strict=True))
    share = caught / sum(sizes)
    inverse = 1 / _size(more) + 1 / _size(less)
    error = math.sqrt(share * (1 - share) * inverse)
    gap = (more.challenger or 0.0) - (less.challenger or 0.0) - inverse / 2
    if gap <= 0 or not error:
        return 1.0
    return float(studentized_range.sf(math.sqrt(2) * gap / error, len(groups), math.inf))


def _size(group: GroupRecall) -> float:
    return float(group.positives) if group.independent is None else group.independent


def _wider(more: GroupRecall, less: GroupRecall, pairs: int) -> bool:
    """Whether a gap grew beyond chance, over so many pairs (Bonferroni).

    Paired: both models are read on the same students of both groups.
    """
    if more.champion is None or less.champion is None:
        return True
    moved = ((more.challenger or 0.0) - more.champion) - ((less.challenger or 0.0) - less.champion)
    asked = float(norm.isf(LEVEL / pairs))
    return moved > asked * math.hypot(more.moved_error, less.moved_error)


MAX_SUBGROUP_GAP = GuardRule[BinaryEvidence](
    name="max_subgroup_gap",
    kinds=BINARY,
    stages=AFTER,
    keys=("max_subgroup_gap",),
    asks="recall between groups with 30 at risk or more differs by at most this; a gap objects "
    "only if it is no chance (5 % over all pairs) and wider than the champion's beyond chance",
    look=subgroup_gap,
    english={
        "champion": "recall differs by {value:.1p} points between groups of {attribute}; "
        "the champion's differs by {limit:.1p} points",
        "chance": "recall differs by {value:.1p} points between groups of {attribute}, more than "
        "the {limit:.1p} points tolerated, but that is not proven: among equal groups so large a "
        "gap comes up in {chance:.0%}",
        "no_wider": "recall differs by {value:.1p} points between groups of {attribute}, more than "
        "the {limit:.1p} points tolerated, but it is not proven that the champion's gap of "
        "{now:.1p} points is narrower",
        "either": "recall differs by {value:.1p} points between groups of {attribute}; "
        "{limit:.1p} points is tolerated",
        "unmeasured": "no two groups are large enough to compare",
    },
    portuguese={
        "name": "diferença entre grupos",
        "passed": "o que encontra difere {value:.1p} pontos entre grupos; toleram-se {limit:.1p}",
        "chance": "o que encontra difere {value:.1p} pontos entre grupos, mais que os {limit:.1p} "
        "tolerados, mas isso não está provado: pode ser acaso",
        "no_wider": "o que encontra difere {value:.1p} pontos entre grupos, mais que os "
        "{limit:.1p} tolerados, mas não está provado que a diferença do modelo em serviço seja "
        "menor",
        "failed": "o que encontra difere {value:.1p} pontos entre grupos, "
        "mais que os {limit:.1p} tolerados",
        "unmeasured": "não há dois grupos grandes o bastante para comparar",
    },
    example=examples.with_groups("gender", girl=0.6, boy=0.9),
)
