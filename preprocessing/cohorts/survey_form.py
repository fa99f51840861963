"""Writes a synthetic student the way the survey of the year would have.

Every habit here was seen in the published files: moved names, decimal commas, phases in four
spellings, ages that a spreadsheet took for dates, and its error texts in place of numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from preprocessing.cohorts.students import UNIVERSITY, Survey, ideal_phase

OLD, MIDDLE, NEW = 2022, 2023, 2024
"""The years that changed the survey; later ones follow the newest."""

STONES = ((5.506, "Quartzo"), (6.868, "Ágata"), (8.230, "Ametista"), (11.0, "Topázio"))
"""INDE below which a student has that stone."""
SCHOOLS_OLD = {"publica": "Escola Pública", "apadrinhamento": "Rede Decisão"}
SCHOOLS = {
    "publica": "Pública",
    "apadrinhamento": "Privada - Programa de Apadrinhamento",
    "privada": "Privada",
}
IDEAL_OLD = (
    "ALFA  (2º e 3º ano)", "Fase 1 (4º ano)", "Fase 2 (5º e 6º ano)", "Fase 3 (7º e 8º ano)",
    "Fase 4 (9º ano)", "Fase 5 (1º EM)", "Fase 6 (2º EM)", "Fase 7 (3º EM)",
    "Fase 8 (Universitários)",
)  # fmt: skip
IDEAL = (
    "ALFA (1° e 2° ano)", "Fase 1 (3° e 4° ano)", "Fase 2 (5° e 6° ano)", "Fase 3 (7° e 8° ano)",
    "Fase 4 (9° ano)", "Fase 5 (1° EM)", "Fase 6 (2° EM)", "Fase 7 (3° EM)",
    "Fase 8 (Universitários)",
)  # fmt: skip

OLD_COLUMNS = (
    "RA", "Fase", "Turma", "Nome", "Ano nasc", "Idade 22", "Gênero", "Ano ingresso",
    "Instituição de ensino", "Pedra 20", "Pedra 21", "Pedra 22", "INDE 22", "Cg", "Cf", "Ct",
    "Nº Av", "Avaliador1", "Rec Av1", "Avaliador2", "Rec Av2", "Avaliador3", "Rec Av3",
    "Avaliador4", "Rec Av4", "IAA", "IEG", "IPS", "Rec Psicologia", "IDA", "Matem", "Portug",
    "Inglês", "Indicado", "Atingiu PV", "IPV", "IAN", "Fase ideal", "Defas", "Destaque IEG",
    "Destaque IDA", "Destaque IPV",
)  # fmt: skip
HEAD = (
    "RA", "Fase", "INDE {year}", "Pedra {year}", "Turma", "Nome Anonimizado", "Data de Nasc",
    "Idade", "Gênero", "Ano ingresso", "Instituição de ensino", "Pedra 20", "Pedra 21", "Pedra 22",
    "Pedra 23", "INDE 22", "INDE 23", "Cg", "Cf", "Ct", "Nº Av", "Avaliador1", "Rec Av1",
    "Avaliador2", "Rec Av2", "Avaliador3",
)  # fmt: skip
EVALUATORS = {
    MIDDLE: ("Rec Av3", "Avaliador4", "Rec Av4"),
    NEW: ("Avaliador4", "Avaliador5", "Avaliador6"),
}
TAIL = (
    "IAA", "IEG", "IPS", "IPP", "Rec Psicologia", "IDA", "Mat", "Por", "Ing", "Indicado",
    "Atingiu PV", "IPV", "IAN", "Fase Ideal", "Defasagem", "Destaque IEG", "Destaque IDA",
    "Destaque IPV",
)  # fmt: skip
ENDS = {MIDDLE: ("Destaque IPV",), NEW: ("Escola", "Ativo/ Inativo", "Ativo/ Inativo")}

NOT_TAKEN: Mapping[int, Mapping[str, str]] = {
    OLD: {},
    MIDDLE: dict.fromkeys(("inde", "ips", "ipp", "ipv"), "#N/A"),
    NEW: {
        **dict.fromkeys(("ips", "ipp", "ipv"), "#N/A"),
        **{"inde": "#DIV/0!", "ida": "#DIV/0!", "ieg": "0"},
    },
}
"""What stands where an indicator was not taken; nothing, where it is not named."""

EXCEL_AGES = 0.55
"""Share of the ages of the middle year that a spreadsheet turned into dates."""
PERCENTS = 0.012
"""Share of IPS that is written as a percentage in the middle year."""
OVERFLOW = 0.03
"""Share of IPV of ten that came out as 10.01 in the middle year."""
TO_BE_ENTERED = 0.4
"""Share of the INDE not taken in the newest form that reads INCLUIR instead of an error."""


def columns_of(year: int) -> tuple[str, ...]:
    """The header of a year's file, duplicates included."""
    if year == OLD:
        return OLD_COLUMNS
    form = min(year, NEW)
    columns = (*HEAD, *EVALUATORS[form], *TAIL, *ENDS[form])
    return tuple(name.replace("{year}", str(year)) for name in columns)


def row_of(survey: Survey, rng: np.random.Generator) -> list[str]:
    """One student's line, aligned with `columns_of` the year."""
    form = min(survey.year, NEW)
    cells = _person(survey, form, rng) | _indicators(survey, form, rng)
    return [
        cells.get(name.replace(str(survey.year), "{year}"), "") for name in columns_of(survey.year)
    ]


def _person(survey: Survey, form: int, rng: np.random.Generator) -> dict[str, str]:
    pupil, year = survey.pupil, survey.year
    letter = "ABKLMU"[int(rng.integers(6))]
    ideal = ideal_phase(pupil.grade(year), year)
    age = year - pupil.birth.year
    month, day = pupil.birth.month, pupil.birth.day
    girl, boy = ("Menina", "Menino") if form == OLD else ("Feminino", "Masculino")
    schools: Mapping[str, str] = SCHOOLS_OLD if form == OLD else SCHOOLS
    as_date = form == MIDDLE and rng.random() < EXCEL_AGES
    birth = f"{month}/{day}/{pupil.birth.year}"
    return {
        "RA": f"SYN-{pupil.number}",
        "Fase": _phase(pupil.phase, form, letter),
        "Turma": letter if form == OLD else f"{pupil.phase}{letter}",
        ("Nome" if form == OLD else "Nome Anonimizado"): f"Aluno-{pupil.number}",
        "Ano nasc": str(pupil.birth.year),
        "Data de Nasc": birth if form == MIDDLE else f"{day:02}/{month:02}/{pupil.birth.year}",
        ("Idade 22" if form == OLD else "Idade"): f"1/{age - 1}/1900" if as_date else str(age),
        "Gênero": girl if pupil.girl else boy,
        "Ano ingresso": str(pupil.entered),
        "Instituição de ensino": schools.get(pupil.school, "Escola JP II"),
        ("Fase ideal" if form == OLD else "Fase Ideal"): (IDEAL_OLD if form == OLD else IDEAL)[
            ideal
        ],
        ("Defas" if form == OLD else "Defasagem"): str(survey.lag),
        "Nº Av": str(survey.evaluators) if survey.evaluators or form == NEW else "",
        "Ativo/ Inativo": "Cursando",
        "Escola": "Escola Sintética",
        "Cg": f"{pupil.number},000" if form == OLD else "",
        **{f"Avaliador{n}": f"Avaliador-{n}" for n in range(1, survey.evaluators + 1)},
    }


def _phase(phase: int, form: int, letter: str) -> str:
    if form == OLD:
        return str(phase)
    if phase == 0:
        return "ALFA"
    if form == MIDDLE:
        return f"FASE {phase}"
    return "9" if phase >= UNIVERSITY and letter < "L" else f"{phase}{letter}"


def _indicators(survey: Survey, form: int, rng: np.random.Generator) -> dict[str, str]:
    known = survey.indicators
    grades = ("Matem", "Portug", "Inglês") if form == OLD else ("Mat", "Por", "Ing")
    inde, stone = ("INDE 22", "Pedra 22") if form == OLD else ("INDE {year}", "Pedra {year}")
    names = {name: name.upper() for name in ("iaa", "ieg", "ips", "ipp", "ida", "ipv", "ian")}
    names |= dict(zip(("mat", "por", "ing"), grades, strict=True)) | {"inde": inde}
    write = _three_decimals if form == OLD else _shortest
    cells = {
        header: write(name, known[name]) if name in known else NOT_TAKEN[form].get(name, "")
        for name, header in names.items()
    }
    cells[stone] = _stone(known["inde"], form) if "inde" in known else cells[inde]
    if form == MIDDLE:
        _quirks_of_2023(cells, known, rng)
    elif "inde" not in known and rng.random() < TO_BE_ENTERED:
        cells |= {inde: "INCLUIR", stone: "INCLUIR"}
    return cells


def _quirks_of_2023(
    cells: dict[str, str], known: Mapping[str, float], rng: np.random.Generator
) -> None:
    percent, overflow = rng.random() < PERCENTS, rng.random() < OVERFLOW
    if percent and "ips" in known:
        cells["IPS"] = f"{round(known['ips'] * 100)}%"
    if overflow and known.get("ipv", 0.0) >= 9.0:
        cells["IPV"] = "10,01"


def _three_decimals(name: str, value: float) -> str:
    digits = 3 if name in {"inde", "ipv", "ian"} else 1
    return f"{value:.{digits}f}".replace(".", ",")


def _shortest(name: str, value: float) -> str:
    return f"{value:.9g}".replace(".", ",")


def _stone(inde: float, form: int) -> str:
    stone = next(name for limit, name in STONES if inde < limit)
    return stone if form == OLD else stone.replace("Á", "A")
