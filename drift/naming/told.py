"""What a report names, in sentences for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from model.watch.changes import NamedChanges, ValueShare

MOST_NAMED = 10


def named_lines(named: NamedChanges) -> Iterator[str]:
    """Who is at risk now, values that came or went, and where something is missing.

    >>> from model.watch.changes import AtRiskNow, ChangedValues, MissingWhere
    >>> new = ChangedValues("fase", (ValueShare("8", 0.062),), ())
    >>> where = MissingWhere("ipp", "fase", ("8",), 0.83)
    >>> for line in named_lines(NamedChanges((new,), (where,), AtRiskNow(0.699, 0.544))):
    ...     print(line)
    At risk now already: 54.4%, was 69.9%
    fase: new 8 (6.2%)
    missing where fase is 8: ipp (83% of those without it or more)
    """
    if named.at_risk is not None:
        yield f"At risk now already: {named.at_risk.now:.1%}, was {named.at_risk.then:.1%}"
    for one in named.values:
        both = (("new", one.new), ("no longer there", one.vanished))
        yield f"{one.feature}: " + "; ".join(f"{how} {_shown(v)}" for how, v in both if v)
    for alike in named.missing_together:
        missing, least = ", ".join(one.feature for one in alike), min(one.share for one in alike)
        yield (
            f"missing where {alike[0].by} is {_some(alike[0].values)}: {missing} "
            f"({least:.0%} of those without it or more)"
        )


def _shown(values: Sequence[ValueShare]) -> str:
    return _some([f"{one.value} ({one.share:.1%})" for one in values])


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
