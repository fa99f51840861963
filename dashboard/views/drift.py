"""What moved since the champion was trained, and what that does to it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from dashboard import charts
from dashboard.alarms_section import show_alarms
from dashboard.context import Context, empty
from dashboard.drifting.distributions import show_distributions
from dashboard.drifting.heat_map import heat_map, map_figure, map_title
from dashboard.named_section import named_sentences
from dashboard.reading.figure import show_figure
from dashboard.reading.findings import drift_finding, reports_finding
from dashboard.reading.retold import retold
from dashboard.reading.table import show_table
from dashboard.texts import Language, Texts
from dashboard.units_section import show_drift_by_unit
from database.aliases import CHAMPION, AliasRepository
from database.drift_reports import DriftReportRepository
from database.driver.client import SyncRegistry
from database.versions import ModelVersionRepository
from database.watch.pages import DriftPictureRepository
from drift.catalogue import known, label_of
from drift.page.render import html_page
from model.drift import DriftReport

KEPT = 60
PERFORMANCE = (
    "recall",
    "new_recall",
    "precision",
    "flagged",
    "auc",
    "brier",
    "calibration_error",
    "prevalence",
)


def show(context: Context) -> None:
    """The page."""
    texts = context.texts
    st.header(texts("page.drift"))
    reports = context.registry.run(DriftReportRepository().newest(KEPT))
    if not reports:
        empty(texts, "empty.drift", "python -m drift.check")
        return
    show_alarms(context)
    report = _choose(reports, texts)
    _download(report, context)
    if report.compared:
        _comparison(report, context)
    else:
        empty(texts, "drift.waiting", "python -m preprocessing.ingest FILE...")
        st.caption(texts("drift.checked", at=texts.moment(report.at)))
    for sentence in left_out_sentences(report, texts):
        st.caption(sentence)
    for note in report.notes:
        st.caption(retold(note, texts))
    compared = [each for each in reports if each.compared]
    if compared:
        _map(compared, texts)
    if len(compared) > 1:
        st.subheader(texts("drift.history"))
        figure = charts.drift_history(reports, texts)
        show_figure(figure, reports_finding(reports, texts), texts, key="drift-history")


def _map(reports: Sequence[DriftReport], texts: Texts) -> None:
    """Features by checks."""
    found = heat_map(reports, texts)
    if not found.features:
        return
    st.subheader(map_title(found, texts))
    st.caption(texts("drifting.map_help"))
    figure, finding = map_figure(found, texts), map_title(found, texts)
    show_figure(figure, finding, texts, key="drift-map", titled=False)


def page_of(report: DriftReport, registry: SyncRegistry, language: Language) -> str:
    """The report as one page that needs no other file."""
    picture = registry.run(DriftPictureRepository().find(report.report_id))
    return html_page(report, picture, language.value)


def _download(report: DriftReport, context: Context) -> None:
    texts = context.texts
    name = texts("drift.file")
    st.download_button(
        texts("drift.download"),
        # Made when it is asked for, and not at every refresh of the view.
        partial(page_of, report, context.registry, texts.language),
        file_name=f"{name}-{report.at:%Y-%m-%d}.html",
        mime="text/html",
        icon=":material/download:",
        help=texts("drift.download_help"),
        on_click="ignore",
        key=f"drift-page-{report.report_id}",
    )


def left_out_sentences(report: DriftReport, texts: Texts) -> list[str]:
    """What was not compared, and why, in the reader's language."""
    return [
        texts(
            f"unjudged.{records.reason.value}",
            n=records.records,
            period=records.period,
            needed=records.needed,
        )
        for records in report.left_out
    ]


def _comparison(report: DriftReport, context: Context) -> None:
    texts = context.texts
    _verdict(report, context)
    if report.named is not None and (named := named_sentences(report.named, texts)):
        st.markdown("\n".join(f"- {sentence}" for sentence in named))
    st.subheader(texts("drift.effects"))
    st.caption(texts("drift.effects_help"))
    figure = charts.drift_bars(report, texts)
    show_figure(figure, drift_finding(report, texts), texts, key="drift-bars")
    show_distributions(report, context)
    _performance(report, context)
    if report.by_unit is not None:
        show_drift_by_unit(report.by_unit, texts)
    st.subheader(texts("drift.details"))
    show_table(test_rows(report, texts), texts)
    st.caption("\n".join(test_sentences(report, texts)))


def test_rows(report: DriftReport, texts: Texts) -> list[dict[str, Any]]:
    """One table row per test and feature, drifted first, then by size."""
    return [
        {
            texts("test.drifted"): "●" if row.drifted else "",
            texts("test.feature"): texts.column(row.feature),
            texts("test.test"): label_of(row.test, texts.language),
            texts("test.effect"): texts.number(row.effect, 3),
            texts("test.limit"): texts.number(row.effect_limit, 2),
            texts("test.q"): "" if row.q_value is None else texts.significant(row.q_value),
            texts("test.psi"): texts.number(row.psi, 3),
            texts("test.missing"): texts.share(row.missing),
            texts("test.was"): texts.share(row.reference_missing),
            texts("test.unseen"): ", ".join(
                texts.category(row.feature, value) for value in row.unseen
            ),
        }
        for row in report.by_strength
    ]


def test_sentences(report: DriftReport, texts: Texts) -> list[str]:
    """What each test of the report does and what its effect is, as a Markdown list."""
    names = dict.fromkeys(row.test for row in report.features)
    found = (test.about for name in names if (test := known(name)))
    language = texts.language
    return [
        f"- **{about.label.of(language)}**: {about.sentence.of(language)} "
        f"{texts('test.effect').capitalize()}: {about.effect.of(language)}."
        for about in found
    ]


def performance_rows(
    report: DriftReport, trained: dict[str, float], texts: Texts
) -> list[dict[str, str]]:
    """Each figure when trained, as expected now, and as measured now."""
    columns = (
        (texts("drift.at_training"), trained),
        (texts("drift.estimated"), report.estimated),
        (texts("drift.realised"), report.realised),
    )
    return [
        {
            "": texts.or_name(f"metric.{name}", name),
            **{
                title: texts.number(figures[name], 3) if name in figures else ""
                for title, figures in columns
            },
        }
        for name in PERFORMANCE
        if any(name in figures for _, figures in columns)
    ]


def _choose(reports: Sequence[DriftReport], texts: Texts) -> DriftReport:
    return st.selectbox(
        texts("drift.choose"),
        reports,
        format_func=lambda report: f"{texts.moment(report.at)} · {report.model_version}",
        width=320,
        # A new report is shown when it comes, unless the reader chose one of these very reports.
        key=f"report-{reports[0].report_id}",
    )


def _verdict(report: DriftReport, context: Context) -> None:
    texts = context.texts
    names = report.drifted_features
    shown = ", ".join(texts.column(name) for name in names)
    about = {"periods": ", ".join(report.periods), "version": report.model_version}
    if report.drifted:
        st.warning(texts("drift.yes", n=len(names), names=shown, **about))
    else:
        st.success(texts("drift.no", **about))
    st.caption(texts("drift.when", at=texts.moment(report.at), rows=report.rows))
    alias = context.registry.run(AliasRepository().find(CHAMPION))
    if alias is not None and alias.version != report.model_version:
        st.caption(
            texts("drift.old_champion", version=report.model_version, champion=alias.version)
        )


def _performance(report: DriftReport, context: Context) -> None:
    if not (report.estimated or report.realised):
        return
    st.subheader(context.texts("drift.performance"))
    trained = context.registry.run(ModelVersionRepository().get(report.model_version)).metrics
    rows = performance_rows(report, dict(trained), context.texts)
    show_table(rows, context.texts)
