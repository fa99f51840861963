"""Farol's dashboard: `streamlit run dashboard/dashboard.py`."""

from __future__ import annotations

import sys
from collections.abc import Callable
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
from dashboard.context import Context  # noqa: E402
from dashboard.reading.frame import show_frame, show_heading  # noqa: E402
from dashboard.sign_in import Entry, entry, entry_with  # noqa: E402
from dashboard.texts import Language, Texts, load_texts, preferred_language  # noqa: E402
from dashboard.views import (  # noqa: E402
    drift,
    history,
    overview,
    performance,
    predictions,
    students,
    versions,
    worker,
)
from database.api_keys import ApiKeyRepository  # noqa: E402
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
from model.trust.key_file import KeyFile  # noqa: E402

REFRESH_SECONDS = 15

View = Callable[[Context], None]

VIEWS: tuple[tuple[str, str, View], ...] = (
    ("overview", ":material/lightbulb:", overview.show),
    ("students", ":material/groups:", students.show),
    ("drift", ":material/trending_up:", drift.show),
    ("performance", ":material/monitoring:", performance.show),
    ("predictions", ":material/list_alt:", predictions.show),
    ("versions", ":material/inventory_2:", versions.show),
    ("history", ":material/history:", history.show),
    ("worker", ":material/schedule:", worker.show),
)


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
def read_names(name: str, language: Language) -> dict[str, str]:
    """What that task calls its columns and categories, by the key of the text."""
    spec = installed(of_name(settings_from_environment(), name)).spec
    return dict(spec.shown_names(language.value))


@st.cache_resource(show_spinner=False)
def read_zone(name: str) -> tzinfo:
    """The time zone of that task's schools; without one, the installation's."""
    spec = installed(of_name(settings_from_environment(), name)).spec
    return ZoneInfo(spec.zone) if spec.zone else installation_zone(environment())


@st.cache_data(show_spinner=False)
def read_texts(language: Language) -> Texts:
    """The sentences, read once a language."""
    return load_texts(language)


def main(first: str = "overview") -> None:
    """One run of the script: the frame, and the page that was chosen in it.

    Args:
        first: the page shown while none was chosen.
    """
    st.set_page_config(page_title="Farol", page_icon=":material/lightbulb:", layout="wide")
    st.logo(Path(__file__).with_name("logo.svg").read_text("utf-8"), size="large")
    texts = read_texts(_language())
    show_frame(texts)
    live = st.sidebar.toggle(texts("app.live"), value=True)
    key = st.sidebar.text_input(
        texts("app.key"), type="password", help=texts("app.key_help"), key="api_key"
    )
    every = REFRESH_SECONDS if live else None
    page = partial(_page, texts=texts, key=key, every=every)
    st.navigation(_pages(first, page, texts), expanded=True).run()


def _pages(first: str, show: Callable[[View, str], None], texts: Texts) -> list[st.Page]:
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
        visibility: Literal["visible", "hidden"] = "hidden" if name == first else "visible"
        pages.append(st.Page(content, title=title, icon=icon, url_path=name, visibility=visibility))
    return pages


def _language() -> Language:
    wished = preferred_language(st.query_params.get("lang"), st.context.locale)
    chosen = st.sidebar.segmented_control(
        read_texts(wished)("app.language"),
        list(Language),
        default=wished,
        format_func=lambda language: language.value.upper(),
        required=True,
        key="language",
    )
    language = Language(chosen or wished)
    st.query_params["lang"] = language.value
    return language


def _page(show: View, title: str, texts: Texts, key: str, every: float | None) -> None:
    show_heading(title)
    try:
        task = _task(texts)
        texts = texts.of_school(read_names(task, texts.language), read_zone(task))
    except ConfigurationError as error:
        st.error(texts("error.settings", why=error))
        return
    st.fragment(partial(_guarded, show, texts, key, task), run_every=every)()


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


def _guarded(show: View, texts: Texts, key: str, task: str) -> None:
    """Shows a page to whoever may see it, or says what keeps it from being shown."""
    try:
        settings = settings_from_environment()
        found = _entry(settings, key, task, listing=show is students.show)
        if found not in (Entry.OPEN, Entry.OWN_UNITS):
            st.info(texts(f"gate.{found}"), icon=":material/lock:")
            return
        url = settings.api_url or f"http://127.0.0.1:{settings.port}"
        now = datetime.now(UTC)
        api = FarolApi(f"{url}/tasks/{task}", key)
        days, whole = read_approval_days(task), found is Entry.OPEN
        show(Context(open_task(task), api, texts, now, days, whole=whole))
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


def _entry(settings: Settings, secret: str, task: str, *, listing: bool) -> Entry:
    """Asked at every run of a page, so that a revoked key closes it at the next one.

    The registry's signed keys are asked and not the API: whoever listens on the API's port while
    it is down must not be able to open the dashboard.
    """
    found = entry(settings.auth, st.context.ip_address, secret)
    if found is not None:
        return found
    notes, installation = KeyFile(settings.home).read(), settings.signing_key.get_secret_value()
    in_force = open_shared_registry().run(
        ApiKeyRepository().those_in_force(notes.revoked, installation)
    )
    return entry_with(secret, in_force.keys, task, listing=listing)


if __name__ == "__main__":
    main()
