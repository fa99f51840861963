"""A replay as a person reads it in a terminal, and as a plot."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from model.decisions.realised import is_kept, told_came, told_record
from retraining.replay.alternatives import NAIVE, OURS, POLICIES
from retraining.replay.result import History


def show(history: History, console: Console) -> None:
    """Prints what was decided, and what each policy would have served."""
    parts: list[RenderableType] = [_decided(history), Text(""), _served(history)]
    if history.promised:
        parts += [Text(""), _promised(history)]
    console.print(Group(*parts))


def _decided(history: History) -> Table:
    table = Table("period", "students", "new outcomes", "drift in", "challenger", "decision", "why")
    for turn in history.decided:
        drift = ", ".join(turn.drifted[:3])
        drift += f" and {len(turn.drifted) - 3} more" if len(turn.drifted) > 3 else ""
        table.add_row(
            turn.period,
            str(turn.students),
            str(turn.new_outcomes),
            drift,
            turn.challenger or "",
            turn.status,
            turn.reasons[0] if turn.status == "kept" else "",
        )
    return table


def _served(history: History) -> Table | Text:
    if not history.served:
        return Text("No period was both served and followed by its outcomes.")
    table = Table("predicted in", "students", "at risk", "flagged", *POLICIES, "best there was")
    for served in history.served:
        table.add_row(
            served.period,
            str(served.labelled),
            str(served.positives),
            str(served.flagged),
            *(f"{served.recall[p]:.1%} {served.version[p]}" for p in POLICIES),
            f"{served.best:.1%}",
        )
    table.add_section()
    table.add_row("mean recall", "", "", "", *(f"{history.mean_recall(p):.1%}" for p in POLICIES))
    new = {policy: history.mean_new_recall(policy) for policy in POLICIES}
    if any(found is not None for found in new.values()):
        told = ("" if found is None else f"{found:.1%}" for found in new.values())
        table.add_row("of those not at risk then", "", "", "", *told)
    table.add_row(
        "regret", "", "", "", *(f"{history.regret(p) * 100:.1f} points" for p in POLICIES)
    )
    return table


def _promised(history: History) -> Table:
    table = Table("promoted", "instead of", "what it promised, and what came", "kept")
    for one in history.promised:
        kept = "" if one.came is None else "yes" if is_kept(one.promise, one.came) else "NO"
        table.add_row(one.challenger, one.champion, told_came(one.promise, one.came), kept)
    table.caption = told_record(history.track_record)
    return table


def plot(history: History, path: Path) -> None:
    """Draws the recall each policy would have served, period by period."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    periods = range(len(history.served))
    axes.set_xticks(periods, [served.period for served in history.served])
    axes.plot(periods, [s.best for s in history.served], color="0.75", lw=6, label="best there was")
    for policy, style in zip(POLICIES, ("o-", "s--", "^:", "v-."), strict=True):
        recalls = [served.recall[policy] for served in history.served]
        label = f"{policy} (regret {history.regret(policy) * 100:.1f} points)"
        axes.plot(periods, recalls, style, label=label, lw=2 if policy == OURS else 1.2)
    axes.set_xlabel("period of the predictions")
    axes.set_ylabel("share caught of those at risk")
    axes.set_title(f"Served recall by policy ({NAIVE}: recorded recall + 0.01)")
    axes.legend()
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
