"""A board as Grafana reads it: JSON, with a place for each panel."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from deployment.boards.panels import Board, BoardText, Language, Panel, PanelKind, PanelRow

COLUMNS = 24
HEIGHTS: Mapping[PanelKind, int] = {"stat": 4, "timeseries": 8}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}

BoardJson: TypeAlias = dict[str, Any]


def files_of(board: Board) -> Iterator[tuple[str, str]]:
    """The name and the text of each file of a board."""
    for language in board.languages:
        name = board.name if language == "en" else f"{board.name}-{language}"
        text = json.dumps(_board(board, name, language), indent=2, ensure_ascii=False)
        yield f"{name}.json", f"{text}\n"


def _board(board: Board, name: str, language: Language) -> BoardJson:
    return {
        "uid": f"farol-{name}",
        "title": board.title.told(language),
        "description": board.about.told(language),
        "tags": ["farol"],
        "timezone": "browser",
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "15s",
        "time": {"from": board.since, "to": "now"},
        "templating": {"list": [_data_source(language), _task(language)]},
        "annotations": {"list": []},
        "panels": list(_placed(board.rows, language)),
    }


def _data_source(language: Language) -> BoardJson:
    return {
        "name": "datasource",
        "label": BoardText("Data source", "Fonte de dados").told(language),
        "type": "datasource",
        "query": "prometheus",
        "current": {"text": "Prometheus", "value": "prometheus"},
    }


def _task(language: Language) -> BoardJson:
    return {
        "name": "task",
        "label": BoardText("Task", "Tarefa").told(language),
        "type": "query",
        "datasource": SOURCE,
        "query": "label_values(farol_champion_info, task)",
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "current": {"text": "All", "value": "$__all"},
    }


def _placed(rows: Sequence[PanelRow], language: Language) -> Iterator[BoardJson]:
    """The panels from left to right and from above, a heading over each row of them."""
    number, top = 1, 0
    for row in rows:
        yield {
            "id": number,
            "type": "row",
            "title": row.title.told(language),
            "collapsed": False,
            "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1},
            "panels": [],
        }
        number, top, left, tallest = number + 1, top + 1, 0, 0
        for panel in row.panels:
            height = HEIGHTS[panel.kind]
            if left + panel.width > COLUMNS:
                top, left, tallest = top + tallest, 0, 0
            place = {"x": left, "y": top, "w": panel.width, "h": height}
            yield _panel(panel, number, place, language)
            number, left, tallest = number + 1, left + panel.width, max(tallest, height)
        top += tallest


def _panel(panel: Panel, number: int, place: Mapping[str, int], language: Language) -> BoardJson:
    return {
        "id": number,
        "title": panel.title.told(language),
        "description": panel.about.told(language),
        "type": panel.kind,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel),
        "targets": [
            {
                "refId": chr(ord("A") + at),
                "datasource": SOURCE,
                "expr": curve.expression,
                "legendFormat": curve.legend.told(language),
            }
            for at, curve in enumerate(panel.curves)
        ],
    }


def _defaults(panel: Panel) -> BoardJson:
    defaults: BoardJson = {"unit": panel.unit}
    if panel.steps:
        colours: list[BoardJson] = [{"color": "green", "value": None}]
        colours += [{"color": colour, "value": value} for value, colour in panel.steps]
        defaults["thresholds"] = {"mode": "absolute", "steps": colours}
    if panel.kind == "timeseries":
        defaults["custom"] = {"fillOpacity": 10, "showPoints": "never"}
    return defaults


def _options(panel: Panel) -> BoardJson:
    if panel.kind == "timeseries":
        return {
            "legend": {"displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "multi"},
        }
    return {
        "reduceOptions": {"calcs": ["lastNotNull"]},
        "colorMode": "value",
        "graphMode": "none",
        "textMode": "value_and_name" if panel.named else "auto",
    }
