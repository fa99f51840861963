"""What a decision's evidence says of its gain: where it was measured, and what is to be expected.

Terminal, model card and dashboard say it in these words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Any

from model.decisions.guard_sentences import ENGLISH, PORTUGUESE

_ENGLISH = {
    "refresh": "A refresh: the same recipe with more records. The gain was measured within the "
    "newest period, from which only the challenger had learned.",
    "forward": "The recipes were compared on earlier periods, each by models older than it. What "
    "is served is the challenger's recipe with the newest period too.",
    "within_both": "Both models had learned from the period that was judged.",
    "within_alone": "Only the challenger had learned from the period that was judged; what is "
    "particular to that period flatters it.",
    "measured": "Gain in recall measured in {periods}: {gain:+.1p} points ({low:+.1p} to "
    "{high:+.1p} at 95 %).",
    "origin": "Gain in recall measured forward in {periods}: {gain:+.1p} points ({low:+.1p} to "
    "{high:+.1p} at 95 %).",
    "expected": "Gain expected in the next period: {gain:+.1p} points ({low:+.1p} to {high:+.1p} "
    "at 95 %), {basis}.",
    "origins": "from the earlier periods and what the newest adds",
    "period": "as in the period judged, periods differing",
    "persistence": "as a part of what only the challenger knew comes back",
}
_PORTUGUESE = {
    "refresh": "Uma atualização: a mesma receita com mais registros. O ganho foi medido dentro do "
    "período mais novo, com o qual só o desafiante tinha aprendido.",
    "forward": "As receitas foram comparadas em períodos anteriores, cada um por modelos mais "
    "velhos que ele. O que serve é a receita do desafiante também com o período mais novo.",
    "within_both": "Os dois modelos tinham aprendido com o período avaliado.",
    "within_alone": "Só o desafiante tinha aprendido com o período avaliado; o que é próprio desse "
    "período o favorece.",
    "measured": "Ganho medido em {periods} no que encontra: {gain:+.1p} pontos ({low:+.1p} a "
    "{high:+.1p}, 95 %).",
    "origin": "Ganho medido em {periods}, antes não vistos, no que encontra: {gain:+.1p} pontos "
    "({low:+.1p} a {high:+.1p}, 95 %).",
    "expected": "Ganho esperado no próximo período: {gain:+.1p} pontos ({low:+.1p} a {high:+.1p}, "
    "95 %), {basis}.",
    "origins": "pelos períodos anteriores e pelo que o mais novo acrescenta",
    "period": "como no período avaliado, pois períodos diferem",
    "persistence": "pois volta só uma parte do que só o desafiante sabia",
}
NORMAL_95 = 1.96


def gain_told(evidence: Mapping[str, Any], *, portuguese: bool = False) -> list[str]:
    """Source, gain measured and gain expected next period, a sentence each.

    Args:
        evidence: as the ledger keeps it.
        portuguese: the language, else English.

    Returns:
        Nothing for decisions of before sources were kept, or without a champion.

    >>> gain = {"metric": "recall_at_budget", "gain": 0.042, "low": 0.01, "high": 0.073}
    >>> foretold = {"gain": 0.0105, "low": -0.03, "high": 0.05, "basis": "persistence"}
    >>> evidence = {"source": "within_alone", "refresh": True, "periods": ["2023"]}
    >>> gain_told({**evidence, "gains": [gain], "expected": foretold}, portuguese=True)[1]
    'Ganho medido em 2023 no que encontra: +4,2 pontos (+1,0 a +7,3, 95 %).'
    """
    if not evidence.get("source") or not evidence.get("gains"):
        return []
    said: Mapping[str, str] = _PORTUGUESE if portuguese else _ENGLISH
    form: Formatter = PORTUGUESE if portuguese else ENGLISH
    found = [said["refresh" if evidence["refresh"] else evidence["source"]]]
    found += [form.vformat(said[kind], (), figures) for kind, figures in _measured(evidence)]
    if foretold := evidence.get("expected"):
        figures = {**foretold, "basis": said[foretold["basis"]]}
        found.append(form.vformat(said["expected"], (), figures))
    return found


def _measured(evidence: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The newest period's gain, then those of earlier periods, as the sentences name them."""
    gain = next(g for g in evidence["gains"] if g["metric"] == "recall_at_budget")
    origins: Sequence[Mapping[str, Any]] = evidence.get("origins", ())
    return [
        ("measured", {**gain, "periods": ", ".join(evidence["periods"])}),
        *(("origin", _interval(one)) for one in origins),
    ]


def _interval(origin: Mapping[str, Any]) -> dict[str, Any]:
    reach = NORMAL_95 * origin["error"]
    gain = origin["gain"]
    return {
        "periods": origin["period"], "gain": gain, "low": gain - reach, "high": gain + reach,
    }  # fmt: skip
