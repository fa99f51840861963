"""Farol's dashboard: `streamlit run dashboard/dashboard.py`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Set
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

# Streamlit puts this file's folder first on the path, where `dashboard` would be this very file.
ROOT = str(Path(__file__).parents[1])
if sys.path[0] != ROOT:
    sys.path.insert(0, ROOT)

import streamlit as st  # noqa: E402

from dashboard.api_client import FarolApi  # noqa: E402
from dashboard.beginning.steps import TaskNeeds  # noqa: E402
from dashboard.context import Context  # noqa: E402
from dashboard.data.first_steps import show_next_step  # noqa: E402
from dashboard.entry import state  # noqa: E402
from dashboard.entry.account import show_account  # noqa: E402
from dashboard.entry.admission import (  # noqa: E402
    HERE,
    INSIDE,
    DoorState,
    Visitor,
    opened,
    without_asking,
)
from dashboard.entry.doorkeeper import Doorkeeper  # noqa: E402
from dashboard.entry.form import show_closed  # noqa: E402
from dashboard.entry.officer import Officer, may_audit  # noqa: E402
from dashboard.reading.frame import show_frame, show_heading  # noqa: E402
from dashboard.texts import Language, Texts, load_texts, preferred_language  # noqa: E402
from dashboard.views import (  # noqa: E402
    audit,
    data,
    drift,
    erasures,
    helping,
    history,
    manager,
    overview,
    performance,
    predictions,
    runs,
    student,
    students,
    todo,
    trying,
    versions,
    worker,
)
from database.driver.client import SyncRegistry  # noqa: E402
from deployment.settings import Settings  # noqa: E402
from deployment.tasks.installed import all_installed, installed, of_name  # noqa: E402
from deployment.wiring import (  # noqa: E402
    environment,
    root_registry,
    settings_from_environment,
    task_registry,
)
from deployment.zone import installation_zone  # noqa: E402
from model.errors import ConfigurationError, RegistryError, RegistryUnavailable  # noqa: E402
from model.pseudonyms.pseudonyms import known_as  # noqa: E402
from model.trust.key_file import KeyFile  # noqa: E402

REFRESH_SECONDS = 15

View = Callable[[Context], None]

VIEWS: tuple[tuple[str, str, View], ...] = (
    ("overview", ":material/lightbulb:", overview.show),
    ("students", ":material/groups:", students.show),
    ("todo", ":material/checklist:", todo.show),
    ("student", ":material/person:", student.show),
    ("data", ":material/folder_open:", data.show),
    ("manager", ":material/flag:", manager.show),
    ("drift", ":material/trending_up:", drift.show),
    ("performance", ":material/monitoring:", performance.show),
    ("helping", ":material/volunteer_activism:", helping.show),
    ("predictions", ":material/list_alt:", predictions.show),
    ("trying", ":material/psychology:", trying.show),
    ("runs", ":material/model_training:", runs.show),
    ("versions", ":material/inventory_2:", versions.show),
    ("history", ":material/history:", history.show),
    ("worker", ":material/schedule:", worker.show),
    ("audit", ":material/policy:", audit.show),
    ("erasures", ":material/person_remove:", erasures.show),
)

# The page that comes first; and for whoever is for some units only.
START, OF_UNITS = "overview", "students"

# The pages that tell somebody who is for some units of these alone; others are about all.
BY_UNIT = frozenset({OF_UNITS, "student", "todo", "data"})


@st.cache_resource(show_spinner=False, on_release=SyncRegistry.close)
def open_shared_registry() -> SyncRegistry:
    """One client for all sessions of this process, on the root database: the keys are there."""
    return root_registry(settings_from_environment())


@st.cache_resource(show_spinner=False)
def open_task(name: str) -> SyncRegistry:
    """The registry of a task, through the same connections."""
    settings = of_name(settings_from_environment(), name)
    return task_registry(open_shared_registry(), installed(settings))


@st.cache_data(show_spinner=False)
def read_tasks() -> dict[str, dict[Language, str]]:
    """The title of each task in each language, by its name; the default one first."""
    tasks = all_installed(settings_from_environment())
    return {
        one.name: {Language.EN: one.spec.title, Language.PT: one.spec.title_pt or one.spec.title}
        for one in tasks
    }


@st.cache_data(show_spinner=False)
def read_approval_days(name: str) -> int:
    """How long a version of that task waits for approval."""
    settings = of_name(settings_from_environment(), name)
    return installed(settings).spec.promotion.approval_days


@st.cache_data(show_spinner=False)
def read_needs(name: str) -> TaskNeeds:
    """What that task asks for before it can have a model."""
    spec = installed(of_name(settings_from_environment(), name)).spec
    outcome = spec.outcome
    return TaskNeeds(outcome.column.name, outcome.horizon, spec.promotion.min_labelled)


@st.cache_data(show_spinner=False)
def read_names(name: str, language: Language) -> dict[str, str]:
    """What that task calls its columns and categories, by the key of the text."""
    spec = installed(of_name(settings_from_environment(), name)).spec
    return dict(spec.shown_names(language.value))


@st.cache_resource(show_spinner=False)
def read_zone(name: str) -> tzinfo:
    """The time zone of that task's schools; without one, the installation's."""
    spec = installed(of_name(settings_from_environment(), name)).spec
    return ZoneInfo(spec.zone) if spec.zone else installation_zone(environment())


def main(first: str = START) -> None:
    """One run of the script: the frame, and the page that was chosen in it.

    Args:
        first: the page shown while none was chosen.
    """
    st.set_page_config(page_title="Farol", page_icon=":material/lightbulb:", layout="wide")
    st.logo(Path(__file__).with_name("logo.svg").read_text("utf-8"), size="large")
    texts = load_texts(_language())
    show_frame(texts)
    live = st.sidebar.toggle(texts("app.live"), value=True)
    show_account(lambda: _keeper(settings_from_environment(), datetime.now(UTC)), texts)
    every = REFRESH_SECONDS if live else None
    page = partial(_page, texts=texts, every=every)
    who = state.visitor()
    own = BY_UNIT if who is not None and who.units else None
    start = OF_UNITS if own and first == START else first
    st.navigation(_pages(start, page, texts, own), expanded=True).run()


def _pages(
    first: str, show: Callable[[View, str], None], texts: Texts, own: Set[str] | None = None
) -> list[st.Page]:
    """Every view at its own address; the first one at `/` too.

    Streamlit serves the default page at `/` only. So it has a second, hidden page at the view's
    own name, or a link to that name would end at "Page not found".
    """
    pages = []
    for name, icon, view in VIEWS:
        title = texts(f"page.{name}")
        content = partial(show, view, title)
        if name == first:
            pages.append(st.Page(content, title=title, icon=icon, url_path="start", default=True))
        hidden = name == first or (own is not None and name not in own)
        visibility: Literal["visible", "hidden"] = "hidden" if hidden else "visible"
        pages.append(st.Page(content, title=title, icon=icon, url_path=name, visibility=visibility))
    return pages


def _language() -> Language:
    wished = preferred_language(st.query_params.get("lang"), st.context.locale)
    chosen = st.sidebar.segmented_control(
        load_texts(wished)("app.language"),
        list(Language),
        default=wished,
        format_func=lambda language: language.value.upper(),
        required=True,
        # One of its own for each, so that a person's language wins over what was shown before.
        key=f"language-{wished.value}",
    )
    language = Language(chosen or wished)
    st.query_params["lang"] = language.value
    return language


def _page(show: View, title: str, texts: Texts, every: float | None) -> None:
    show_heading(title)
    try:
        task = _task(texts)
        texts = texts.of_school(read_names(task, texts.language), read_zone(task))
    except ConfigurationError as error:
        st.error(texts("error.settings", why=error))
        return
    st.fragment(partial(_guarded, show, texts, task), run_every=every)()


def _task(texts: Texts) -> str:
    """The task that the reader has chosen; where there is one only, nothing is asked."""
    titles = read_tasks()
    names = list(titles)
    if len(names) == 1:
        return names[0]
    wished = st.query_params.get("task")
    chosen = st.sidebar.selectbox(
        texts("app.task"),
        names,
        index=names.index(wished) if wished in names else 0,
        format_func=lambda name: titles[name][texts.language],
    )
    st.query_params["task"] = chosen
    return chosen


def _guarded(show: View, texts: Texts, task: str) -> None:
    """Shows a page to whoever may see it, or says what keeps it from being shown."""
    try:
        settings, now = settings_from_environment(), datetime.now(UTC)
        keeper = _keeper(settings, now)
        found, who = _entry(settings, keeper, task, texts, by_unit=_name_of(show) in BY_UNIT)
        if found not in INSIDE:
            show_closed(found, keeper, texts, settings.oidc_email)
            return
        url = settings.api_url or f"http://127.0.0.1:{settings.port}"
        api = FarolApi(f"{url}/tasks/{task}", "" if who is HERE else state.sent())
        context = Context(
            open_task(task),
            api,
            texts,
            now,
            read_approval_days(task),
            whole=found is DoorState.OPEN,
            person=who.name,
            saw=state.looked_with(keeper, who, task, now),
            officer=_officer(settings, task, who),
            known_as=partial(known_as, pseudonyms=settings.student_pseudonyms),
            needs=read_needs(task),
        )
        show_next_step(context)
        show(context)
        st.caption(texts("app.read_at", at=texts.moment(now), zone=texts.zone_at(now)))
    except RegistryUnavailable as error:
        # An embedded registry that was started anew listens elsewhere: ask for its address again.
        open_task.clear()
        open_shared_registry.clear()
        st.error(texts("error.registry", why=error))
    except RegistryError as error:
        st.error(texts("error.failed", why=error))
    except ConfigurationError as error:
        st.error(texts("error.settings", why=error))


def _name_of(show: View) -> str:
    return next(name for name, _, view in VIEWS if view is show)


def _officer(settings: Settings, task: str, who: Visitor) -> Officer | None:
    if not may_audit(who):
        return None
    key, whole = settings.tombstone_key, not who.tasks
    return Officer(open_shared_registry, key, settings.home, task, whole)


def _keeper(settings: Settings, now: datetime) -> Doorkeeper:
    return Doorkeeper(
        open_shared_registry,
        KeyFile(settings.home),
        settings.signing_key.get_secret_value(),
        settings.tombstone_key,
        now,
    )


def _entry(
    settings: Settings, keeper: Doorkeeper, task: str, texts: Texts, *, by_unit: bool
) -> tuple[DoorState, Visitor]:
    """Asked at every run of a page, so that a revoked key or a disabled person is out at the next.

    The registry's signed documents are asked and not the API: whoever listens on the API's port
    while it is down must not be able to open the dashboard.
    """
    found = without_asking(settings.auth, st.context.ip_address, state.sent())
    if found is not None:
        return found, HERE
    who = keeper.recognise(state.sent())
    if isinstance(who, DoorState):
        return who, HERE
    if state.stays_in(who):
        st.toast(texts("entry.back"))
    return opened(who, task, by_unit=by_unit), who


if __name__ == "__main__":
    main()
