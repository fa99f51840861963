"""What a drift report names in words: values that came or went, and where something is missing."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.texts import Texts
from model.watch.changes import NamedChanges, ValueShare

MOST_NAMED = 10


def named_sentences(named: NamedChanges, texts: Texts) -> list[str]:
    """One sentence per change, in the reader's language."""
    lines = []
    if named.at_risk is not None:
        then, now = texts.share(named.at_risk.then), texts.share(named.at_risk.now)
        lines.append(texts("named.at_risk", now=now, then=then))
    for one in named.values:
        feature = texts.column(one.feature)
        for key, values in (("named.new", one.new), ("named.vanished", one.vanished)):
            if values:
                lines.append(texts(key, feature=feature, values=_shown(one.feature, values, texts)))
    for alike in named.missing_together:
        lines.append(
            texts(
                "named.missing",
                features=", ".join(texts.column(one.feature) for one in alike),
                by=texts.column(alike[0].by),
                values=", ".join(
                    texts.category(alike[0].by, one) for one in alike[0].values[:MOST_NAMED]
                ),
                share=texts.share(min(one.share for one in alike)),
            )
        )
    return lines


def _shown(feature: str, values: Sequence[ValueShare], texts: Texts) -> str:
    shown = [
        f"{texts.category(feature, one.value)} ({texts.share(one.share)})"
        for one in values[:MOST_NAMED]
    ]
    more = len(values) - MOST_NAMED
    return ", ".join(shown) + (f" +{more}" if more > 0 else "")
