"""Figures of groups, without those of a few and those from which they would follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from model.units.disclosure import showable, split

Figures = Mapping[str, Any]

OF_AT_RISK = ("positives", "recall", "new_recall")
OF_FLAGGED = ("precision", "flagged")
ENDS = ("", "_low", "_high")


def shown_groups(groups: Mapping[str, Figures]) -> dict[str, Figures]:
    """The groups of one attribute as a version keeps them; what is withheld is null.

    A group of fewer than ten records is only named. A recall is told where ten were at risk and ten
    were not, a precision likewise of those flagged.

    Args:
        groups: name to `rows` and figures, of `retraining.run.group_fairness`.
    """
    rows = {name: int(found["rows"]) for name, found in groups.items()}
    shown = showable({name: (n,) for name, n in rows.items()})
    withheld: dict[str, tuple[str, ...]] = dict.fromkeys(shown, ())
    if all("positives" in found for found in groups.values()):
        at_risk = {name: split(rows[name], int(one["positives"])) for name, one in groups.items()}
        flags = {
            name: split(rows[name], round((one.get("flagged") or 0.0) * rows[name]))
            for name, one in groups.items()
        }
        for base, figures in ((at_risk, OF_AT_RISK), (flags, OF_FLAGGED)):
            thin = shown - showable(base, shown)
            withheld = {n: (*w, *(figures if n in thin else ())) for n, w in withheld.items()}
    return {
        name: _without(found, withheld[name]) if name in shown else {"small": True, "rows": None}
        for name, found in groups.items()
    }


def shown_evidence(evidence: Figures) -> Figures:
    """A comparison's evidence without the groups whose recall would tell of a few."""
    if not evidence.get("groups"):
        return evidence
    by_attribute: dict[str, list[Figures]] = defaultdict(list)
    for one in evidence["groups"]:
        by_attribute[one["attribute"]].append(one)
    return {
        **evidence,
        "groups": [one for groups in by_attribute.values() for one in _judged(groups)],
    }


def _judged(groups: Sequence[Figures]) -> list[Figures]:
    bases = {one["group"]: split(int(one["rows"]), int(one["positives"])) for one in groups}
    shown = showable(bases)
    return [one for one in groups if one["group"] in shown]


def _without(found: Figures, names: Sequence[str]) -> Figures:
    gone = {f"{name}{end}" for name in names for end in ENDS}
    return {key: None if key in gone else value for key, value in found.items()}
