"""What a version learned from: records, features, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping

from model.version import Window
from preprocessing.encoded_columns import CategoryColumn, NumericColumn
from training.card.document import Block, Points, Section, Table, Text
from training.card.facts import CardFacts
from training.card.words import figure, name


def training_data(facts: CardFacts) -> Section:
    """The window, what it was judged on, and what came in."""
    window = facts.version.window
    positives = () if facts.numeric else (("at risk", f"{window.positives:,}"),)
    rows = (
        ("feature periods", ", ".join(window.periods)),
        ("labelled records", f"{window.rows:,}"),
        *positives,
        *_left_out(window),
        ("labels that had arrived until", f"{window.arrived_until:%Y-%m-%d %H:%M} UTC"),
        ("SHA-256 over the record ids", window.digest),
        ("judged on", facts.version.metrics_on),
    )
    blocks: list[Block] = [Table("Training window", ("", ""), rows)]
    if facts.intake:
        blocks.append(
            Table(
                "Files and batches the registry had taken in by then, features and outcomes",
                ("period", "rows read", "kept", "rejected"),
                tuple((i.period, f"{i.read:,}", f"{i.kept:,}", f"{i.rejected:,}")
                      for i in facts.intake),
            )
        )  # fmt: skip
    return Section("Data", tuple(blocks))


def _left_out(window: Window) -> tuple[tuple[str, str], ...]:
    if not window.left_out:
        return ()
    periods = ", ".join(f"{period}: {n:,}" for period, n in window.left_out.items())
    total = f"{sum(window.left_out.values()):,} ({periods})"
    return (("older labelled records left out by training.window", total),)


def features(facts: CardFacts) -> Section:
    """How records become numbers, and which columns do not take part."""
    encoder, task = facts.encoder, facts.task
    described = {c.name: c.description for c in task.features}
    described |= {d.name: d.description for d in task.derived}
    formulas = {d.name: d.formula for d in task.derived}
    rows = [
        (c.feature, _numeric(c, formulas), described.get(c.feature, "")) for c in encoder.numeric
    ]
    rows += [(c.feature, _category(c), described.get(c.feature, "")) for c in encoder.category]
    blocks: list[Block] = [
        Text(
            "Numbers are clipped to the range seen in training, filled in where missing, and "
            "scaled to mean 0 and deviation 1. Categories become one column each."
        ),
        Table("Features in use", ("feature", "encoding", "meaning"), tuple(rows)),
    ]
    if encoder.dropped:
        dropped = tuple((feature, why) for feature, why in sorted(encoder.dropped.items()))
        blocks.append(
            Table("Features without information in the window", ("feature", "why"), dropped)
        )
    if task.excluded:
        excluded = tuple(task.excluded.items())
        blocks.append(Table("Columns the task excludes", ("column", "reason"), excluded))
    if task.protected:
        names = ", ".join(name(column.name) for column in task.protected)
        blocks.append(Text(f"Read to check fairness and never to score: {names}."))
    return Section("Features", tuple(blocks))


def leakage(facts: CardFacts) -> Section:
    """What the leakage guard measured, and what it was told to accept."""
    check = facts.version.leakage
    if check is None:
        return Section("Leakage", (Text("What the guard measured was not kept."),))
    blocks: list[Block] = []
    if check.skipped:
        blocks.append(Text(f"Not measured: {check.skipped}."))
    else:
        metric = {"auc": "AUC", "r2": "R²"}.get(check.metric, check.metric)
        blocks += [
            Text(
                "Before the fit a guard refuses features that determine the outcome. One alone is "
                f"refused from {metric} {check.limit:.2f} on; those not accepted reach "
                f"{figure(check.together)} together."
            ),
            Table("Most telling features alone", ("feature", metric), _strongest(check.alone)),
        ]
    blocks.append(_accepted(check.accepted, check.alone))
    return Section("Leakage", tuple(blocks))


def _strongest(alone: Mapping[str, float], most: int = 5) -> tuple[tuple[str, str], ...]:
    falling = sorted(alone.items(), key=lambda item: (-item[1], item[0]))
    return tuple((feature, figure(value)) for feature, value in falling[:most])


def _accepted(accepted: Mapping[str, str], alone: Mapping[str, float]) -> Block:
    if not accepted:
        return Text("The task accepts no feature that the guard would refuse.")
    rows = tuple(
        (feature, figure(alone[feature]) if feature in alone else "not measured", why)
        for feature, why in sorted(accepted.items())
    )
    return Table(
        "Overrides: features accepted by the task, whatever the guard measures",
        ("feature", "measured alone", "reason given"),
        rows,
    )


def origin(facts: CardFacts) -> Section:
    """What it takes to make the same version again."""
    version, lineage = facts.version, facts.version.lineage
    rows = (
        ("task", version.task),
        ("family", name(version.family)),
        *(("setting " + str(key), str(value)) for key, value in sorted(version.params.items())),
        ("registered at", f"{version.created_at:%Y-%m-%d %H:%M} UTC"),
        ("run", lineage.run_id),
        ("seed", str(lineage.seed)),
        ("champion at the time", lineage.parent or "none"),
        ("bundle SHA-256", version.artifact),
        ("training ids SHA-256", version.trained_on),
        ("code", lineage.code_version),
        *sorted((library, number) for library, number in lineage.libraries.items()),
    )
    blocks: list[Block] = [Table("Where this version comes from", ("", ""), rows)]
    if version.candidates:
        blocks.append(_candidates(version.candidates))
    blocks.append(
        Points(("The same labels, task, seed and libraries give the same bundle, byte for byte.",))
    )
    return Section("Lineage", tuple(blocks))


def _candidates(candidates: tuple[Mapping[str, object], ...]) -> Table:
    figures = [k for k, v in candidates[0].items() if isinstance(v, float)]
    rows = tuple(
        (
            name(str(candidate["family"])) + _searched(candidate),
            *(figure(v) if isinstance(v := candidate.get(k), float) else "" for k in figures),
        )
        for candidate in candidates
    )
    header = ("family", *map(name, figures))
    return Table("Candidates by cross-validation inside the window, best first", header, rows)


def _searched(candidate: Mapping[str, object]) -> str:
    """What is to be said of a row that stands for settings a search found."""
    if not candidate.get("tuned"):
        return ""
    return ", searched settings: " + ("taken" if candidate.get("taken") else "no clear gain")


def _numeric(column: NumericColumn, formulas: Mapping[str, str]) -> str:
    flag = ", with a column that says it is missing" if column.flag else ""
    worked_out = f"worked out as {formulas[column.feature]}; " if column.feature in formulas else ""
    return f"{worked_out}number, missing becomes {column.fill:.3g}{flag}"


def _category(column: CategoryColumn) -> str:
    return f"{len(column.categories)} categories, missing or unseen becomes {column.fill}"
