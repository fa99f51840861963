"""Notices of what promotions promised, once the outcomes say whether it came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from model.decisions.realised import RealisedGain, is_kept
from model.promotion import Promotion
from model.units.disclosure import FEWEST_SHOWN
from model.watch.notice import Severity
from retraining.notices.kinds.examples import CAME, PROMISE, PROMOTED, QUIET
from retraining.notices.rule import Fact, NoticeRule
from retraining.notices.scene import Scene


def kept(scene: Scene) -> Iterator[Fact]:
    """Promises whose gain came."""
    yield from (fact for is_so, fact in _settled(scene) if is_so)


def broken(scene: Scene) -> Iterator[Fact]:
    """Promises whose gain did not come."""
    yield from (fact for is_so, fact in _settled(scene) if not is_so)


def _settled(scene: Scene) -> Iterator[tuple[bool, Fact]]:
    for promotion, came in scene.came:
        promise = promotion.promise
        if promise is not None:
            figures: dict[str, float | str] = {
                "version": came.promoted,
                "former": came.replaced,
                "period": came.period,
                "promised": promise.gain,
                "came": came.gain,
                "low": came.low,
                "high": came.high,
            }
            fact = Fact(promotion.promotion_id, came.at, figures, _case(promotion, came))
            yield is_kept(promise, came), fact


def _case(promotion: Promotion, came: RealisedGain) -> str:
    error = promotion.promise is not None and promotion.promise.metric == "mae"
    # Of a recall those at risk are the base, and those not found are the rest of it.
    if (came.rows if error else min(came.positives, came.rows - came.positives)) < FEWEST_SHOWN:
        return "few"
    return "error" if error else "recall"


_FEW = replace(CAME, positives=4)
_BROKEN = replace(CAME, gain=-0.05, low=-0.09, high=-0.01)
_ERROR = replace(PROMOTED, promise=replace(PROMISE, metric="mae"))

KEPT = NoticeRule(
    name="promise_kept",
    severity=Severity.INFO,
    about="the outcomes came, and so did what a promotion had promised",
    find=kept,
    title={"pt": "Promessa cumprida", "en": "Promise kept"},
    sentences={
        "recall": {
            "pt": "{version} prometeu encontrar {promised:.1p} a mais de cada 100 alunos em risco "
            "do que {former}; em {period} foram {came:+.1p} (entre {low:+.1p} e {high:+.1p}).",
            "en": "{version} promised to find {promised:.1p} more of every 100 students at risk "
            "than {former}; in {period} it was {came:+.1p} (between {low:+.1p} and {high:+.1p}).",
        },
        "error": {
            "pt": "{version} prometeu um erro médio {promised:.1%} menor que o de {former}; em "
            "{period} foram {came:+.1%} (entre {low:+.1%} e {high:+.1%}).",
            "en": "{version} promised a mean error {promised:.1%} smaller than that of {former}; "
            "in {period} it was {came:+.1%} (between {low:+.1%} and {high:+.1%}).",
        },
        "few": {
            "pt": "{version} cumpriu em {period} o que prometeu em relação a {former}. São poucos "
            "alunos para dizer números.",
            "en": "{version} kept in {period} what it promised over {former}. The students are too "
            "few to give figures.",
        },
    },
    examples={
        "recall": replace(QUIET, came=((PROMOTED, CAME),)),
        "error": replace(QUIET, came=((_ERROR, CAME),)),
        "few": replace(QUIET, came=((PROMOTED, _FEW),)),
    },
)

BROKEN = NoticeRule(
    name="promise_broken",
    severity=Severity.WARNING,
    about="the outcomes came, and what a promotion had promised did not",
    find=broken,
    title={"pt": "Promessa não cumprida", "en": "Promise broken"},
    sentences={
        "recall": {
            "pt": "{version} prometeu encontrar {promised:.1p} a mais de cada 100 alunos em risco "
            "do que {former}; em {period} foram {came:+.1p} (entre {low:+.1p} e {high:+.1p}). "
            "Se {version} ainda está em serviço, no painel dá para voltar ao anterior.",
            "en": "{version} promised to find {promised:.1p} more of every 100 students at risk "
            "than {former}; in {period} it was {came:+.1p} (between {low:+.1p} and {high:+.1p}). "
            "If {version} still serves, the dashboard has a button to go back.",
        },
        "error": {
            "pt": "{version} prometeu um erro médio {promised:.1%} menor que o de {former}; em "
            "{period} foram {came:+.1%} (entre {low:+.1%} e {high:+.1%}).",
            "en": "{version} promised a mean error {promised:.1%} smaller than that of {former}; "
            "in {period} it was {came:+.1%} (between {low:+.1%} and {high:+.1%}).",
        },
        "few": {
            "pt": "{version} não cumpriu em {period} o que prometeu em relação a {former}. São "
            "poucos alunos para dizer números.",
            "en": "{version} did not keep in {period} what it promised over {former}. The students "
            "are too few to give figures.",
        },
    },
    examples={
        "recall": replace(QUIET, came=((PROMOTED, _BROKEN),)),
        "error": replace(QUIET, came=((_ERROR, _BROKEN),)),
        "few": replace(QUIET, came=((PROMOTED, replace(_BROKEN, positives=4)),)),
    },
)
