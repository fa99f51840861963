"""One version: how good it is, how it treats each group, why it serves or not, and its card."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.context import Context, empty
from dashboard.decision import show_decision
from dashboard.fairness_section import show_fairness
from dashboard.measured import measured_on
from dashboard.reading.table import show_table
from dashboard.texts import Texts
from dashboard.trials_section import show_trial
from dashboard.units_section import show_version_by_unit
from database.aliases import CHAMPION, AliasRepository
from database.artifacts import ArtifactRepository
from database.promotions import PromotionRepository
from database.versions import ModelVersionRepository
from model.dropped import DroppedStudy
from model.figures import Share
from model.prediction import Scale
from model.promotion import latest_by_hand, of_run
from model.version import ModelVersion

COUNTS = frozenset({"n", "positives", "new_positives"})


def show(context: Context) -> None:
    """Shows the page: one version with its figures, groups, decision and card."""
    texts, read = context.texts, context.registry.run
    st.header(texts("page.versions"))
    known = {version.version: version for version in read(ModelVersionRepository().newest())}
    if not known:
        empty(texts, "empty.history", "python -m retraining.pipeline")
        return
    alias = read(AliasRepository().find(CHAMPION))
    version = known[_choose(list(known), alias.version if alias else None, texts)]
    _heading(version, texts)
    st.subheader(texts("versions.card"))
    _card(version, context)
    if version.statuses:
        st.subheader(texts("versions.statuses"))
        st.caption(texts("versions.statuses_help", on=measured_on(version.metrics_on, texts)))
        show_table(status_rows(version, texts), texts)
    if version.dropped is not None:
        _dropped(version.dropped, version.thresholds.scale is Scale.RISK, texts)
    for title, rows in (
        ("versions.targets", target_rows(version, texts)),
        ("versions.at_k", at_k_rows(version, texts)),
        ("versions.report", report_rows(version, texts)),
    ):
        if rows:
            st.subheader(texts(title))
            show_table(rows, texts)
    st.subheader(texts("versions.fairness"))
    show_fairness(version, texts)
    if version.by_unit is not None:
        show_version_by_unit(version.by_unit, texts)
    st.subheader(texts("versions.leakage"))
    for line in leakage_lines(version, texts):
        st.markdown(line)
    show_trial(version.version, context)
    decided = read(PromotionRepository().of_version(version.version))
    for title, decision in (
        ("versions.moved", latest_by_hand(decided)),
        ("versions.decision", of_run(decided)),
    ):
        if decision is not None:
            st.subheader(texts(title))
            show_decision(decision, texts)


def status_rows(version: ModelVersion, texts: Texts) -> list[dict[str, Any]]:
    """One table row a status: whom it meant among the judged records, and how many of them ended
    up at risk (or their mean outcome)."""
    risk = version.thresholds.scale is Scale.RISK
    return [
        {
            texts("versions.status"): texts(f"status.{found.status}"),
            texts("versions.records"): str(found.students),
            texts("versions.status_risk" if risk else "versions.status_mean"): (
                _within(found.at_risk, texts) if risk else texts.number(found.mean, 2)
            ),
        }
        for found in version.statuses
    ]


def _dropped(study: DroppedStudy, risk: bool, texts: Texts) -> None:
    st.subheader(texts("versions.dropped"))
    if study.skipped:
        st.caption(texts("versions.dropped_skipped"))
        return
    st.caption(texts("versions.dropped_help", rows=study.rows))
    show_table(dropped_rows(study, risk, texts), texts)


def dropped_rows(study: DroppedStudy, risk: bool, texts: Texts) -> list[dict[str, Any]]:
    """One table row per column that was left out.

    Args:
        study: of a version.
        risk: whether its scores are risks, so that what is lost are students found.
        texts: of the reader's language.
    """
    scale, digits = (100, 1) if risk else (1, 3)
    return [
        {
            texts("versions.dropped_feature"): ", ".join(
                texts.column(name) for name in found.features
            ),
            texts("versions.dropped_recall" if risk else "versions.dropped_error"): (
                texts.number(found.brings * scale, digits)
            ),
            texts("versions.dropped_deviation"): texts.number(found.error * scale, digits),
        }
        for found in study.dropped
    ]


def target_rows(version: ModelVersion, texts: Texts) -> list[dict[str, Any]]:
    """One table row per share to be found: how many to look at, and how many of them are right."""
    return [
        {
            texts("versions.to_find"): texts.share(one.target),
            texts("versions.look_at"): str(one.students),
            texts("metric.precision"): _within(one.precision, texts),
            texts("metric.new_recall"): _share(one.new_recall, texts),
        }
        for one in version.recall_targets
    ]


def at_k_rows(version: ModelVersion, texts: Texts) -> list[dict[str, Any]]:
    """One table row per number of students looked at."""
    return [
        {
            texts("versions.look_at"): str(one.k),
            texts("metric.precision"): texts.share(one.precision),
            texts("metric.recall"): texts.share(one.recall),
            texts("metric.new_recall"): _share(one.new_recall, texts),
        }
        for one in version.at_k
    ]


def report_rows(version: ModelVersion, texts: Texts) -> list[dict[str, Any]]:
    """One table row per class, then their means."""
    return [
        {
            texts("versions.class"): texts(f"class.{one.name}"),
            texts("metric.precision"): texts.number(one.precision, 3),
            texts("metric.recall"): texts.number(one.recall, 3),
            "F1": texts.number(one.f1, 3),
            texts("versions.records"): str(one.support),
        }
        for one in version.report
    ]


def _share(value: float | None, texts: Texts) -> str:
    return "" if value is None else texts.share(value)


def _within(share: Share, texts: Texts) -> str:
    if share.value is None or share.low is None or share.high is None:
        return ""
    return f"{texts.share(share.value)} ({texts.share(share.low)} - {texts.share(share.high)})"


def leakage_lines(version: ModelVersion, texts: Texts) -> list[str]:
    """The features that the task accepts against the guard, with what was measured."""
    check = version.leakage
    if check is None:
        told = version.lineage.leakage_override
        return [told or texts("versions.leakage_unknown")]
    if not check.accepted:
        return [texts("versions.leakage_none")]
    return [
        "- "
        + (
            texts(
                "versions.accepted",
                feature=feature,
                figure=texts.number(check.alone[feature], 3),
                metric=check.metric.upper(),
                reason=reason,
            )
            if feature in check.alone
            else texts("versions.accepted_unmeasured", feature=feature, reason=reason)
        )
        for feature, reason in sorted(check.accepted.items())
    ]


def _choose(names: list[str], champion: str | None, texts: Texts) -> str:
    return str(
        st.selectbox(
            texts("versions.choose"),
            names,
            index=names.index(champion) if champion in names else 0,
            format_func=lambda v: texts("versions.serving", version=v) if v == champion else v,
        )
    )


def _heading(version: ModelVersion, texts: Texts) -> None:
    st.markdown(
        texts(
            "versions.about",
            family=texts.family(version.family),
            at=texts.moment(version.created_at),
            rows=version.window.rows,
            periods=", ".join(version.window.periods),
        )
    )
    show_table(
        [
            {
                texts("versions.metric"): texts.or_name(f"metric.{name}", name.replace("_", " ")),
                texts("versions.figure"): texts.count(round(value))
                if name in COUNTS
                else texts.number(value, 3),
            }
            for name, value in version.metrics.items()
        ],
        texts,
    )
    st.caption(texts("overview.measured", on=measured_on(version.metrics_on, texts)))


def _card(version: ModelVersion, context: Context) -> None:
    texts, card = context.texts, version.card
    if card is None:
        st.caption(texts("versions.card_none"))
        return
    left, right = st.columns(2)
    for column, digest, form, kind, label in (
        (left, card.html, "html", "text/html", texts("versions.card_html")),
        (right, card.markdown, "md", "text/markdown", texts("versions.card_md")),
    ):
        column.download_button(
            label,
            context.registry.run(ArtifactRepository().get(digest)),
            file_name=f"{version.version}.{form}",
            mime=kind,
            icon=":material/description:",
        )
