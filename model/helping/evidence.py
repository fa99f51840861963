"""What the evidence of a promotion says of students who were helped, and in which words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from model.decisions.guard_sentences import ENGLISH, PORTUGUESE
from model.helping.bounds import HelpedBounds
from model.units.disclosure import FEWEST_SHOWN


@dataclass(frozen=True, slots=True)
class HelpedEvidence:
    """Champion and challenger on records of which some are of students who were helped.

    Attributes:
        helped: records of students who were helped before the outcome.
        saved: of them, how many did well; the help may be why. None of fewer than ten: withheld.
        challenger: of those at risk the share found, as many flagged.
        champion: the same; None without one.
        gain: challenger over champion; None without one.
        decided: the status that was decided on all records.
        decided_without: what the same guards would have decided on the records of those alone who
            were not helped; "" where these are too few to decide on.
    """

    helped: int
    saved: int | None
    challenger: HelpedBounds
    champion: HelpedBounds | None = None
    gain: HelpedBounds | None = None
    decided: str = ""
    decided_without: str = ""

    @property
    def disagrees(self) -> bool:
        """Whether leaving out who was helped would have decided otherwise."""
        return bool(self.decided_without) and self.decided_without != self.decided


_ENGLISH = {
    "counted": "Of {helped} records the students were helped before the outcome; {saved} of them "
    "did well, and may have been saved: they look like false alarms.",
    "recall": "Of those at risk the challenger finds {recorded:.1p} %, {without:.1p} % without who "
    "was helped; whoever the help saved, between {low:.1p} and {high:.1p} %.",
    "gain": "Its gain is {recorded:+.1p} points, {without:+.1p} without who was helped; whoever "
    "the help saved, between {low:+.1p} and {high:+.1p}.",
    "agrees": "Without who was helped the decision would be the same.",
    "disagrees": "Careful: without who was helped the decision would be another one. The decision "
    "uses all records.",
    "too_few": "Without who was helped there are too few records to decide on.",
    "withheld": "Of fewer than {fewest} records the students were helped: too few to tell more.",
}
_PORTUGUESE = {
    "counted": "Em {helped} registros os alunos receberam ajuda antes do resultado; {saved} deles "
    "ficaram bem, e a ajuda pode ser o motivo: parecem alarmes falsos.",
    "recall": "Dos que ficaram em risco, o desafiante encontra {recorded:.1p} %, ou "
    "{without:.1p} % sem contar quem recebeu ajuda; seja quem for que a ajuda salvou, entre "
    "{low:.1p} e {high:.1p} %.",
    "gain": "O ganho é de {recorded:+.1p} pontos, ou {without:+.1p} sem contar quem recebeu ajuda; "
    "seja quem for que a ajuda salvou, entre {low:+.1p} e {high:+.1p}.",
    "agrees": "Sem contar quem recebeu ajuda, a decisão seria a mesma.",
    "disagrees": "Atenção: sem contar quem recebeu ajuda, a decisão seria outra. A decisão usa "
    "todos os registros.",
    "too_few": "Sem contar quem recebeu ajuda, restam registros de menos para decidir.",
    "withheld": "Em menos de {fewest} registros os alunos receberam ajuda: são poucos para dizer "
    "mais.",
}


def helped_told(evidence: Mapping[str, Any], *, portuguese: bool = False) -> list[str]:
    """What is to be known of the helped: how many, both figures with their bounds, the decision.

    Args:
        evidence: as the ledger keeps it.
        portuguese: the language, else English.

    Returns:
        Nothing where nobody was helped, and for decisions of before that was known.

    >>> bounds = {"recorded": 0.7, "without": 0.75, "low": 0.6, "high": 0.8}
    >>> found = {"helped": 40, "saved": 25, "challenger": bounds, "gain": None,
    ...     "decided": "kept", "decided_without": "promoted"}
    >>> helped_told({"helped": found})[1]
    'Of those at risk the challenger finds 70.0 %, 75.0 % without who was helped; whoever the ...
    >>> helped_told({"helped": found}, portuguese=True)[-1][:8]
    'Atenção:'
    """
    found = evidence.get("helped")
    if not found:
        return []
    said: Mapping[str, str] = _PORTUGUESE if portuguese else _ENGLISH
    form: Formatter = PORTUGUESE if portuguese else ENGLISH
    if found["helped"] < FEWEST_SHOWN:
        return [form.vformat(said["withheld"], (), {"fewest": FEWEST_SHOWN})]
    told = [form.vformat(said["counted"], (), found)]
    for key in ("recall", "gain"):
        bounds = found["challenger" if key == "recall" else key]
        if bounds and None not in bounds.values():
            told.append(form.vformat(said[key], (), bounds))
    return [*told, said[_agreement(found)]]


def _agreement(found: Mapping[str, Any]) -> str:
    if not found["decided_without"]:
        return "too_few"
    return "agrees" if found["decided_without"] == found["decided"] else "disagrees"


def helped_disagrees(evidence: Mapping[str, Any]) -> bool:
    """Whether the decision would be another one without who was helped."""
    found = evidence.get("helped")
    return found is not None and _agreement(found) == "disagrees"
