"""The boards of Grafana are what is declared, and whoever reads one can read all of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployment.boards.__main__ import FOLDER
from deployment.boards.grafana import COLUMNS, files_of
from deployment.boards.panels import Board, declared_boards

ROOT = Path(__file__).parents[2]
BOARDS = {board.name: board for board in declared_boards()}
FILES = sorted(FOLDER.glob("*.json"))


def test_there_is_a_board_for_operator_engineer_and_school() -> None:
    assert [*BOARDS] == ["operator", "engineer", "school"]


def test_the_files_are_what_is_declared() -> None:
    made = {name: text for board in BOARDS.values() for name, text in files_of(board)}

    assert {path.name: path.read_text("utf-8") for path in FILES} == made, (
        "python -m deployment.boards"
    )


def test_every_panel_that_is_declared_is_on_a_board() -> None:
    declared = yaml.safe_load((ROOT / "deployment" / "boards" / "boards.yaml").read_text("utf-8"))

    used = {k for board in declared["boards"].values() for r in board["rows"] for k in r["panels"]}

    assert used == declared["panels"].keys()


def test_the_schools_board_is_in_both_languages_and_names_nobody() -> None:
    school = BOARDS["school"]

    assert school.languages == ("en", "pt")
    assert [text for text in texts(school) if not (text.en and text.pt)] == []


def texts(board: Board) -> list[Any]:
    panels = [panel for row in board.rows for panel in row.panels]
    legends = [c.legend for panel in panels for c in panel.curves if c.legend.en]
    return [
        board.title, board.about, *(row.title for row in board.rows),
        *(text for panel in panels for text in (panel.title, panel.about)), *legends,
    ]  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_panels_of_a_board_have_places_of_their_own(path: Path) -> None:
    board = json.loads(path.read_text("utf-8"))
    taken: set[tuple[int, int]] = set()

    for panel in board["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken and at["x"] + at["w"] <= COLUMNS, panel["title"]
        taken |= cells
    ids = [panel["id"] for panel in board["panels"]]
    assert len({*ids}) == len(ids)
    assert board["uid"] == f"farol-{path.stem}"


def test_the_boards_are_where_grafana_looks() -> None:
    compose = yaml.safe_load((ROOT / "deployment" / "compose.yaml").read_text("utf-8"))
    provider = yaml.safe_load(
        (ROOT / "deployment/grafana/provisioning/dashboards/farol.yaml").read_text("utf-8")
    )["providers"][0]["options"]["path"]

    assert f"./grafana/boards:{provider}:ro" in compose["services"]["grafana"]["volumes"]
