"""The champion that a worker answers from, and the watch that replaces it.

Each worker looks at the pointer file a few times a second, loads a new version off the event loop,
has it score its golden rows, and then swaps one reference. A request that began with the old
champion ends with it, so a score and its `model_version` always belong together.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from model.bundle import Bundle, load_bundle, load_signed
from model.errors import BundleError
from model.live.folder import LiveModel
from model.live.pointer import LivePointer
from model.manifest import BundleManifest, read_file, read_manifest
from model.prediction import Scale, Thresholds
from model.scorers.lightgbm_form import check_form
from model.scorers.text_check import try_apart
from model.scorers.trees import TreeScorer
from preprocessing.predictor import Predictor, misfit
from preprocessing.task.spec import TaskSpec

WATCH_SECONDS = 0.2

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Champion:
    """A version in memory, ready to score."""

    version: str
    pointer: LivePointer
    bundle: Bundle
    predictor: Predictor
    thresholds: Thresholds


@dataclass(frozen=True, slots=True)
class Fault:
    """Why the version that should serve does not."""

    version: str
    reason: str


class ChampionHolder:
    """Holds the champion of this worker.

    Attributes:
        current: the champion, None before the first one.
        generation: how many champions this worker has had.
        fault: set while the version that should serve cannot be trusted.
        load_seconds: how long the current champion took to read, verify and try.
    """

    def __init__(
        self,
        live: LiveModel,
        task: TaskSpec,
        signing_key: bytes,
        *,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.current: Champion | None = None
        self.generation = 0
        self.fault: Fault | None = None
        self.load_seconds = 0.0
        self._live = live
        self._task = task
        self._key = signing_key
        self._on_change = on_change
        self._stamp: tuple[int, int] | None = None
        self._passed: set[str] = set()

    async def watch(self) -> None:
        """Follows the pointer until cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(WATCH_SECONDS)

    async def refresh(self) -> None:
        """Takes over a new version if the pointer says so; never raises for a bad one."""
        stamp = self._live.stamp()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            pointer = self._live.current()
        except BundleError as error:
            self._refuse(Fault("unknown", str(error)))
            return
        if pointer is None:
            return
        await self._follow(pointer, stamp)
        self._on_change()

    async def _follow(self, pointer: LivePointer, stamp: tuple[int, int] | None) -> None:
        try:
            same = self._same(pointer)
            self._take(same if same else await self._timed_load(pointer))
        except BundleError as error:
            refused = Fault(pointer.version, str(error))
            judged = (stamp, refused.version, refused.reason, pointer.revision)
            if not await asyncio.to_thread(self._live.quarantine_as_of, *judged):
                return  # Another pointer is there by now; the next look judges that one.
            self._refuse(refused)
            if self.current is None and pointer.previous:
                await self._fall_back(pointer.previous)

    def _same(self, pointer: LivePointer) -> Champion | None:
        """The champion under the pointer's name, if its bundle is in memory already.

        Raises:
            BundleError: the pointer is not signed.
        """
        now = self.current
        if now is None or not now.pointer.bundle == pointer.bundle == now.bundle.digest:
            return None
        pointer.verify(self._key)
        return replace(now, version=pointer.version, pointer=pointer)

    async def _fall_back(self, version: str) -> None:
        """A worker that starts with a bad champion serves the one before it."""
        origin = self._live.origin(version)
        if origin is None:
            return
        fault = self.fault
        try:
            self._take(await self._timed_load(origin))
        except BundleError as error:
            _log.warning("%s cannot serve either: %s", version, error)
        self.fault = fault

    async def _timed_load(self, pointer: LivePointer) -> Champion:
        started = time.perf_counter()
        champion = await asyncio.to_thread(self.load, pointer)
        self.load_seconds = time.perf_counter() - started
        return champion

    def load(self, pointer: LivePointer) -> Champion:
        """Reads, verifies and self-tests a version; blocks for some hundred milliseconds.

        Raises:
            BundleError: it cannot be trusted, read, or does not score as it did when trained.
        """
        folder = self._live.folder(pointer.version)
        bundle = load_signed(folder, pointer.statement, pointer.signature, self._key)
        self._of_the_task(bundle)
        predictor = Predictor(self._on_the_tasks_scale(bundle))
        predictor.self_test()
        return Champion(pointer.version, pointer, predictor.bundle, predictor, predictor.thresholds)

    def check(self, folder: Path) -> None:
        """Trusts an unpacked bundle of a verified version that is not published yet.

        What native code will read is tried in a process of its own first, so that what breaks
        there breaks no worker; a text that passed once, one that a rollback leads to say, is not
        tried again.

        Raises:
            BundleError: it cannot be trusted, or is not of this task.
        """
        manifest = read_manifest(folder)
        self._of_the_task(manifest)
        if manifest.scorer == TreeScorer.FILE and manifest.digest not in self._passed:
            text = read_file(folder, manifest, TreeScorer.FILE)
            check_form(text)
            try_apart(text)
            self._passed.add(manifest.digest)
        Predictor(self._on_the_tasks_scale(load_bundle(folder, manifest.digest))).self_test()

    def _of_the_task(self, bundle: Bundle | BundleManifest) -> None:
        if reason := misfit(bundle, self._task):
            raise BundleError(reason)

    def _on_the_tasks_scale(self, bundle: Bundle) -> Bundle:
        """A numeric version of before there were cut-offs, or of others, takes the task's."""
        if bundle.thresholds.scale is self._task.scale:
            return bundle
        if self._task.scale is Scale.RISK:
            raise BundleError(f"predicts a number; the outcome of {self._task.name!r} is binary")
        return replace(bundle, thresholds=self._task.status.cutoffs())

    def _take(self, champion: Champion) -> None:
        self.current = champion
        self.generation += 1
        self.fault = None
        _log.info(
            "%s: serving %s, generation %d", self._task.name, champion.version, self.generation
        )

    def _refuse(self, fault: Fault) -> None:
        self.fault = fault
        _log.error("%s: %s is quarantined: %s", self._task.name, fault.version, fault.reason)
