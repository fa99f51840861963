"""What the drift watch would say of a change that is made up: `python -m drift.simulate`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from database.aliases import CHAMPION, AliasRepository
from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry
from database.driver.commands import Op
from database.versions import ModelVersionRepository
from deployment.exit_codes import ExitCode, failed
from deployment.settings import Settings
from deployment.wiring import add_task_option, registry, settings_from_environment
from drift.alarms.rule import rule_of
from drift.comparing.files import side_of_file
from drift.comparing.periods import newest_period, side_of_period
from drift.comparing.present import present_state
from drift.comparing.sides import RecordSet
from drift.policy import policy_of
from drift.simulated.changes import (
    Concept,
    MadeUp,
    NowNew,
    Shift,
    read_concept,
    read_missingness,
    read_new_category,
    read_shift,
)
from drift.simulated.playing import Felt, Plan, Population, Raised, feel, play
from model.archive import unpack
from model.bundle import load_signed
from model.errors import ConfigurationError, FarolError, NotEnoughData
from preprocessing.lanes import operating_cuts
from preprocessing.predictor import Predictor
from preprocessing.task.columns import Kind
from preprocessing.task.spec import TaskSpec, load_task

EXAMPLES = """\
examples:
  python -m drift.simulate                           nothing changes: what is raised is chance
  python -m drift.simulate --shift ieg=-0.5          everybody's engagement falls by half an sd
  python -m drift.simulate --new-category pedra=0.05 one student in twenty has a stone unheard of
  python -m drift.simulate --missing ipp=0.02:0.10   ipp is missing in 10 %, was in 2 %
  python -m drift.simulate --concept 0.3             the outcome of 30 % follows no feature any more
  python -m drift.simulate --file 2023.csv --shift ida=0.3 --students 200

Students are drawn from the newest period of the registry, or from --file, which needs no registry.
With a champion its scores are compared too. Nothing is written.

exit codes: 0 played; 2 an option or a setting is wrong; 3 nobody to draw from; 1 failure
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command: 0 played, 2 usage, 3 nobody to draw from, 1 failure."""
    given = _parser().parse_args(arguments)
    try:
        changes: tuple[MadeUp, ...] = (
            *map(read_shift, given.shift),
            *map(read_new_category, given.new_category),
            *map(read_missingness, given.missing),
        )
        concept = None if given.concept is None else read_concept(given.concept)
        settings = settings_from_environment(given.task)
        task, now = load_task(settings.task), datetime.now(UTC)
        _require_known(changes, task)
        population = _population(settings, task, given.file, now)
        plan = Plan(changes, given.students, given.checks, given.repeats, given.whole, given.seed)
        if concept is not None and population.scores is None:
            raise NotEnoughData("--concept is measured with a champion's scores; there is none")
        raised = play(population, plan, now)
        felt = None if concept is None else feel(population, plan, concept)
    except FarolError as error:
        return failed("drift", error)
    if given.json:
        document = {"changes": [c.told() for c in changes], "raised": [*map(asdict, raised)]}
        told = document | {"measured": None if felt is None else asdict(felt)}
        sys.stdout.write(orjson.dumps(told).decode() + "\n")
    else:
        _write(changes, concept, plan, population, raised, felt)
    return ExitCode.DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m drift.simulate",
        description="Makes up a change and says what the drift watch would raise, and after how "
        "many checks.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_task_option(parser)
    many: dict[str, Any] = {"action": "append", "default": []}
    parser.add_argument("--shift", metavar="FEATURE=SD", help="a number moves", **many)
    parser.add_argument("--new-category", metavar="FEATURE=SHARE", help="one unheard of", **many)
    parser.add_argument("--missing", metavar="FEATURE=WAS:NOW", help="shares missing", **many)
    parser.add_argument("--concept", metavar="SHARE", help="outcomes that follow no feature")
    parser.add_argument("--file", type=Path, help="a school file to draw students from")
    parser.add_argument("--students", type=_positive, default=500, help="of a cohort (500)")
    parser.add_argument("--checks", type=_positive, default=4, help="each of others (4)")
    parser.add_argument("--repeats", type=_positive, default=20, help="of the whole play (20)")
    parser.add_argument("--whole", action="store_true", help="cohorts come whole, judged once")
    parser.add_argument("--seed", type=int, default=0, help="of all that is drawn (default 0)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _require_known(changes: Sequence[MadeUp], task: TaskSpec) -> None:
    """Raises ConfigurationError where a change is of no feature, or of one of another kind."""
    for change in changes:
        if change.feature not in task.columns:
            known = ", ".join(task.columns)
            raise ConfigurationError(f"{change.feature} is no feature of {task.name}: {known}")
        numeric = task.feature(change.feature).kind is Kind.NUMERIC
        if isinstance(change, NowNew) and numeric:
            raise ConfigurationError(f"--new-category: {change.feature} is a number")
        if isinstance(change, Shift) and not numeric:
            raise ConfigurationError(f"--shift: {change.feature} is a category")


def _population(settings: Settings, task: TaskSpec, file: Path | None, now: datetime) -> Population:
    if file is not None:
        return _of(side_of_file(file, None, task, now=now), task, None)
    with registry(settings) as opened:
        side = opened.run(_newest(task, now))
        return _of(side, task, _champion(opened, settings.signing_key.get_secret_value()))


def _newest(task: TaskSpec, now: datetime) -> Op[RecordSet]:
    return (yield from side_of_period(task, (yield from newest_period(now))))


def _champion(opened: SyncRegistry, key: bytes) -> Predictor | None:
    alias = opened.run(AliasRepository().find(CHAMPION))
    if alias is None:
        return None
    version = opened.run(ModelVersionRepository().get(alias.version))
    with tempfile.TemporaryDirectory(prefix="farol-simulate-") as folder:
        unpack(opened.run(ArtifactRepository().get(version.artifact)), Path(folder))
        return Predictor(load_signed(Path(folder), version.statement, version.signature, key))


def _of(side: RecordSet, task: TaskSpec, champion: Predictor | None) -> Population:
    records = [one.features for one in side.observations]
    if not records:
        raise NotEnoughData(f"{side.name} holds no records to draw from")
    binary = task.outcome.form.two_valued
    return Population(
        records=records,
        kinds={column.name: column.kind.value for column in task.features},
        policy=policy_of(task.drift),
        rule=rule_of(task.drift),
        present=present_state(task),
        scores=None if champion is None else champion.score_many,
        cuts=(
            partial(operating_cuts, champion.bundle.thresholds)
            if champion is not None and binary
            else None
        ),
    )


def _write(
    changes: Sequence[MadeUp],
    concept: Concept | None,
    plan: Plan,
    population: Population,
    raised: Sequence[Raised],
    felt: Felt | None,
) -> None:
    console = Console()
    for line in _about(changes, concept, plan, population):
        console.print(Text(line))
    if raised:
        console.print(_table(raised, {change.feature for change in changes}))
    else:
        console.print("Nothing was found, at no check.")
    if felt is not None:
        console.print(
            f"Measured on outcomes: recall {felt.recall_before:.3f}, then {felt.recall_after:.3f}; "
            f"said to be worse in {felt.told:.0%} of the repeats. No feature moves, so no drift "
            "test can see it.",
            highlight=False,
        )


def _about(
    changes: Sequence[MadeUp], concept: Concept | None, plan: Plan, population: Population
) -> Iterator[str]:
    told = [change.told() for change in changes] + ([concept.told()] if concept else [])
    yield f"Changed: {'; '.join(told) or 'nothing, so what is raised is chance'}."
    needed = "judged once" if plan.whole else f"{population.rule.checks} in a row make an alarm"
    yield (
        f"{plan.repeats} times {plan.checks} checks ({needed}), each of {plan.students} students "
        f"drawn from {len(population.records)}."
    )


def _table(raised: Sequence[Raised], meant: set[str]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("feature")
    for column in ("found at check 1", "in alarm by the last", "usually at check"):
        table.add_column(column, justify="right")
    ordered = sorted(raised, key=lambda one: (one.feature not in meant, -one.alarmed, -one.found))
    for one in ordered:
        at = "" if one.at_check is None else str(one.at_check)
        table.add_row(one.feature, f"{one.found:.0%}", f"{one.alarmed:.0%}", at)
    return table


if __name__ == "__main__":
    raise SystemExit(main())
