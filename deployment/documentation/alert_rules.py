"""The alert rules, from the file that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from deployment.documentation.markdown import block, code, plain, slug, table

RULES = "deployment/prometheus/alerts.yml"
RUNBOOK = "docs/runbook.md"
HEAD = """\
# Alert rules

Made from `deployment/prometheus/alerts.yml`. What their expressions read: [Metrics](metrics.md).

"""


def alerts_page(root: Path) -> str:
    """A section for every alert, with a link to what the runbook says of it."""
    groups = yaml.safe_load((root / RULES).read_text(encoding="utf-8"))["groups"]
    runbook = root / RUNBOOK
    lines = runbook.read_text(encoding="utf-8").splitlines() if runbook.is_file() else []
    helped = {slug(line.lstrip("# ")) for line in lines if line.startswith("#")}
    rules = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    listed = table(
        ("alert", "severity", "says"),
        (
            (
                f"[{rule['alert']}](#{slug(rule['alert'])})",
                rule["labels"]["severity"],
                plain(rule["annotations"]["summary"]),
            )
            for rule in rules
        ),
    )
    return f"{HEAD}{listed}\n" + "".join(part for rule in rules for part in _rule(rule, helped))


def _rule(rule: Mapping[str, Any], helped: set[str]) -> Iterator[str]:
    name = rule["alert"]
    yield f"## {name}\n\n{plain(rule['annotations']['summary'])}\n\n"
    yield f"{plain(rule['annotations']['action'])}"
    yield f" [Runbook](../runbook.md#{slug(name)}).\n\n" if slug(name) in helped else "\n\n"
    lasting = f"once it has been so for {code(rule['for'])}" if "for" in rule else "at once"
    yield f"Severity {code(rule['labels']['severity'])}, {lasting}:\n\n"
    yield f"{block(str(rule['expr']))}\n"
