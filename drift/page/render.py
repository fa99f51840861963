"""A drift report as one HTML page: no script, no other file, for somebody who runs a school."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from drift.page.language import PageLanguage, language
from drift.page.sections import names_of, sections
from model.drift import DriftReport
from model.watch.picture import DriftPicture


def html_page(report: DriftReport, picture: DriftPicture | None, code: str) -> str:
    """The page of a report; the same report and picture give the same bytes.

    Args:
        report: the report.
        picture: what it drew on; None where it was not kept (reports of before), then the page
            holds words and figures without charts.
        code: the language, `pt` or `en`.

    Raises:
        KeyError: no such language.
    """
    say = language(code)
    changed, stayed, uncompared = sections(report, picture, say)
    environment = Environment(
        loader=PackageLoader("drift.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    given: dict[str, Any] = {
        "say": say,
        "report": report,
        "picture": picture,
        "title": _title(picture, say),
        "lead": _lead(report, picture, say),
        "verdict": _verdict(report, say),
        "risk": tuple(_risk(report, picture, say)),
        "changed": changed,
        "stayed": stayed,
        "uncompared": uncompared,
        "names": names_of(picture, say),
        "style": style(),
        "policy": policy(),
    }
    return environment.get_template("page.html.jinja").render(given)


def style() -> str:
    """The page's style sheet, as it stands in it."""
    return (files("drift.page") / "templates" / "page.css").read_text("utf-8")


def policy() -> str:
    """The `Content-Security-Policy` under which the page shows: its own style and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _title(picture: DriftPicture | None, say: PageLanguage) -> str:
    if picture is None:
        return ""
    return picture.title_pt or picture.title if say.code == "pt" else picture.title


def _lead(report: DriftReport, picture: DriftPicture | None, say: PageLanguage) -> str:
    if picture is None or not report.compared:
        return ""
    key = "lead.file" if picture.reference else "lead.training"
    return say(
        key,
        rows=say.count(report.rows),
        rows_then=say.count(picture.rows_then),
        periods=say.listed(report.periods) if report.periods else "–",
        version=report.model_version,
        reference=picture.reference,
        at=say.moment(report.at),
    )


def _verdict(report: DriftReport, say: PageLanguage) -> str:
    compared = len({row.feature for row in report.features})
    if not report.compared:
        return say("verdict.waiting")
    if not report.drifted:
        return say("verdict.no", n=compared, rows=say.count(report.rows))
    return say("verdict.yes", n=len(report.drifted_features), all=compared)


def _risk(report: DriftReport, picture: DriftPicture | None, say: PageLanguage) -> Iterator[str]:
    """Sentences on how many are at risk, as far as that is known."""
    present = report.named.at_risk if report.named else None
    if present is not None:
        then, now = say.of_hundred(present.then), say.of_hundred(present.now)
        yield say("risk.present", then=then, now=now)
    if picture and picture.expected_then is not None and picture.expected_now is not None:
        then, now = say.of_hundred(picture.expected_then), say.of_hundred(picture.expected_now)
        yield say("risk.expected", then=then, now=now)
    found = report.realised
    if {"prevalence", "n"} <= found.keys():
        share = say.of_hundred(found["prevalence"])
        yield say("risk.realised", now=share, n=say.count(round(found["n"])))
    if {"recall", "positives"} <= found.keys():
        positives = say.count(round(found["positives"]))
        yield say("recall.realised", now=say.of_hundred(found["recall"]), n=positives)
