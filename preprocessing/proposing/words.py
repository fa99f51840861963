"""What a header's words say of a column, in English and in Portuguese."""

from __future__ import annotations

import re
from itertools import pairwise

from preprocessing.task.spelling import fold


def _all_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


WORD = re.compile(r"[a-z]+|\d+")

ID = _all_of(
    "id ra matricula student_id studentid aluno_id student aluno codigo_aluno cod_aluno registro "
    "enrollment inscricao candidate rollno roll"
)
PERIOD = _all_of(
    "year ano periodo period ano_letivo school_year academic_year semestre semester term"
)
SCHOOL = _all_of("school escola unidade campus polo instituicao colegio")
CLASS = _all_of("turma class classroom sala section homeroom")
PROTECTED = _all_of("sex sexo gender genero race raca cor ethnicity etnia religion religiao")
PERSONAL = _all_of("name nome names nomes email mail phone telefone celular cpf rg ssn")
ADDRESS = _all_of("address endereco")
BIRTH = _all_of("birth nasc nascimento dob")
AGE = _all_of("age idade")
GRADE = _all_of(
    "grade grades mark marks score scores nota notas media gpa exam prova test conceito"
)
COUNTED = _all_of(
    "absences absence absent faltas falta ausencias attendance frequencia presenca lateness "
    "atrasos incidents ocorrencias"
)
PERCENT = _all_of("percent percentage pct percentual porcentagem taxa rate attendance")
OUTCOME = _all_of(
    "outcome target label desfecho dropout dropped evadiu evasao abandono abandonou defas "
    "defasagem lag reprovado reprovou reprovacao aprovado aprovou passed failed graduated "
    "retido retained"
)
ENDING = _all_of("final result resultado situacao outcome target desfecho status")
GOOD = _all_of(
    "passed pass aprovado aprovou approved graduated graduate concluiu concluido promoted "
    "promovido completed ficou"
)
BAD = _all_of(
    "dropout dropped drop evadiu evadido evasao abandono abandonou desistente desistencia "
    "reprovado reprovou failed fail retido retained withdrawn left saiu risk risco inadequate bad"
)
YES = _all_of("yes y sim s true verdadeiro")
NO = _all_of("no n nao false falso")
LAG = _all_of("defas defasagem lag")
CODE = _all_of("code codigo cod zip cep")
IDEAL = _all_of("ideal expected esperada esperado")
PHASE = _all_of("fase phase")
PORTUGUESE = _all_of(
    "aluno alunos nome idade escola turma ano nota notas media faltas falta matricula genero sexo "
    "raca serie fase periodo situacao resultado defasagem defas frequencia"
)


def words_of(header: str) -> frozenset[str]:
    """The words of a header, folded, with two and all of them joined.

    >>> sorted(words_of("Ano Letivo"))
    ['ano', 'ano_letivo', 'letivo']
    """
    found = WORD.findall(fold(split_camel(header)))
    pairs = ("_".join(pair) for pair in pairwise(found))
    return frozenset([*found, *pairs, "_".join(found)])


def split_camel(header: str) -> str:
    """A header in camel case with blanks between its words.

    >>> split_camel("mathScore"), split_camel("ParentEducation"), split_camel("Medu")
    ('math Score', 'Parent Education', 'Medu')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)


def says(header: str, words: frozenset[str]) -> bool:
    """Whether a header has one of these words.

    >>> says("Frequência 2023", COUNTED), says("schoolsup", SCHOOL)
    (True, False)
    """
    return not words.isdisjoint(words_of(header))


def slug(text: str) -> str:
    """A header or category as a canonical name; empty where it has no letter or digit.

    >>> slug("Instituição de ensino"), slug("1º bimestre"), slug("race/ethnicity")
    ('instituicao_de_ensino', 'n1o_bimestre', 'race_ethnicity')
    """
    name = re.sub(r"[^a-z0-9]+", "_", fold(text)).strip("_")[:60].strip("_")
    return f"n{name}" if name[:1].isdigit() else name
