"""The one figure "finds", with its meaning: pure."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.texts import Texts
from drift.performance.intervals import promised_figures
from model.figures import Share
from model.version import ModelVersion
from model.watch.performance import Measure, PerformanceRecord, RealisedFigures


@dataclass(frozen=True, slots=True)
class FoundOfAll:
    """Of those who end up at risk, the share that was flagged at the cut-off in service.

    Attributes:
        version: who serves.
        promised: measured when the version was made.
        came: on outcomes that arrived since, of records that it did not learn from; without a
            value before ten did.
        of: how many at risk `came` is taken of; None where that is not told.
    """

    version: str
    promised: Share
    came: Share
    of: int | None

    @property
    def shown(self) -> Share:
        """The one that is shown: what came, and before anything did, what was promised."""
        return self.came if self.came.value is not None else self.promised


def finds(
    version: ModelVersion, measured: PerformanceRecord | None, measure: Measure = Measure.RECALL
) -> FoundOfAll:
    """The figure of the version that serves.

    Args:
        version: who serves.
        measured: how the champion does; of another version it says nothing of this one.
        measure: the recall of all, or of the new cases.
    """
    ours = measured if measured and measured.model_version == version.version else None
    last = None if ours is None else ours.last
    return FoundOfAll(
        version=version.version,
        promised=promised_of(version, measure),
        came=Share() if last is None else last.share(measure),
        of=None if last is None else _of(last, measure),
    )


def promised_of(version: ModelVersion, measure: Measure) -> Share:
    """A version's own figure, as it was when it was made."""
    promised = promised_figures(version.metrics)
    return next((one.share for one in promised if one.metric is measure), Share())


def finds_line(found: FoundOfAll, key: str, texts: Texts) -> str:
    """The figure in a sentence, with where it comes from; that nothing is known, where it is not.

    Args:
        found: the figure.
        key: of the sentence: `manager.finds` or `manager.finds_new`.
        texts: the reader's language.
    """
    share = found.shown
    if share.value is None:
        return texts("manager.finds_unknown")
    came = found.came.value is not None
    where = texts("manager.came" if came else "manager.promised", of=found.of or "")
    return f"{texts(key, n=f'{share.value * 100:.0f}')} {where}{range_told(share, texts)}"


def range_told(share: Share, texts: Texts) -> str:
    """The interval of a share in words, empty where there is none."""
    if share.low is None or share.high is None:
        return ""
    low, high = (f"{end * 100:.0f}" for end in (share.low, share.high))
    return texts("manager.between", low=low, high=high)


def _of(last: RealisedFigures, measure: Measure) -> int | None:
    return last.new_positives if measure is Measure.NEW_RECALL else last.positives
