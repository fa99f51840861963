"""What a board of Grafana shows, as `boards.yaml` declares it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml

DECLARED = Path(__file__).with_name("boards.yaml")

PanelKind: TypeAlias = Literal["stat", "timeseries"]
Language: TypeAlias = Literal["en", "pt"]


@dataclass(frozen=True, slots=True)
class BoardText:
    """A text of a board; boards for people who run Farol are in English alone."""

    en: str
    pt: str = ""

    @classmethod
    def of(cls, given: str | Mapping[str, str]) -> BoardText:
        """The text that a declaration gives.

        >>> BoardText.of("yes"), BoardText.of({"en": "yes", "pt": "sim"}).told("pt")
        (BoardText(en='yes', pt=''), 'sim')
        """
        return cls(given) if isinstance(given, str) else cls(**given)

    def told(self, language: Language) -> str:
        """The text in that language."""
        return self.en if language == "en" else self.pt


@dataclass(frozen=True, slots=True)
class PanelCurve:
    """What is asked of Prometheus, and what the answer is called.

    Attributes:
        expression: with `$task` for the tasks that are chosen above the board.
        legend: with `{{label}}` for the value of a label.
    """

    expression: str
    legend: BoardText


@dataclass(frozen=True, slots=True)
class Panel:
    """A field of a board.

    Attributes:
        title: what it shows.
        about: how it is to be read.
        curves: what is asked.
        kind: a figure now, or a curve over time.
        unit: Grafana's name of it.
        steps: from which value on it has which colour; green below.
        named: whether a figure is shown with what it is called.
        width: of the board's 24 columns.
    """

    title: BoardText
    about: BoardText
    curves: tuple[PanelCurve, ...]
    kind: PanelKind
    unit: str
    steps: tuple[tuple[float, str], ...]
    named: bool
    width: int

    @classmethod
    def of(cls, given: Mapping[str, Any], width: int) -> Panel:
        """The panel that a declaration gives, in that width."""
        return cls(
            title=BoardText.of(given["title"]),
            about=BoardText.of(given["about"]),
            curves=tuple(
                PanelCurve(one["expression"], BoardText.of(one.get("legend", "")))
                for one in given["curves"]
            ),
            kind=given.get("kind", "timeseries"),
            unit=given.get("unit", "short"),
            steps=tuple((value, colour) for value, colour in given.get("steps", ())),
            named=given.get("named", False),
            width=width,
        )


@dataclass(frozen=True, slots=True)
class PanelRow:
    """Panels that belong together, under a heading."""

    title: BoardText
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """A board.

    Attributes:
        name: of its file, and in its address.
        title: as Grafana lists it.
        about: whom it tells what.
        rows: what it shows, from above.
        since: the beginning of the time that it shows, as Grafana writes it.
        languages: in which it is written, a file each.
    """

    name: str
    title: BoardText
    about: BoardText
    rows: tuple[PanelRow, ...]
    since: str
    languages: tuple[Language, ...]


def declared_boards(path: Path = DECLARED) -> Iterator[Board]:
    """Every board that is declared.

    Raises:
        KeyError: a board names a panel that is not declared, or something lacks.
    """
    declared = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    panels: Mapping[str, Mapping[str, Any]] = declared["panels"]
    for name, given in declared["boards"].items():
        yield Board(
            name=name,
            title=BoardText.of(given["title"]),
            about=BoardText.of(given["about"]),
            rows=tuple(
                PanelRow(
                    BoardText.of(row["title"]),
                    tuple(Panel.of(panels[key], width) for key, width in row["panels"].items()),
                )
                for row in given["rows"]
            ),
            since=given.get("since", "now-6h"),
            languages=tuple(given.get("languages", ("en",))),
        )
