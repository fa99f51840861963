"""One version: how good it is, how it treats each group, why it serves or not, and its card; and
any two of them on the same records."""

from __future__ import annotations

import streamlit as st

from dashboard.context import Context, empty
from dashboard.decision import show_decision
from dashboard.fairness_section import show_fairness
from dashboard.measured import measured_on
from dashboard.reading.table import show_table
from dashboard.texts import Texts
from dashboard.trials_section import show_trial
from dashboard.units_section import show_version_by_unit
from dashboard.versions.card import show_card
from dashboard.versions.compare import show_comparisons
from dashboard.versions.figures import (
    at_k_rows,
    dropped_rows,
    leakage_lines,
    metric_rows,
    report_rows,
    status_rows,
    target_rows,
)
from dashboard.versions.moving import show_promote
from database.aliases import CHAMPION, AliasRepository
from database.erasing.learned import LearnedErasedRepository
from database.promotions import PromotionRepository
from database.versions import ModelVersionRepository
from model.dropped import DroppedStudy
from model.prediction import Scale
from model.promotion import latest_by_hand, of_run
from model.version import ModelVersion


def show(context: Context) -> None:
    """Shows the page: one version in tabs, with any two compared in the last."""
    texts, read = context.texts, context.registry.run
    st.header(texts("page.versions"))
    known = {version.version: version for version in read(ModelVersionRepository().newest())}
    if not known:
        empty(texts, "empty.history", "python -m retraining.pipeline")
        return
    alias = read(AliasRepository().find(CHAMPION))
    champion = alias.version if alias else None
    version = known[_choose(list(known), champion, texts)]
    figures, groups, decision, compared = st.tabs(
        [texts(f"versions.{name}") for name in ("tab_figures", "tab_groups", "tab_why", "tab_two")]
    )
    with figures:
        _figures(version, context)
    with groups:
        _groups(version, texts)
    with decision:
        _decision(version, champion, context)
    with compared:
        show_comparisons(list(known), champion, context)


def _figures(version: ModelVersion, context: Context) -> None:
    texts = context.texts
    _heading(version, texts)
    _erased(version, context)
    st.subheader(texts("versions.card"))
    show_card(version, context)
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


def _erased(version: ModelVersion, context: Context) -> None:
    """What erasures have to do with it: whom it learned from, and whom it was trained without."""
    texts = context.texts
    learned = context.registry.run(LearnedErasedRepository().of_version(version.version))
    if learned:
        st.warning(texts("versions.learned_from_erased", students=learned))
    if without := version.lineage.without_erased:
        st.info(texts("versions.without_erased", students=without))
    if before := version.lineage.continued_from:
        trees = version.lineage.trees_kept
        st.info(texts("versions.continued_from", version=before, trees=trees))


def _groups(version: ModelVersion, texts: Texts) -> None:
    st.subheader(texts("versions.fairness"))
    show_fairness(version, texts)
    if version.by_unit is not None:
        show_version_by_unit(version.by_unit, texts)


def _decision(version: ModelVersion, champion: str | None, context: Context) -> None:
    texts = context.texts
    decided = context.registry.run(PromotionRepository().of_version(version.version))
    for title, decision in (
        ("versions.moved", latest_by_hand(decided)),
        ("versions.decision", of_run(decided)),
    ):
        if decision is not None:
            st.subheader(texts(title))
            show_decision(decision, texts)
    show_trial(version.version, context)
    st.subheader(texts("versions.leakage"))
    for line in leakage_lines(version, texts):
        st.markdown(line)
    show_promote(version.version, champion, context)


def _dropped(study: DroppedStudy, risk: bool, texts: Texts) -> None:
    st.subheader(texts("versions.dropped"))
    if study.skipped:
        st.caption(texts("versions.dropped_skipped"))
        return
    st.caption(texts("versions.dropped_help", rows=study.rows))
    show_table(dropped_rows(study, risk, texts), texts)


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
    show_table(metric_rows(version, texts), texts)
    st.caption(texts("overview.measured", on=measured_on(version.metrics_on, texts)))
