"""Versions that wait: staged by a run for a person, or for a trial beside the champion first.

Every step is a line of the ledger. The answer to a staged decision has one key, whatever it says,
so the insertion of that line decides between two people, a person and the clock, and a person and a
newer version. A trial gives its answer by the same key: it approves, refuses, or stages the version
for a person, which is a staged decision with an answer of its own. An approval is followed by a
promotion under a key of its own; where a process died between the two, whoever settles next makes
the promotion.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from database.aliases import CHAMPION, AliasRepository
from database.decisions import lines
from database.decisions.lines import TrialFound
from database.driver.commands import Op
from database.promotions import PromotionRepository
from database.versions import ModelVersionRepository
from model.errors import Conflict
from model.promotion import APPROVE, REFUSE, DecisionStatus, Promotion
from model.run import Lease

NEWEST = 20
"""Staged decisions looked at: at most one waits, and each new one closes those before it."""

FOLLOWING = (lines.answer_id, lines.promotion_id, lines.lost_id)
"""Keys of the lines that may follow a staged decision."""

WAITING = (DecisionStatus.STAGED, DecisionStatus.SHADOW)
"""What waits: for a person, or for a trial beside the champion."""


def stage(promotion: Promotion, *, lease: Lease | None = None) -> Op[None]:
    """Records that a version waits; one that waited before is refused as expired.

    Args:
        promotion: the decision, status `staged`, or `shadow` where a trial comes first.
        lease: the lease the run holds, if it holds one.

    Raises:
        Conflict: the champion is not the one that the version was compared with.
        LeaseLost: another run took over; nothing was recorded.
        ValueError: the decision is another one.
    """
    if promotion.status not in WAITING:
        raise ValueError("only a staged decision waits, or one in shadow")
    yield from _check_champion(promotion)
    yield from PromotionRepository().add(promotion, lease=lease)
    for older in (yield from _unanswered()):
        if older.promotion_id != promotion.promotion_id:
            yield from _replaced(older, promotion.challenger, promotion.at)


def waiting(days: int, *, now: datetime) -> Op[Promotion | None]:
    """The staged decision that waits for a person; None where none does. Writes nothing.

    Args:
        days: how long a version may wait.
        now: aware UTC.

    Raises:
        RegistryError: a decision cannot be read.
    """
    newest = yield from pending()
    if newest is None or newest.status is not DecisionStatus.STAGED:
        return None
    return None if _over(newest, days, now) else newest


def pending() -> Op[Promotion | None]:
    """The newest decision that waits, for a person or for a trial; None where none does.

    Raises:
        RegistryError: a decision cannot be read.
    """
    return next(iter((yield from _unanswered())), None)


def settle(days: int, *, now: datetime) -> Op[Promotion | None]:
    """Refuses what waited too long or was replaced, and promotes what was approved and is not yet.

    Args:
        days: how long a version may wait.
        now: aware UTC.

    Returns:
        The decision that waits still, for a person or a trial; None where none does.

    Raises:
        RegistryError: a decision cannot be read.
    """
    found, followed = yield from _staged()
    for staged in found:
        answer = followed.get(lines.answer_id(staged))
        done = {lines.promotion_id(staged), lines.lost_id(staged)} & followed.keys()
        if answer is not None and answer.status is DecisionStatus.APPROVED and not done:
            with suppress(Conflict):  # The ledger says why.
                yield from _promote(staged, answer)
    open_ones = [staged for staged in found if lines.answer_id(staged) not in followed]
    for older in open_ones[1:]:
        yield from _replaced(older, open_ones[0].challenger, now)
    if not open_ones:
        return None
    newest = open_ones[0]
    told = (yield from _serves_already(newest)) or _over(newest, days, now)
    if told:
        yield from PromotionRepository().add(lines.expiry(newest, told, now))
    return None if told else newest


def approve(version: str, *, actor: str, reason: str, days: int, now: datetime) -> Op[Promotion]:
    """Lets a staged version serve, while the champion is the one it was compared with.

    Args:
        version: that waits.
        actor: who approves.
        reason: why.
        days: how long a version may wait.
        now: aware UTC.

    Returns:
        The promotion as it is in the ledger.

    Raises:
        NotFound: there is no such version.
        Conflict: it does not wait for a person, waited too long, or the champion is another one.
    """
    staged = yield from _of(version, days, now)
    if staged.status is DecisionStatus.SHADOW:
        raise Conflict(
            f"{version} is tried beside {staged.champion} first, and promoted or staged by what "
            f"comes of it (promotion.shadow, promotion.canary); to put it into service now: "
            f"POST /models/{version}/promote"
        )
    yield from _check_champion(staged)
    answer = lines.answer(staged, DecisionStatus.APPROVED, (actor, APPROVE, reason), now)
    yield from _give(answer)
    return (yield from _promote(staged, answer))


def refuse(version: str, *, actor: str, reason: str, days: int, now: datetime) -> Op[Promotion]:
    """Ends the wait of a staged version; the champion serves on.

    Args:
        version: that waits.
        actor: who refuses.
        reason: why.
        days: how long a version may wait.
        now: aware UTC.

    Returns:
        The refusal as it is in the ledger.

    Raises:
        NotFound: there is no such version.
        Conflict: it does not wait, or waited too long.
    """
    staged = yield from _of(version, days, now)
    answer = lines.answer(staged, DecisionStatus.REFUSED, (actor, REFUSE, reason), now)
    yield from _give(answer)
    return answer


def pass_trial(tried: Promotion, *, ask: bool, found: TrialFound, now: datetime) -> Op[Promotion]:
    """Lets a version that was tried serve, or wait for a person.

    Args:
        tried: the decision that waits for the trial.
        ask: whether a person has the last word.
        found: what the trial showed.
        now: aware UTC.

    Returns:
        The promotion, or the staged decision, as it is in the ledger.

    Raises:
        Conflict: somebody else has answered, or the champion is another one.
    """
    yield from _check_champion(tried)
    status = DecisionStatus.STAGED if ask else DecisionStatus.APPROVED
    answer = lines.of_trial(tried, status, found, now)
    yield from _give(answer)
    return answer if ask else (yield from _promote(tried, answer))


def fail_trial(tried: Promotion, *, found: TrialFound, now: datetime) -> Op[Promotion]:
    """Refuses a version because of what its trial showed; the champion serves on.

    Args:
        tried: the decision that waits for the trial.
        found: what the trial showed.
        now: aware UTC.

    Returns:
        The refusal as it is in the ledger.

    Raises:
        Conflict: somebody else has answered.
    """
    answer = lines.of_trial(tried, DecisionStatus.REFUSED, found, now)
    yield from _give(answer)
    return answer


def expires_at(staged: Promotion, days: int) -> datetime:
    """When a staged version that nobody answers is refused."""
    return staged.at + timedelta(days=days)


def _over(staged: Promotion, days: int, now: datetime) -> str:
    """Why it waits no longer; empty while it does, and of a trial, which has an end of its own."""
    if staged.status is DecisionStatus.SHADOW or now < expires_at(staged, days):
        return ""
    return f"nobody approved or refused it within {days} days (promotion.approval_days)"


def _serves_already(staged: Promotion) -> Op[str]:
    alias = yield from AliasRepository().find(CHAMPION)
    served = alias is not None and alias.version == staged.challenger
    return "it was put into service by hand" if served else ""


def _staged() -> Op[tuple[list[Promotion], Mapping[str, Promotion]]]:
    """The newest staged decisions, and the lines that followed them, by key."""
    found: list[Promotion] = []
    for status in WAITING:
        found += yield from PromotionRepository().with_status(status, NEWEST)
    found.sort(key=lambda promotion: promotion.at, reverse=True)
    keys = [key(staged) for staged in found for key in FOLLOWING]
    return found, (yield from PromotionRepository().get_many(keys))


def _unanswered() -> Op[list[Promotion]]:
    found, followed = yield from _staged()
    return [staged for staged in found if lines.answer_id(staged) not in followed]


def _of(version: str, days: int, now: datetime) -> Op[Promotion]:
    """The decision by which that version waits."""
    yield from ModelVersionRepository().get(version)
    staged = yield from settle(days, now=now)
    if staged is not None and staged.challenger == version:
        return staged
    about = yield from PromotionRepository().of_version(version)
    if not any(one.status in WAITING for one in about):
        raise Conflict(
            f"{version} was never staged, so there is nothing to answer; any registered version "
            f"can be put into service by hand: POST /models/{version}/promote"
        )
    last = next((one for one in about if one.status not in WAITING), about[0])
    raise Conflict(
        f"{version} does not wait any more: {last.status.value} by {last.actor} "
        f"({'; '.join(last.reasons)})"
    )


def _check_champion(staged: Promotion) -> Op[None]:
    alias = yield from AliasRepository().find(CHAMPION)
    serving = alias.version if alias else None
    if serving != staged.champion:
        raise Conflict(
            f"{staged.challenger} was compared with {staged.champion or 'nobody'}, and "
            f"{serving or 'nobody'} serves now; the next run compares anew"
        )


def _give(answer: Promotion) -> Op[None]:
    first = yield from PromotionRepository().add(answer)
    if not first:
        raise Conflict(f"{answer.challenger} was answered by somebody else in the meantime")


def _promote(staged: Promotion, answer: Promotion) -> Op[Promotion]:
    """The promotion that an approval is followed by; where it cannot be, a line that says why."""
    promotion = lines.promoted(staged, answer)
    while True:
        alias = yield from AliasRepository().find(CHAMPION)
        revision = alias.revision if alias else 0
        made = yield from PromotionRepository().find(promotion.promotion_id)
        if made is not None:
            return made  # It served, and may have been moved away from since.
        try:
            return (yield from PromotionRepository().promote(promotion, expected_revision=revision))
        except Conflict as error:
            if (yield from AliasRepository().find(CHAMPION)) != alias:
                continue  # Perhaps to this very version, by somebody who settled.
            yield from PromotionRepository().add(lines.lost(staged, promotion, str(error)))
            raise


def _replaced(staged: Promotion, newer: str, now: datetime) -> Op[None]:
    told = f"{newer} was staged in its place"
    yield from PromotionRepository().add(lines.expiry(staged, told, now))
