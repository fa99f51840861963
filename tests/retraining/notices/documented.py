"""The table of docs/notices.md: `python -m tests.retraining.notices.documented` writes it anew."""

from __future__ import annotations

from retraining.notices.rule import NoticeRule
from retraining.notices.table import NOTICES
from tests.documented import DocumentedTable


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


TABLE = DocumentedTable("notices.md", "notices", "tests.retraining.notices.documented", table)

if __name__ == "__main__":
    TABLE.write()
