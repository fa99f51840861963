"""What is kept of a call that may be sent again, how long, and that nobody can read it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.idempotency import store as stores
from api.idempotency.call import RepeatableCall
from api.idempotency.store import (
    KEPT,
    Begun,
    CallStore,
    Done,
    Forgotten,
    OnItsWay,
    OtherContent,
    erase,
)
from api.security import Client
from model.trust.tombstone import TombstoneKey

KEY = TombstoneKey(b"a data key")
NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
SCHOOL = Client("school", frozenset(), key_id="k1")
WHO = "RA-erase-me-7731"
ANSWER = f'{{"student_id":"{WHO}","risk_score":0.71}}'.encode()


def call(key: str = "a", body: str = WHO, client: Client = SCHOOL) -> RepeatableCall:
    return RepeatableCall.of(client, key.encode(), (b"predict", b"", body.encode()), KEY)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CallStore]:
    opened = CallStore(tmp_path / "calls.sqlite", 0)
    yield opened
    opened.close()


def answered(store: CallStore, one: RepeatableCall, now: datetime = NOW) -> None:
    begun = store.begin(one, now)
    assert isinstance(begun, Begun)
    store.finish(begun, one.seal(ANSWER), [KEY.of(WHO)])


def test_a_call_that_was_answered_is_answered_alike(store: CallStore) -> None:
    answered(store, call())

    found = store.begin(call(), NOW)

    assert isinstance(found, Done)
    assert call().opened(found.answer) == ANSWER


def test_a_key_is_of_one_call_of_one_client(store: CallStore) -> None:
    answered(store, call())

    with pytest.raises(OtherContent):
        store.begin(call(body="RA-2"), NOW)
    assert isinstance(store.begin(call(client=Client("b", frozenset(), key_id="k2")), NOW), Begun)
    assert isinstance(store.begin(call("another"), NOW), Begun)


def test_who_has_other_units_since_gets_no_answer_of_before(store: CallStore) -> None:
    before, since = (replace(SCHOOL, units=units) for units in (("North", "South"), ("South",)))
    answered(store, call(client=before))

    assert isinstance(store.begin(call(client=since), NOW), Begun)


def test_a_call_that_is_on_its_way_is_not_begun_again(store: CallStore, tmp_path: Path) -> None:
    beside = CallStore(tmp_path / "calls.sqlite", 1)
    store.begin(call(), NOW)

    with pytest.raises(OnItsWay):
        beside.begin(call(), NOW)
    beside.close()


def test_a_call_that_came_to_nothing_may_be_changed(store: CallStore) -> None:
    begun = store.begin(call(), NOW)
    assert isinstance(begun, Begun)

    store.release(begun)

    assert isinstance(store.begin(call(body="RA-2"), NOW), Begun)


def test_a_call_whose_end_could_not_be_written_may_be_sent_again_once_it_is_tidied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "BUSY_SECONDS", 0.05)
    path = tmp_path / "calls.sqlite"
    with closing(CallStore(path, 0)) as store, closing(sqlite3.connect(path)) as holder:
        begun = store.begin(call(), NOW)
        store.begin(call("b"), NOW)
        assert isinstance(begun, Begun)
        holder.execute("BEGIN IMMEDIATE")
        store.release(begun)
        holder.rollback()
        with pytest.raises(OnItsWay):
            store.begin(call(), NOW)

        store.tidy(NOW, frozenset())

        assert isinstance(store.begin(call(), NOW), Begun)
        with pytest.raises(OnItsWay):
            store.begin(call("b"), NOW)


def test_who_takes_the_place_of_a_worker_that_died_goes_on_with_its_calls_and_no_others(
    store: CallStore, tmp_path: Path
) -> None:
    beside = CallStore(tmp_path / "calls.sqlite", 1)
    store.begin(call(), NOW)
    beside.begin(call("b"), NOW)

    store.take_over(alone=False)
    again = store.begin(call(), NOW + timedelta(hours=1))

    assert isinstance(again, Begun)
    assert again.at == NOW
    assert call().id_of(again.at) == call().id_of(NOW), "what it makes has the same id"
    with pytest.raises(OnItsWay):
        store.begin(call("b"), NOW)
    store.take_over(alone=True)
    assert isinstance(store.begin(call("b"), NOW), Begun)
    beside.close()


def test_a_key_may_be_used_anew_after_a_day_and_then_makes_something_new(store: CallStore) -> None:
    answered(store, call())
    later = NOW + KEPT + timedelta(seconds=1)

    again = store.begin(call(), later)

    assert isinstance(again, Begun)
    assert call().id_of(again.at) != call().id_of(NOW)


@pytest.mark.parametrize("bound", ["MOST_CALLS", "MOST_BYTES"])
def test_the_oldest_calls_go_where_there_are_too_many(
    store: CallStore, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = len(call().seal(ANSWER)) + stores.MARK_BYTES
    monkeypatch.setattr(stores, bound, {"MOST_CALLS": 3, "MOST_BYTES": 3 * one}[bound])
    for key in "abcde":
        answered(store, call(key))

    store.tidy(NOW, frozenset())

    kept = [isinstance(store.begin(call(key), NOW), Done) for key in "abcde"]
    assert kept == [False, False, True, True, True]


def test_nobody_who_reads_the_file_finds_student_key_or_answer(tmp_path: Path) -> None:
    store = CallStore(tmp_path / "calls.sqlite", 0)
    answered(store, call("key-of-ana"))
    store.close()

    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert not [word for word in (WHO.encode(), b"key-of-ana", b"risk_score") if word in kept]


def test_an_erasure_leaves_of_an_answer_that_its_key_was_used(
    store: CallStore, tmp_path: Path
) -> None:
    for key in "ab":
        answered(store, call(key))
    begun = store.begin(call("c"), NOW)
    assert isinstance(begun, Begun)
    sealed = store.begin(call(), NOW)
    assert isinstance(sealed, Done)

    erase(tmp_path / "calls.sqlite", [KEY.of(WHO)])
    store.finish(begun, call("c").seal(ANSWER), [KEY.of(WHO)])

    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert sealed.answer not in kept, "in free pages or the log"
    for body in (WHO, "RA-2"):
        with pytest.raises(Forgotten):
            store.begin(call(body=body), NOW)
    assert isinstance(store.begin(call("c"), NOW), Begun), "it was on its way and is not kept"


def test_tidying_forgets_whom_a_worker_learned_of_too_late(store: CallStore) -> None:
    answered(store, call())

    store.tidy(NOW, {KEY.of(WHO), KEY.of("somebody")})

    with pytest.raises(Forgotten):
        store.begin(call(), NOW)


def test_only_the_same_call_opens_an_answer() -> None:
    sealed = call().seal(ANSWER)

    with pytest.raises(Exception, match=r"^$"):
        call(body="RA-2").opened(sealed)
