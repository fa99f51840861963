"""Notices of the data and of how well the champion does: alarms, figures below their promise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from model.units.disclosure import FEWEST_SHOWN
from model.watch.alarm import AlarmLevel, FeatureAlarm, WatchState
from model.watch.notice import Severity
from model.watch.performance import Degradation, Measure
from retraining.notices.kinds.examples import BEFORE, QUIET
from retraining.notices.rule import Fact, Figure, NoticeRule
from retraining.notices.scene import Scene

LONGEST = 60
"""Characters of a column's description that a notice repeats."""

SCORE: Mapping[str, str] = {"pt": "nota de risco do modelo", "en": "the model's risk score"}


METRICS: Mapping[str, Mapping[str, str]] = {
    Measure.RECALL: {"pt": "o que o modelo encontra", "en": "what the model finds"},
    Measure.NEW_RECALL: {
        "pt": "o que o modelo encontra entre os casos novos",
        "en": "what the model finds of the new cases",
    },
    Measure.PRECISION: {
        "pt": "quantos dos alunos apontados ficam em risco",
        "en": "how many of the flagged students come to be at risk",
    },
    Measure.AUC: {"pt": "a ordem da lista (AUC)", "en": "the order of the list (AUC)"},
    Measure.CALIBRATION: {
        "pt": "a distância entre as probabilidades e o que aconteceu",
        "en": "the distance between the probabilities and what happened",
    },
}
HUNDREDS = (Measure.RECALL, Measure.NEW_RECALL, Measure.PRECISION)
"""The figures that are told as so many of a hundred students."""


def alarms(scene: Scene) -> Iterator[Fact]:
    """Features whose change is confirmed and that nobody has acknowledged."""
    if scene.watch is None:
        return
    for one in scene.watch.features:
        if one.level is AlarmLevel.ALARMED and one.acknowledged_at is None:
            figures: dict[str, Figure] = {
                "feature": _named(one.feature, scene.columns),
                "period": scene.watch.period,
                "version": scene.watch.model_version,
                "checks": one.checks,
            }
            subject = f"{scene.watch.model_version}/{one.feature}"
            yield Fact(subject, one.since, figures, "told" if one.checks > 1 else "once")


def degradations(scene: Scene) -> Iterator[Fact]:
    """Figures that fell below what was promised, beyond chance."""
    for one in scene.degradations:
        figures: dict[str, Figure] = {
            "metric": METRICS.get(one.metric, one.metric),
            "promised": one.promised,
            "measured": one.measured,
            "n": one.n,
        }
        case = "other"
        if one.metric in HUNDREDS and one.low is not None and one.high is not None:
            figures |= {"low": one.low, "high": one.high}
            case = one.metric
        yield Fact(one.metric, one.since, figures, "few" if one.n < FEWEST_SHOWN else case)


def _named(feature: str, columns: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """A feature as a school knows it: what its column is, and the column's name."""
    if feature == "risk_score":
        return SCORE
    told = columns.get(feature, {})
    return {
        language: f"{_short(text)} ({feature})" if (text := told.get(language)) else feature
        for language in ("pt", "en")
    }


def _short(text: str) -> str:
    text = text.strip().rstrip(".")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


_ALARM = FeatureAlarm("ieg", AlarmLevel.ALARMED, 3, BEFORE)
_WATCH = WatchState("v7", BEFORE, "report-1", "2026", "d", (_ALARM,))
_FELL = Degradation(Measure.RECALL, 0.76, 0.55, 0.68, 0.62, 300, BEFORE, 0.001)

ALARM = NoticeRule(
    name="alarm",
    severity=Severity.WARNING,
    about="a feature's drift is confirmed: alarmed, and acknowledged by nobody",
    find=alarms,
    title={"pt": "Os dados mudaram", "en": "The data have changed"},
    sentences={
        "told": {
            "pt": "{feature}: os dados de {period} diferem dos que {version} aprendeu, em "
            "{checks} verificações seguidas. Vejam se mudou a escola ou o modo de registrar.",
            "en": "{feature}: the data of {period} differ from those that {version} learned from, "
            "in {checks} checks in a row. See whether the school changed, or how it records.",
        },
        "once": {
            "pt": "{feature}: os dados de {period} diferem dos que {version} aprendeu. Vejam se "
            "mudou a escola ou o modo de registrar.",
            "en": "{feature}: the data of {period} differ from those that {version} learned from. "
            "See whether the school changed, or how it records.",
        },
    },
    examples={
        "told": replace(QUIET, watch=_WATCH),
        "once": replace(QUIET, watch=replace(_WATCH, features=(replace(_ALARM, checks=1),))),
    },
    standing=True,
)

DEGRADATION = NoticeRule(
    name="degradation",
    severity=Severity.WARNING,
    about="a figure of the champion fell below what was promised, beyond chance",
    find=degradations,
    title={
        "pt": "O modelo acerta menos que o prometido",
        "en": "The model does less than promised",
    },
    sentences={
        Measure.RECALL: {
            "pt": "De cada 100 alunos que ficaram em risco o modelo encontrou {measured:.0p} "
            "(entre {low:.0p} e {high:.0p}), medido em {n} deles; o prometido é {promised:.0p}.",
            "en": "Of every 100 students who came to be at risk the model found {measured:.0p} "
            "(between {low:.0p} and {high:.0p}), measured on {n} of them; {promised:.0p} is "
            "promised.",
        },
        Measure.NEW_RECALL: {
            "pt": "De cada 100 alunos que passaram a estar em risco o modelo encontrou "
            "{measured:.0p} (entre {low:.0p} e {high:.0p}), medido em {n} deles; o prometido é "
            "{promised:.0p}.",
            "en": "Of every 100 students newly at risk the model found {measured:.0p} (between "
            "{low:.0p} and {high:.0p}), measured on {n} of them; {promised:.0p} is promised.",
        },
        Measure.PRECISION: {
            "pt": "De cada 100 alunos apontados {measured:.0p} ficaram em risco (entre {low:.0p} e "
            "{high:.0p}), medido em {n} deles; o prometido é {promised:.0p}.",
            "en": "Of every 100 flagged students {measured:.0p} came to be at risk (between "
            "{low:.0p} and {high:.0p}), measured on {n} of them; {promised:.0p} is promised.",
        },
        "other": {
            "pt": "Está pior que o prometido {metric}: {measured:.3f} em {n} resultados; o "
            "prometido é {promised:.3f}.",
            "en": "Worse than promised is {metric}: {measured:.3f} on {n} outcomes; "
            "{promised:.3f} is promised.",
        },
        "few": {
            "pt": "Está pior que o prometido {metric}. São poucos alunos para dizer números.",
            "en": "Worse than promised is {metric}. The students are too few to give figures.",
        },
    },
    examples={
        Measure.RECALL: replace(QUIET, degradations=(_FELL,)),
        Measure.NEW_RECALL: replace(
            QUIET, degradations=(replace(_FELL, metric=Measure.NEW_RECALL),)
        ),
        Measure.PRECISION: replace(QUIET, degradations=(replace(_FELL, metric=Measure.PRECISION),)),
        "other": replace(QUIET, degradations=(replace(_FELL, metric=Measure.AUC),)),
        "few": replace(QUIET, degradations=(replace(_FELL, n=6),)),
    },
    standing=True,
)
