"""What a file's predictions leave in the outbox, and the way there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message

from api.bulk.order import ChunkOrigin
from api.bulk.records import prediction_ids, record_bodies
from api.bulk.spool import spooled
from api.champion import Champion
from api.durability.bulk_log import MOST_FILES, MOST_ROWS, BulkLog
from api.durability.outbox import Outbox, decode, outbox_path, waiting
from api.http.body import Disconnected
from api.http.problems import Problem
from api.records.asked import Asked
from api.scoring import score_many
from api.security import Client
from model.bundle import load_bundle
from model.errors import Overloaded
from model.live.pointer import LivePointer
from model.prediction import IntervalRule, Scale
from model.student import Features
from preprocessing.assessing import assess
from preprocessing.columnar.columns import columns_of
from preprocessing.columnar.tables import CheckedRows
from preprocessing.predictor import Predictor
from preprocessing.task.spec import load_task
from tests.api import bundles
from tests.api.test_prediction_log import MemoryRegistry, prediction

TASK = load_task("pede_lag")
SCHOOL = Client("school", frozenset(), key_id="k1")
STUDENTS = st.one_of(
    st.none(), st.sampled_from(["RA-1", 'a","b', "\\", "ção", "%s"]), st.text(min_size=1)
)
FEATURES = st.dictionaries(
    st.sampled_from(["inde", "ida", "fase", "mat"]), st.floats(-1e15, 1e15), min_size=1
)
CATEGORIES = st.sampled_from(["", "agata", "topazio"])


@pytest.fixture(scope="module")
def champions(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Champion]:
    """One that knows its importance, and one that predicts a number."""
    folder = tmp_path_factory.mktemp("bundle") / "one"
    bundle = load_bundle(folder, bundles.write(folder, 0.0, TASK))
    risk = replace(bundle, importance={"inde": 0.7, "pedra": 0.3})
    cuts = replace(bundle.thresholds, scale=Scale.VALUE_LOW)
    number = replace(bundle, thresholds=cuts, interval=IntervalRule(0.9, 0.1, 0.0, 1.0))
    pointer = LivePointer.__new__(LivePointer)
    return [Champion("v1", pointer, one, Predictor(one), one.thresholds) for one in (risk, number)]


def rows_of(asked: Sequence[Asked]) -> CheckedRows:
    return CheckedRows(
        numbers=np.arange(1, len(asked) + 1),
        students=[one.student_id for one in asked],
        periods=[one.period for one in asked],
        kept=np.arange(len(asked)),
        columns=columns_of([one.features for one in asked], TASK.features),
        refused={},
        units=[one.units for one in asked],
        keys=[one.student_id for one in asked],
    )


@st.composite
def asked_for(draw: st.DrawFn) -> Asked:
    category = draw(CATEGORIES)
    features: Features = {**draw(FEATURES), **({"pedra": category} if category else {})}
    ordered = {n: features[n] for n in TASK.feature_names if n in features}
    units = draw(st.sampled_from([{}, {"escola": "Escola A"}, {"escola": 'É "B"', "turma": "1A"}]))
    student, period = draw(STUDENTS), draw(st.sampled_from(["2023", "2024"]))
    return Asked(student, period, ordered, student, units, TASK.unit_of(units))


@settings(max_examples=60, deadline=None)
@given(st.lists(asked_for(), min_size=1, max_size=9), st.integers(0, 1))
def test_a_files_record_is_byte_for_byte_what_a_single_prediction_would_be(
    champions: Sequence[Champion], asked: list[Asked], which: int
) -> None:
    champion = champions[which]
    names = TASK.feature_names
    rows = rows_of(asked)
    ids = prediction_ids(len(asked))

    found = assess(champion.predictor, rows.columns, names)
    bodies = record_bodies(
        rows, found, ids, ChunkOrigin(champion, SCHOOL, names, bundles.NOW, TASK.unit_of, "r1")
    )

    single = score_many(
        champion, asked, features=names, now=bundles.NOW, client=SCHOOL, request_id="r1"
    )
    expected = [
        orjson.dumps(replace(one, prediction_id=name))
        for one, name in zip(single, ids, strict=True)
    ]
    assert bodies == expected
    assert [decode(body).prediction_id for body in bodies] == ids


def test_ids_are_as_long_as_those_of_predict_and_all_different() -> None:
    ids = prediction_ids(1_000)

    assert {len(one) for one in ids} == {32}
    assert len({*ids}) == 1_000


def bulk_log(tmp_path: Path, registry: MemoryRegistry) -> BulkLog:
    return BulkLog(registry, outbox_path(tmp_path, 0, files=True), lambda: 0)


def test_records_of_a_file_go_into_an_outbox_of_their_own_and_are_shipped_once(
    tmp_path: Path,
) -> None:
    async def play() -> tuple[int, list[str]]:
        registry = MemoryRegistry()
        log = bulk_log(tmp_path, registry)
        with log.file():
            inlet = log.inlet(asyncio.get_running_loop())
            put = [orjson.dumps(prediction(f"S{i}")) for i in range(300)]
            await asyncio.to_thread(inlet.put, put)
            kept = waiting(tmp_path)
            inlet.close()
        shipping = asyncio.create_task(log.ship())
        while waiting(tmp_path):
            await asyncio.sleep(0.01)
        shipping.cancel()
        log.close()
        return kept, registry.order

    kept, order = asyncio.run(play())

    assert kept == 300
    assert len(order) == len({*order}) == 300


def test_a_record_that_comes_while_a_shipped_one_is_deleted_is_shipped_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    came, delete = threading.Event(), Outbox.delete

    def slowly(outbox: Outbox, up_to: int) -> int:
        gone = delete(outbox, up_to)
        came.wait(5)
        return gone

    async def play() -> list[str]:
        registry = MemoryRegistry()
        log = bulk_log(tmp_path, registry)
        with log.file():
            inlet = log.inlet(asyncio.get_running_loop())
            await asyncio.to_thread(inlet.put, [orjson.dumps(prediction("S1"))])
            shipping = asyncio.create_task(log.ship())
            while not registry.order:
                await asyncio.sleep(0.01)
            more = [orjson.dumps(prediction(f"S{number}")) for number in range(2, 5)]
            await asyncio.to_thread(inlet.put, more)
            await asyncio.sleep(0.05)
            came.set()
            inlet.close()
        async with asyncio.timeout(5):
            while log.rows or waiting(tmp_path):
                await asyncio.sleep(0.01)
        shipping.cancel()
        log.close()
        return registry.order

    monkeypatch.setattr(Outbox, "delete", slowly)
    assert len(asyncio.run(play())) == 4


def test_what_a_killed_worker_left_is_shipped_by_the_next_one(tmp_path: Path) -> None:
    left = Outbox(outbox_path(tmp_path, 0, files=True))
    left.put([prediction("S1")])
    left.close()

    async def play() -> list[str]:
        registry = MemoryRegistry()
        log = bulk_log(tmp_path, registry)
        shipping = asyncio.create_task(log.ship())
        while log.rows:
            await asyncio.sleep(0.01)
        shipping.cancel()
        log.close()
        return registry.order

    assert len(asyncio.run(play())) == 1


def test_a_file_waits_while_its_outbox_is_full_and_goes_on_after_it(tmp_path: Path) -> None:
    async def play() -> tuple[bool, bool]:
        log = bulk_log(tmp_path, MemoryRegistry())
        with log.file():
            assert log._outbox is not None
            log._outbox.rows = MOST_ROWS
            room = asyncio.create_task(log.room())
            await asyncio.sleep(0.2)
            waited = not room.done()
            log._outbox.rows -= 1
            await asyncio.wait_for(room, 5)
        log.close()
        return waited, room.done()

    assert asyncio.run(play()) == (True, True)


def test_a_worker_takes_few_files_at_a_time(tmp_path: Path) -> None:
    log = bulk_log(tmp_path, MemoryRegistry())
    with pytest.raises(Overloaded, match="files are being scored already"):
        take(log, MOST_FILES + 1)
    with log.file():
        pass
    log.close()


def take(log: BulkLog, number: int) -> None:
    if number:
        with log.file():
            take(log, number - 1)


def spool(tmp_path: Path, messages: Sequence[Message], announced: int = 0) -> tuple[bytes, int]:
    coming = iter(messages)

    async def receive() -> Message:
        return next(coming)

    async def play() -> tuple[bytes, int]:
        with await spooled(receive, tmp_path / "bulk", announced) as file:
            mode = (tmp_path / "bulk").stat().st_mode & 0o777
            assert list((tmp_path / "bulk").iterdir()) == []
            return file.read(), mode

    return asyncio.run(play())


def test_a_body_is_spooled_into_a_file_without_a_name_in_a_private_folder(tmp_path: Path) -> None:
    parts: list[Message] = [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.request", "body": b"c"},
    ]

    assert spool(tmp_path, parts) == (b"abc", 0o700)


def test_a_body_that_the_disk_has_no_room_for_is_refused_before_it_comes(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="finds no room on the disk") as refused:
        spool(tmp_path, [], announced=1 << 60)

    assert refused.value.status == 507


def test_a_body_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Disconnected):
        spool(tmp_path, [{"type": "http.disconnect"}])

    assert list((tmp_path / "bulk").iterdir()) == []
