"""The table of docs/notices.md: `python -m tests.retraining.notices.documented` writes it anew."""

from __future__ import annotations

from pathlib import Path

from retraining.notices.rule import NoticeRule
from retraining.notices.table import NOTICES

DOCUMENT = Path(__file__).parents[3] / "docs" / "notices.md"
BEGIN = "<!-- notices: written by python -m tests.retraining.notices.documented -->\n"
END = "<!-- end of notices -->\n"


def table() -> str:
    lines = [
        "| kind | matters | told when | lasts | for example |",
        "|---|---|---|---|---|",
        *map(row, NOTICES),
    ]
    return "\n".join(lines) + "\n"


def row(rule: NoticeRule) -> str:
    (fact,) = rule.find(next(iter(rule.examples.values())))
    minutes = round(rule.patience.total_seconds() / 60)
    lasts = (f"yes, sent after {minutes} minutes" if minutes else "yes") if rule.standing else ""
    told = f"{rule.title['pt']}: {rule.told(fact)['pt']}"
    return f"| `{rule.name}` | {rule.severity.value} | {rule.about} | {lasts} | {told} |"


def written() -> str:
    return DOCUMENT.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]


def main() -> None:
    before, begin, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin and end, f"{DOCUMENT} has no place for the table"
    DOCUMENT.write_text(before + begin + table() + end + after, "utf-8")


if __name__ == "__main__":
    main()
