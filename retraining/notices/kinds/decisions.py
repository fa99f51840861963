"""Notices of who serves: promotions, rollbacks, what waits for a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from model.promotion import APPROVE, RECALIBRATION, DecisionStatus, Promotion
from model.watch.notice import Severity
from retraining.notices.kinds.examples import BEFORE, PROMISE, PROMOTED, QUIET
from retraining.notices.rule import Fact, Figure, NoticeRule
from retraining.notices.scene import Scene, Waiting

ROLLBACK_ACTION = "rollback"
"""The action of a decision to go back to the version before (`api.manual_moves`)."""


def promotions(scene: Scene) -> Iterator[Fact]:
    """Versions that were put into service, but for rollbacks."""
    for one in scene.promotions:
        if one.status is DecisionStatus.PROMOTED and one.action != ROLLBACK_ACTION:
            yield _moved(one, _case(one))


def rollbacks(scene: Scene) -> Iterator[Fact]:
    """Versions that were put into service again."""
    for one in scene.promotions:
        if one.status is DecisionStatus.PROMOTED and one.action == ROLLBACK_ACTION:
            yield _moved(one, "told")


def waiting(scene: Scene) -> Iterator[Fact]:
    """The version that waits for a person."""
    if scene.waiting is not None:
        staged = scene.waiting.staged
        figures: dict[str, Figure] = {
            "version": staged.challenger,
            "former": staged.champion or "",
            "until": {
                "pt": f"{scene.waiting.until:%d/%m/%Y}",
                "en": f"{scene.waiting.until:%d %B %Y}",
            },
        }
        case = "told" if staged.champion else "first"
        yield Fact(staged.promotion_id, staged.at, figures, case)


def _moved(one: Promotion, case: str) -> Fact:
    figures: dict[str, float | str] = {"version": one.challenger, "former": one.champion or ""}
    if one.promise is not None:
        figures |= {"gain": one.promise.gain, "low": one.promise.low, "high": one.promise.high}
    return Fact(one.promotion_id, one.at, figures, case)


def _case(one: Promotion) -> str:
    if one.action == APPROVE:
        return "approved"
    if one.action == RECALIBRATION:
        return "recalibrated"
    if one.by_hand:
        return "by_hand"
    if one.champion is None:
        return "provisional" if one.provisional else "first"
    if one.promise is None or one.promise.gain <= 0:
        return "replaced"
    return "promised_error" if one.promise.metric == "mae" else "promised"


_FIRST = replace(PROMOTED, champion=None, promise=None)

PROMOTION = NoticeRule(
    name="promotion",
    severity=Severity.INFO,
    about="another version serves: promoted by a run, approved, or chosen by hand",
    find=promotions,
    title={"pt": "Outro modelo em serviço", "en": "Another model serves"},
    sentences={
        "first": {
            "pt": "{version} é o primeiro modelo em serviço nesta tarefa.",
            "en": "{version} is the first model that serves in this task.",
        },
        "provisional": {
            "pt": "{version} é o primeiro modelo em serviço, por enquanto: não cumpre tudo o que "
            "se pede de um primeiro modelo, e o próximo que cumprir toma o lugar dele.",
            "en": "{version} is the first model that serves, for the time being: it does not meet "
            "all that is asked of a first model, and the next one that does takes its place.",
        },
        "promised": {
            "pt": "{version} tomou o lugar de {former}. Promete encontrar {gain:.1p} a mais de "
            "cada 100 alunos que ficarão em risco (entre {low:+.1p} e {high:+.1p}), com o mesmo "
            "número de alunos apontados. Quando os resultados chegarem, avisaremos se cumpriu.",
            "en": "{version} has taken the place of {former}. It promises to find {gain:.1p} more "
            "of every 100 students who will be at risk (between {low:+.1p} and {high:+.1p}), with "
            "as many students flagged. When the outcomes come, we will tell whether it did.",
        },
        "promised_error": {
            "pt": "{version} tomou o lugar de {former}. Promete um erro médio {gain:.1%} menor "
            "(entre {low:+.1%} e {high:+.1%}). Quando os resultados chegarem, avisaremos se "
            "cumpriu.",
            "en": "{version} has taken the place of {former}. It promises a mean error {gain:.1%} "
            "smaller (between {low:+.1%} and {high:+.1%}). When the outcomes come, we will tell "
            "whether it was.",
        },
        "replaced": {
            "pt": "{version} tomou o lugar de {former}.",
            "en": "{version} has taken the place of {former}.",
        },
        "recalibrated": {
            "pt": "{version} é {former} com as probabilidades acertadas pelos resultados mais "
            "novos.",
            "en": "{version} is {former} with its probabilities set right by the newest outcomes.",
        },
        "approved": {
            "pt": "{version}, que esperava aprovação, foi aprovado e está em serviço.",
            "en": "{version}, which waited for approval, was approved and serves.",
        },
        "by_hand": {
            "pt": "{version} está em serviço por decisão de uma pessoa.",
            "en": "{version} serves by a person's decision.",
        },
    },
    examples={
        "first": replace(QUIET, promotions=(_FIRST,)),
        "provisional": replace(QUIET, promotions=(replace(_FIRST, provisional=True),)),
        "promised": replace(QUIET, promotions=(PROMOTED,)),
        "promised_error": replace(
            QUIET, promotions=(replace(PROMOTED, promise=replace(PROMISE, metric="mae")),)
        ),
        "replaced": replace(QUIET, promotions=(replace(PROMOTED, promise=None),)),
        "recalibrated": replace(QUIET, promotions=(replace(PROMOTED, action=RECALIBRATION),)),
        "approved": replace(QUIET, promotions=(replace(PROMOTED, action=APPROVE),)),
        "by_hand": replace(QUIET, promotions=(replace(PROMOTED, action="promote"),)),
    },
)

ROLLBACK = NoticeRule(
    name="rollback",
    severity=Severity.WARNING,
    about="the version before serves again, by a person's decision",
    find=rollbacks,
    title={"pt": "Volta ao modelo anterior", "en": "Back to the model before"},
    sentences={
        "told": {
            "pt": "{version} voltou ao serviço no lugar de {former}, por decisão de uma pessoa.",
            "en": "{version} serves again in the place of {former}, by a person's decision.",
        },
    },
    examples={"told": replace(QUIET, promotions=(replace(PROMOTED, action=ROLLBACK_ACTION),))},
)

_STAGED = replace(PROMOTED, status=DecisionStatus.STAGED, revision=None)

WAITING = NoticeRule(
    name="waiting_approval",
    severity=Severity.WARNING,
    about="a version waits for a person's approval",
    find=waiting,
    title={"pt": "Um modelo espera aprovação", "en": "A model waits for approval"},
    sentences={
        "told": {
            "pt": "{version} foi melhor que {former} e espera que uma pessoa o aprove ou recuse "
            "até {until}; depois disso é recusado sozinho.",
            "en": "{version} did better than {former} and waits for a person to approve or refuse "
            "it until {until}; after that it is refused by itself.",
        },
        "first": {
            "pt": "{version} seria o primeiro modelo em serviço e espera que uma pessoa o aprove "
            "ou recuse até {until}; depois disso é recusado sozinho.",
            "en": "{version} would be the first model that serves and waits for a person to "
            "approve or refuse it until {until}; after that it is refused by itself.",
        },
    },
    examples={
        "told": replace(QUIET, waiting=Waiting(_STAGED, BEFORE + timedelta(days=14))),
        "first": replace(
            QUIET, waiting=Waiting(replace(_STAGED, champion=None), BEFORE + timedelta(days=14))
        ),
    },
    standing=True,
)
