"""The card's summary in Portuguese, for counsellors and families."""

from __future__ import annotations

from model.prediction import Scale
from model.version import FEWEST_SHOWN
from training.card.document import Points, Section, Text
from training.card.facts import CardFacts
from training.fairness import share_of


def summary(facts: CardFacts) -> Section:
    """What the version is for, how often it is right, and what it must not be used for."""
    title = facts.task.title_pt or facts.task.title
    said = [*(_numeric(facts) if facts.numeric else _binary(facts)), *_overrides(facts)]
    said += [
        "A pontuação ajuda a decidir quem olhar primeiro; quem decide o que fazer é uma pessoa. "
        "Não serve para dar notas, selecionar, punir ou negar apoio, nem para comparar "
        "professores, turmas ou escolas.",
        "Com menos de "
        f"{facts.version.thresholds.min_known_weight * 100:.0f} % do que a pontuação se apoia, a "
        "situação do aluno é incompleta, qualquer que seja a pontuação.",
        "Os motivos mostram em que a pontuação se apoia, não o que causa o resultado.",
    ]
    return Section("Resumo em português", (Text(f"{title}."), Points(tuple(said))))


def _binary(facts: CardFacts) -> list[str]:
    metrics, cuts = facts.version.metrics, facts.version.thresholds
    said = [f"Medido em {len(facts.outcome)} registros que o modelo não tinha visto."]
    if metrics.keys() >= {"recall", "precision", "flagged"}:
        said.append(
            f"De cada 100 alunos que ficarão em risco, o modelo encontra "
            f"{metrics['recall'] * 100:.0f}. De cada 100 que ele aponta, "
            f"{metrics['precision'] * 100:.0f} ficam mesmo em risco. Ele aponta "
            f"{metrics['flagged'] * 100:.0f} de cada 100 alunos; quem não é apontado também pode "
            "precisar de atenção."
        )
    critical = facts.scores >= cuts.critical
    measured = share_of(float(facts.outcome[critical].sum()), float(critical.sum()))
    if measured.value is not None:
        said.append(
            f"Situação crítica: a partir de {_number(cuts.critical, 2)}; "
            f"{_percent(measured.value)} desses alunos ficaram em risco. "
            f"Alerta: a partir de {_number(cuts.alert, 2)}."
        )
    return [*said, *_groups(facts)]


def _numeric(facts: CardFacts) -> list[str]:
    metrics, cuts = facts.version.metrics, facts.version.thresholds
    side = "abaixo de" if cuts.scale is Scale.VALUE_LOW else "a partir de"
    told = f"O erro médio é de {_number(metrics['mae'], 2)}"
    told += f" e o R² é {_number(metrics['r2'], 2)}." if "r2" in metrics else "."
    return [
        f"Medido em {len(facts.outcome)} registros que o modelo não tinha visto.",
        told,
        f"Situação crítica: valor previsto {side} {_number(cuts.critical, 1)}. "
        f"Alerta: {side} {_number(cuts.alert, 1)}. Os limites são da escola.",
    ]


def _groups(facts: CardFacts) -> list[str]:
    said = []
    for attribute, groups in facts.version.fairness.items():
        told = [
            f"{group} {_percent(figures['recall'])}" + (" (grupo pequeno)" * figures["small"])
            for group, figures in groups.items()
            if figures["recall"] is not None and figures["rows"] >= FEWEST_SHOWN
        ]
        if told:
            said.append(f"Quanto encontra por {attribute.replace('_', ' ')}: {'; '.join(told)}.")
    return said


def _overrides(facts: CardFacts) -> list[str]:
    check = facts.version.leakage
    if check is None or not check.accepted:
        return []
    names = ", ".join(sorted(check.accepted))
    return [f"Indicadores aceitos apesar de suspeita de vazamento do desfecho: {names}."]


def _percent(value: float) -> str:
    return f"{value * 100:.0f} %"


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace(".", ",")
