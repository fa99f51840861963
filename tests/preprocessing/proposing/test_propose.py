"""Tables to a task that the real TaskSpec takes, whatever somebody's file holds."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from model.errors import ConfigurationError, NotThisTask
from preprocessing.files.loading import read_tables
from preprocessing.proposing.proposal import Choices, Proposal
from preprocessing.proposing.propose import propose, see
from preprocessing.proposing.tables import RawTable, raw_tables
from preprocessing.proposing.writing import as_yaml
from preprocessing.task.spec import TaskSpec, parse_task
from tests.preprocessing.conftest import NOW, WriteCsv

ROWS = 60


def raw(header: str, *rows: str, period: str = "2023", source: str = "school.csv") -> RawTable:
    cells = tuple(tuple(row.split(";")) for row in rows)
    return RawTable(source, period, tuple(header.split(";")), cells)


def proposed(*tables: RawTable, **choices: object) -> Proposal:
    return propose(see(tables), Choices(**choices))  # type: ignore[arg-type]


def task_of(proposal: Proposal) -> TaskSpec:
    return parse_task(as_yaml(proposal), source="proposed.yaml")


def brazilian(period: str, seed: int = 0) -> RawTable:
    """A school year with the habits of a Brazilian export."""
    rng = random.Random(f"{period}{seed}")
    rows = []
    for n in range(ROWS):
        mark = rng.uniform(0, 10)
        rows.append(
            f"A-{n:03};{n + 1};Aluno {n};Escola {n % 3};{'AB'[n % 2]};{rng.choice('FM')};"
            f"{f'{mark:.2f}'.replace('.', ',')};{rng.randint(0, 40)};"
            f"{rng.randint(1, 8)};{rng.randint(1, 8)};;{rng.choice(['Aprovado', 'Reprovado'])}"
        )
    return raw(
        "Matrícula;Nº;Nome do aluno;Escola;Turma;Sexo;Média;Faltas;Fase;Fase ideal;Observações;"
        "Situação",
        *rows, period=period, source=f"notas_{period}.csv",
    )  # fmt: skip


def test_a_brazilian_export_becomes_a_task_in_portuguese() -> None:
    proposal = proposed(brazilian("2023"))
    task = task_of(proposal)

    assert (task.name, task.id.name, task.id.aliases) == ("notas", "matricula", ("Matrícula",))
    assert [column.name for column in task.unit] == ["escola", "turma"]
    assert [column.name for column in task.protected] == ["sexo"]
    assert {"media", "faltas", "fase", "fase_ideal"} <= set(task.feature_names)
    assert task.columns["media"].high == 10 and task.columns["media"].label_pt == "Média"
    assert [(d.name, d.formula) for d in task.derived] == [("fase_lag", "fase - fase_ideal")]
    assert (task.outcome.column.name, task.outcome.positive) == ("situacao", ("reprovado",))
    assert task.outcome.horizon == 0
    assert task.title_pt
    assert task.excluded["Observações"] == "empty in every row"
    assert "Nome do aluno" in task.excluded


def test_students_that_are_met_again_make_the_outcome_that_of_the_next_period() -> None:
    proposal = proposed(brazilian("2022"), brazilian("2023"))
    task = task_of(proposal)

    assert task.outcome.horizon == 1
    assert task.outcome.persistence == "situacao" and "situacao" in task.feature_names
    assert any("outcome.horizon" in doubt for doubt in proposal.unsure())


def test_of_two_columns_of_ids_the_named_one_is_taken_and_the_other_told() -> None:
    rows = [f"{1000 + n};RA-{n};{n % 11};{n % 2}" for n in range(ROWS)]

    proposal = proposed(raw("Inscrição;RA;Nota;Evadiu", *rows))
    other = proposed(raw("Inscrição;RA;Nota;Evadiu", *rows), id="Inscrição")

    assert proposal.id.name == "ra"
    assert "Inscrição tells rows apart too" in proposal.id.doubts[0]
    assert [part.name for part in proposal.features] == ["nota"]
    assert other.id.name == "inscricao"


def test_rows_that_repeat_an_id_are_told_to_be_events() -> None:
    rows = [f"RA-{n % 20};{n % 11};{n % 2}" for n in range(ROWS)]

    proposal = proposed(raw("RA;Nota;Evadiu", *rows))

    assert "40 rows repeat an id" in proposal.id.doubts[0]


def test_a_column_of_periods_is_found_and_an_id_may_stand_once_in_each() -> None:
    rows = [f"{y};RA-{n};{(n * y) % 11};{(n + y) % 2}" for y in (2021, 2022) for n in range(ROWS)]

    task = task_of(proposed(raw("Ano letivo;RA;Nota;Evadiu", *rows, period="")))

    assert task.period is not None and task.period.name == "ano_letivo"
    assert (task.id.name, task.outcome.horizon) == ("ra", 1)


def test_half_years_have_a_pattern_of_their_own_and_no_horizon() -> None:
    rows = [f"{y};RA-{n};{n % 11};{n % 2}" for y in ("2021.1", "2021.2") for n in range(ROWS)]

    task = task_of(proposed(raw("Semestre;RA;Nota;Evadiu", *rows, period="")))

    assert task.is_period("2021.2") and not task.is_period("2021")
    assert task.outcome.horizon == 0


def test_rows_are_numbered_where_nothing_tells_students_apart() -> None:
    task = task_of(
        proposed(raw("Nota;Faltas;Evadiu", *[f"{n % 9};{n % 5};{n % 2}" for n in range(ROWS)]))
    )

    assert task.number_rows


@pytest.mark.parametrize("after", ["resultado_final", "status"])
def test_what_ended_the_period_is_named_as_a_leak(after: str) -> None:
    rows = [f"RA-{n};{n % 11};{n % 3};{n % 2}" for n in range(ROWS)]

    proposal = proposed(raw(f"RA;horas;{after};Evadiu", *rows))

    assert [leak.name for leak in proposal.leaks()] == [after]
    assert proposed(raw(f"RA;horas;{after};Evadiu", *rows), known=(after,)).leaks() == []


def test_marks_of_a_series_before_the_outcome_are_features_and_later_ones_are_not() -> None:
    rows = [f"RA-{n};{n % 21};{(n + 3) % 21};{(n * 7) % 21}" for n in range(ROWS)]
    table = raw("RA;P1;P2;P3", *rows)

    last, middle = proposed(table), proposed(table, outcome="P2")

    assert last.outcome.name == "p3" and [f.name for f in last.features] == ["p1", "p2"]
    assert [f.name for f in middle.features] == ["p1"]
    assert [leak.reason for leak in middle.leaks()] == ["comes after P2"]


HOSTILE = (
    'yes;no;null;a: b;# x;{period};*;[a];"q";\'s;true;1e3;~;&x;class',
    "=1+1;@x;- y;%z;`w;!t;|p;>q;a\tb;ç ã;ÀÉ;µ;Nota 1º;Nota 2º;on",
)


@pytest.mark.parametrize("header", HOSTILE)
def test_any_header_makes_a_file_that_the_real_task_takes(header: str, tmp_path: Path) -> None:
    width = header.count(";") + 1
    rng = random.Random(1)
    rows = [
        ";".join(rng.choice(["yes", "no", "null: x", "#", "a"]) for _ in range(width))
        for _ in range(ROWS)
    ]
    table = raw(header, *rows)

    proposal = proposed(table)

    task = task_of(proposal)
    assert len(task.features) + len(proposal.excluded) + len(task.protected) >= width - 2


def test_a_line_break_in_a_header_ends_no_comment() -> None:
    rows = [f"RA-{n};{n % 11};{n % 2}" for n in range(ROWS)]
    table = RawTable(
        "a\nname: evil.csv", "2023", ("RA", "Faltas\nname: evil", "Evadiu"),
        tuple(tuple(row.split(";")) for row in rows),
    )  # fmt: skip

    assert task_of(proposed(table)).name != "evil"


def test_no_student_is_named_in_a_proposal() -> None:
    text = as_yaml(proposed(brazilian("2022"), brazilian("2023")))

    assert "Aluno 1" not in text and "A-001" not in text


def small(period: str) -> RawTable:
    """A class whose 24 people stand in every year, with a few names in common."""
    rows = [
        f"Aluna Ana{n};{2000 + n};Mãe Bia{n % 9};{11122233300 + n};Escola {n % 2};{n % 11};{n % 2}"
        for n in range(24)
    ]
    return raw("Aluno;Matrícula;Nome da mãe;CPF;Nome da escola;Nota;Evadiu", *rows, period=period)


def test_names_of_a_small_school_are_no_categories() -> None:
    proposal = proposed(*map(small, ("2021", "2022", "2023")))

    assert proposal.id.name == "matricula"
    assert [part.name for part in proposal.features] == ["nome_da_escola", "nota", "evadiu"]
    assert not {"Ana1", "Bia1", "11122233301"} & set(re.split(r"\W", as_yaml(proposal)))


def test_a_table_without_an_outcome_is_refused() -> None:
    rows = [f"RA-{n};Texto {n}" for n in range(ROWS)]

    with pytest.raises(NotThisTask, match="no column can be the outcome"):
        proposed(raw("RA;Observação", *rows))


def test_a_choice_that_is_no_column_is_told_what_was_meant() -> None:
    with pytest.raises(ConfigurationError, match="did you mean situacao"):
        proposed(brazilian("2023"), outcome="Situações")


@pytest.mark.parametrize(
    ("rule", "why"), [("below", "write `below 10`"), ("is maybe", "some of"), ("over 3", "write")]
)
def test_a_rule_that_does_not_fit_is_refused(rule: str, why: str) -> None:
    outcome = "situacao" if rule.startswith("is") else "media"

    with pytest.raises(ConfigurationError, match=why):
        proposed(brazilian("2023"), outcome=outcome, at_risk=rule)


def test_an_outcome_may_stay_a_number() -> None:
    task = task_of(proposed(brazilian("2023"), outcome="media", at_risk="number"))

    assert task.outcome.kind == "numeric" and task.status.concern == "low"


def test_sheets_of_another_kind_are_named_and_left_out() -> None:
    calendar = raw("Dia;Feriado", "1;Ano novo", "2;-", source="notas.xlsx:calendario")

    proposal = proposed(brazilian("2023"), calendar)

    assert "notas.xlsx:calendario: has other columns" in "\n".join(proposal.doubts)


def test_what_is_proposed_reads_every_row_of_the_file(csv_file: WriteCsv) -> None:
    table = brazilian("2023")
    lines = [";".join(map(str, row)) for row in (table.header, *table.rows)]
    path = csv_file("notas_2023.csv", "\n".join(lines))
    proposal = propose(see(raw_tables([path])))

    (read,) = read_tables(path, task_of(proposal), now=NOW)

    assert (read.batch.rows_kept, dict(read.batch.cells_ignored)) == (ROWS, {})
    assert len(read.outcomes) == ROWS
    assert read.idle == ()
