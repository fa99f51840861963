"""What the triggers are decided on, read from the registry: small reads and counts only."""

from __future__ import annotations

from database.aliases import CHAMPION, AliasRepository
from database.decisions.realised import RealisedGainRepository
from database.driver.commands import Op
from database.labels import LabelRepository
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from database.watch.alarms import AlarmRepository
from database.watch.statistics import PerformanceRepository
from model.decisions.realised import RealisedGain, is_kept, promising, told_came
from model.promotion import DecisionStatus, Promise
from model.run import Run
from model.watch.performance import Degradation
from retraining.worker.triggers import BROKEN_OFF, UNDER_WAY, Seen

NEWEST = 50

MOST_NEW = 5_000
"""New labels that are counted; more are told as so many."""


def may_promote() -> Op[list[Run]]:
    """The newest runs that may promote, newest first; a dry run has looked and settled nothing.

    Raises:
        RegistryError: a run cannot be read.
    """
    newest = yield from RunRepository().newest(NEWEST)
    return [run for run in newest if not run.options.get("dry_run")]


def gather_seen(key: bytes) -> Op[Seen]:
    """What the registry holds that may call for a run.

    Args:
        key: the installation's; the champion must be signed with it.

    Raises:
        BundleError: it is not.
        RegistryError: a document cannot be read.
    """
    champion = yield from AliasRepository().find(CHAMPION)
    runs = tuple((yield from may_promote()))
    if champion is None:
        return Seen(None, (), (), 0, 0, runs)
    version = yield from ModelVersionRepository().get(champion.version)
    version.verify(key)
    read_until = version.window.arrived_until
    ended = [run.requested_at for run in runs if run.status not in UNDER_WAY | BROKEN_OFF]
    since = max([read_until, *ended[:1]])
    arrivals = yield from LabelRepository().arrivals_after(read_until, MOST_NEW)
    return Seen(
        champion=champion.version,
        drifted=(yield from confirmed_drift(champion.version)),
        fallen_short=(yield from fallen_short(champion.version)),
        unlearned=len(arrivals),
        new_labels=sum(at > since for at in arrivals),
        runs=runs,
    )


def confirmed_drift(champion: str) -> Op[tuple[str, ...]]:
    """The features in which drift of the champion's records is confirmed: alarmed, known or not.

    Raises:
        RegistryError: the state cannot be read.
    """
    state = yield from AlarmRepository().current()
    if state is None or state.model_version != champion:
        return ()
    confirmed: tuple[str, ...] = state.confirmed
    return confirmed


def fallen_short(champion: str) -> Op[tuple[tuple[str, str], ...]]:
    """In English and Portuguese, each promise of the champion's that outcomes did not keep.

    What a promotion promised, and what the version's own figures did.

    Raises:
        RegistryError: a document cannot be read.
    """
    decisions = yield from PromotionRepository().of_version(champion)
    promoted = [one for one in decisions if one.status is DecisionStatus.PROMOTED]
    promised = promising(promoted)
    came = yield from RealisedGainRepository().get_many(promised)
    broken = tuple(
        _broken(promised[one], gain)
        for one, gain in came.items()
        if not is_kept(promised[one], gain)
    )
    measured = yield from PerformanceRepository().current()
    if measured is None or measured.model_version != champion:
        return broken
    return (*broken, *map(_fell, measured.degradations))


def _fell(found: Degradation) -> tuple[str, str]:
    """A figure that is worse than promised by more than chance, in English and Portuguese."""
    figures = f"{found.measured:.3f}", f"{found.promised:.3f}"
    measured, promised = (figure.replace(".", ",") for figure in figures)
    return (
        f"{found.metric} is {figures[0]} on {found.n} outcomes, {figures[1]} was promised",
        f"{found.metric} é {measured} em {found.n} resultados; o prometido era {promised}",
    )


def _broken(promise: Promise, came: RealisedGain) -> tuple[str, str]:
    """A promise that was not kept, in English and Portuguese."""
    unit = "% do erro médio a menos" if promise.metric == "mae" else "pontos de sensibilidade"
    promised, found = (f"{gain * 100:+.1f}".replace(".", ",") for gain in (promise.gain, came.gain))
    return told_came(promise, came), f"prometeu {promised} {unit}, veio {found} em {came.period}"
